//! The audit log: who did what, when, refusals included; and the proof that nobody rewrote it.

use audit::{About, Entry, Filter, PersonIdError};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::request::{Asked, limit};
use super::{Api, Caller, Paged};
use crate::RegistryError;
use crate::people::Act;

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(root))
}

/// Which entries are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Items of this page, 1 to 500.
    limit: Option<usize>,
    /// `next` of the page before.
    after: Option<i64>,
    /// Only by this person.
    by: Option<String>,
    /// Only what was done at this agency.
    agency: Option<String>,
    /// Only this deed, such as `request_step`.
    act: Option<String>,
    /// Only what was refused (`true`) or done (`false`).
    refused: Option<bool>,
    /// Only what begins with this, such as `request/YC-2026-000012`.
    subject: Option<String>,
}

/// Lists acts, newest first.
#[utoipa::path(get, path = "/journal", tag = "journal", params(Wanted),
    responses((status = 200, body = Paged<Object>), (status = 403, description = "EX-2004")))]
async fn list(
    State(api): State<Api>,
    Caller(person): Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Paged<Entry>>, Problem> {
    api.registry().may(&person, Act::Read, None)?;
    let limit = limit(wanted.limit)?;
    let by = wanted.by.map(|by| by.parse()).transpose();
    let by = by.map_err(|error: PersonIdError| {
        RegistryError::invalid("by", "tên đăng nhập không đúng dạng", error.to_string())
    })?;
    let about = wanted.subject.map_or(About::Everything, About::Prefix);
    let Wanted { agency, act, refused, .. } = wanted;
    let filter = Filter { about, by, agency, act, refused, ..Filter::default() };
    let found = api.registry().history(&filter, wanted.after, limit + 1).await?;
    Ok(Json(Paged::of(found, limit, |entry| entry.seq.to_string())))
}

/// What an inspector writes down, to compare later.
#[derive(Serialize, ToSchema)]
struct Root {
    /// Entries.
    size: u64,
    /// Root of their Merkle tree (RFC 9162), hexadecimal.
    root: String,
}

/// Reads the whole journal again and proves that numbers, texts and hashes agree.
#[utoipa::path(post, path = "/journal/check", tag = "journal",
    responses((status = 200, body = Root), (status = 503, description = "EX-2019, EX-2023: the entry that is damaged")))]
async fn root(State(api): State<Api>, Caller(person): Caller) -> Result<Json<Root>, Problem> {
    api.registry().may(&person, Act::Read, None)?;
    let own = api.clone();
    let check = async move { Ok(own.registry().journal().check(&[]).await?) };
    let tree = api.0.aside.run(check).await?;
    Ok(Json(Root { size: tree.size, root: hex::encode(tree.root) }))
}

//! The last step: who owns the service, by which law, how it is shared; then definition and entry are written.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::response::Response;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Definition, definition_page};
use crate::failure::Failure;
use crate::form::Form;
use crate::names::Names;
use crate::session::Visit;
use crate::text::by_name;
use crate::view::{segment, segments, to};

/// What somebody chose.
#[derive(Default)]
pub struct Terms {
    /// The data owner's code.
    pub owner: String,
    /// Legal basis.
    pub basis: String,
    /// Kind of sharing.
    pub sharing: String,
}

impl Definition {
    /// Whether a choice is the one that was made, or the only one.
    pub(super) fn is_owner(&self, code: &str) -> bool {
        self.terms.owner == code || self.owners.len() == 1
    }
}

/// Agencies for which the person enters services, with their names.
pub async fn owners(visit: &Visit) -> Result<Vec<(String, String)>, Failure> {
    let posts = visit.who.iter().flat_map(|who| &who.posts);
    let entering = posts.filter(|post| post.role == "agency_administrator" || post.role == "data_owner");
    let codes: BTreeSet<&str> = entering.filter_map(|post| post.agency.as_deref()).collect();
    let names = Names::of(visit, codes.iter().copied()).await?;
    let mut owners: Vec<_> =
        codes.iter().map(|code| ((*code).to_owned(), names.get(code).to_owned())).collect();
    by_name(&mut owners, |(_, name)| name);
    Ok(owners)
}

/// Publishes what lies on the desk, and enters it into the registry.
pub async fn publish(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let terms = Terms {
        owner: form.get("chu-quan").to_owned(),
        basis: form.get("can-cu").to_owned(),
        sharing: form.get("loai").to_owned(),
    };
    match carry_out(&visit, &id, &terms).await {
        Ok(service) => {
            let done = visit.ask(Method::DELETE, format!("/desks/{}", segment(&id))).send::<Value>().await;
            // The desk clears itself within an hour.
            if let Err(failure) = done {
                tracing::debug!(code = failure.code, "a desk is not cleared yet");
            }
            Ok(to(&format!("/dich-vu/{}", segments(&service)), "source-published"))
        }
        Err(failure) if failure.is_mendable() => {
            let text = super::desk(&visit, &id).await?.text;
            definition_page(&visit, (&id, text), None, (terms, Some(&failure))).await
        }
        Err(failure) => Err(failure),
    }
}

async fn carry_out(visit: &Visit, id: &str, terms: &Terms) -> Result<String, Failure> {
    let wanted = json!({ "owner": terms.owner, "legal_basis": terms.basis, "sharing": terms.sharing });
    let path = format!("/desks/{}/publish", segment(id));
    let written = visit.ask(Method::POST, path).json(&wanted).send::<Value>().await?;
    let service = written["id"].as_str().unwrap_or_default().to_owned();
    let thing = format!("/services/{}", segments(&service));
    // A service that is there is changed at its version; a new one has none.
    let seen = match visit.ask(Method::GET, &*thing).versioned::<Value>().await {
        Ok(seen) => seen.version,
        Err(failure) if failure.status == StatusCode::NOT_FOUND => None,
        Err(failure) => return Err(failure),
    };
    let entered =
        visit.ask(Method::PUT, &*thing).seen(seen).json(&written["entry"]).versioned::<Value>().await?;
    let version = json!({ "version": written["entry"]["openapi"]["info"]["version"] });
    let publish = visit.ask(Method::POST, format!("{thing}/publish")).seen(entered.version).json(&version);
    publish.send::<Value>().await?;
    Ok(service)
}

//! The administration API: JSON over HTTP under `/api/v1`, described by its own OpenAPI document.
//!
//! Handlers do four things: read the request, name the deed, call one decision, show the result. Errors are problem
//! details (RFC 9457); lists come in pages; who changes something that others may change, too, sends the version he saw
//! in `If-Match`; who must not do something twice sends an `Idempotency-Key`.

pub mod agencies;
pub mod aside;
pub mod connection;
pub mod directory;
mod document;
pub mod figures;
mod form;
pub mod gate;
pub mod gateway;
pub mod grant;
pub mod guard;
pub mod incident;
pub mod inventory;
pub mod journal;
mod on;
pub mod request;
pub mod rights;
pub mod security_report;
pub mod services;
pub mod session;
mod sight;
pub mod words;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use audit::PersonId;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use base::{PartyId, ServiceId, Ts};
use http::{Extensions, HeaderMap, StatusCode, header};
use jiff::civil::Date;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use web::Problem;

use crate::agency::{AgencyCode, Standing as AgencyStanding};
use crate::party::agencies_of;
use crate::people::{self, Act, Person, SignIn};
use crate::registry::Registry;
use crate::state::vietnam_day;
use session::{Names, Sessions, Standing};

pub use request::{Asked, At, Caller, Input, Key, Page, Paged, Seen, body, limit};

/// Path under which everything of this version is.
pub const ROOT: &str = "/api/v1";

/// What handlers work with.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    parts: Parts,
    writes: guard::Writes,
    aside: aside::Aside,
    documents: document::Documents,
}

/// The parts of an API.
pub struct Parts {
    /// The registry.
    pub registry: Arc<Registry>,
    /// Who signs people in: today a file, later the single account.
    pub sign_in: SignIn,
    /// Who somebody with a session is now.
    pub standing: Standing,
    /// What people are called.
    pub names: Names,
    /// Who is signed in.
    pub sessions: Sessions,
    /// Folder of attachments and documents of the gate, each named by its SHA-256.
    pub attachments: PathBuf,
    /// What answering nodes needs; without it none is answered.
    pub gateways: Option<gateway::Gateways>,
}

impl Api {
    /// An API on these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            writes: guard::Writes::default(),
            aside: aside::Aside::default(),
            documents: document::Documents::default(),
        }))
    }

    /// The registry.
    pub fn registry(&self) -> &Registry {
        &self.0.parts.registry
    }

    /// The present moment, by the registry's clock.
    pub fn now(&self) -> Ts {
        self.registry().now()
    }

    /// The present day in Vietnam.
    pub fn today(&self) -> Date {
        vietnam_day(self.now())
    }

    /// The person behind a request, with the posts of today.
    fn signed_in(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<Person> {
        let (token, now, sessions) = (request::bearer(headers)?, self.now(), &self.0.parts.sessions);
        let unattended = extensions.get::<web::Unattended>().is_some();
        let id = if unattended { sessions.look(token, now) } else { sessions.find(token, now) }?;
        (self.0.parts.standing)(&id, now)
    }

    /// Whether the person may see what this party does: reads at its own agency, or everywhere. That somebody asked for
    /// services in its name changes nothing.
    pub fn sees(&self, person: &Person, party: &PartyId) -> bool {
        self.registry().read(|state| sight::Sight::new(state, person, self.now()).own(party))
    }

    /// Whether the person may see calls of this client to this service: reads at the agency of one side, at the owner of
    /// the service, or at the agency for whose request the grant was issued.
    pub fn sees_call(&self, person: &Person, client: &PartyId, service: &ServiceId) -> bool {
        self.registry().read(|state| sight::Sight::new(state, person, self.now()).call(client, service))
    }

    /// The agency that answers for this party and at which the person may do this.
    pub fn answering(&self, person: &Person, act: Act, party: &PartyId) -> Option<AgencyCode> {
        let today = self.today();
        self.registry().read(|state| {
            let mut agencies = agencies_of(state, party, today).into_iter();
            agencies.find(|agency| people::may(state, person, act, Some(agency), today).is_ok())
        })
    }

    /// Somebody who can sign in, with the posts of today.
    pub fn person(&self, id: &PersonId) -> Option<Person> {
        (self.0.parts.standing)(id, self.now())
    }

    /// Whether the person may do this at the agency to work of this group.
    pub fn works_for(&self, person: &Person, act: Act, place: (Option<&AgencyCode>, Option<&str>)) -> bool {
        let today = self.today();
        self.registry().read(|state| people::works_for(state, person, act, place, today))
    }

    /// The codes of an agency, of either form.
    pub fn codes(&self, agency: &AgencyCode) -> Vec<AgencyCode> {
        let today = self.today();
        self.registry().read(|state| match state.agencies.on(agency, today) {
            AgencyStanding::Valid(found) => found.also.iter().chain([&found.code]).cloned().collect(),
            _ => vec![agency.clone()],
        })
    }

    /// The codes, of either form, of the agencies at which the person may do this today; nothing means everywhere.
    pub fn reach(&self, person: &Person, act: Act) -> Option<Vec<AgencyCode>> {
        let today = self.today();
        self.registry().read(|state| {
            if people::may(state, person, act, None, today).is_ok() {
                return None;
            }
            let may = |code: &AgencyCode| people::may(state, person, act, Some(code), today).is_ok();
            let own = state.agencies.all().filter(|agency| may(&agency.code));
            let codes: BTreeSet<_> =
                own.flat_map(|agency| agency.also.iter().chain([&agency.code])).collect();
            Some(codes.into_iter().cloned().collect())
        })
    }

    /// The folder of documents.
    pub fn attachments(&self) -> &std::path::Path {
        &self.0.parts.attachments
    }
}

/// The head of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Liên Thông: sổ đăng ký / registry",
        description = "Cơ quan, CSDL, dịch vụ, đăng ký kết nối, quyền khai thác, cổng an toàn, sự cố, danh bạ, quy trình. / Agencies, inventory, services, connection requests, grants, readiness gate, incidents, directory, procedures."
    ),
    security(("session" = [])),
    modifiers(&Tokens)
)]
struct Head;

/// Who sends a token of which kind.
struct Tokens;

impl utoipa::Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |what: &str| {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(what));
            SecurityScheme::Http(scheme.build())
        };
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("session", bearer("A person: `token` of `POST /sessions`."));
        let worker = "A system that does work in procedures: its token, of which the node's `workers.toml` has the hash.";
        components.add_security_scheme("worker", bearer(worker));
    }
}

/// Every route, and the OpenAPI document that describes them.
pub fn described() -> (Router<Api>, utoipa::openapi::OpenApi) {
    described_with(OpenApiRouter::new())
}

/// The same with routes of whoever serves it, which stand below [`ROOT`], too.
pub fn described_with(more: OpenApiRouter<Api>) -> (Router<Api>, utoipa::openapi::OpenApi) {
    let v1 = OpenApiRouter::new()
        .merge(session::routes())
        .merge(journal::routes())
        .merge(agencies::routes())
        .merge(inventory::routes())
        .merge(services::routes())
        .merge(connection::routes())
        .merge(figures::routes())
        .merge(grant::routes())
        .merge(gate::routes())
        .merge(incident::routes())
        .merge(security_report::routes())
        .merge(gateway::routes())
        .merge(directory::routes())
        .merge(words::routes())
        .merge(more);
    OpenApiRouter::with_openapi(Head::openapi()).nest(ROOT, v1).split_for_parts()
}

/// The API as it is served.
pub fn router(api: Api) -> Router {
    router_with(api, OpenApiRouter::new())
}

/// The same with routes of whoever serves it, which stand below [`ROOT`] and behind the same limits.
pub fn router_with(api: Api, more: OpenApiRouter<Api>) -> Router {
    let (routes, document) = described_with(more);
    let document = serde_json::to_string(&document).unwrap_or_default();
    let json = [(header::CONTENT_TYPE, "application/json")];
    let description = axum::routing::get(async move || (json, document));
    routes
        .route(&format!("{ROOT}/openapi.json"), description)
        .fallback(unknown)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(request::BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(api.clone(), guard::writes))
        // For the digest of what comes with a key; what a route takes stands inside.
        .layer(DefaultBodyLimit::max(request::FILE_BYTES_MAX))
        .with_state(api)
}

async fn unknown() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        &"EX-2001",
        "Không có địa chỉ này; xem /api/v1/openapi.json / There is no such path; see /api/v1/openapi.json",
    )
}

async fn other_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        &"EX-2001",
        "Địa chỉ này không nhận phương thức đó; xem /api/v1/openapi.json / This path does not take that method; see /api/v1/openapi.json",
    )
}

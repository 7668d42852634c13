//! “Quản trị”: who and what there is, who did what, what the directory says, which incidents there were.

mod agencies;
mod directory;
mod incident_new;
mod incidents;
mod journal;
mod proposal;

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use serde::Deserialize;

use crate::Console;
use crate::failure::Failure;
use crate::names::Names;
use crate::session::Visit;
use crate::view::{Frame, Section, page, segments};

/// Address, title and what stands behind it.
const TILES: [(&str, &str, &str); 5] = [
    ("/quan-tri/co-quan", "admin-agencies", "admin-agencies-what"),
    ("/quan-tri/thanh-vien", "admin-members", "admin-members-what"),
    ("/quan-tri/danh-ba", "admin-directory", "admin-directory-what"),
    ("/quan-tri/nhat-ky", "admin-journal", "admin-journal-what"),
    ("/quan-tri/su-co", "admin-incidents", "admin-incidents-what"),
];

#[derive(Template)]
#[template(path = "admin.html")]
pub struct Start {
    frame: Frame,
}

impl Start {
    /// Whether a tile leads somewhere for whoever looks.
    fn shows(&self, key: &str) -> bool {
        key != "admin-journal" || self.frame.reads_all()
    }
}

#[derive(Template)]
#[template(path = "admin_members.html")]
pub struct Members {
    frame: Frame,
    lines: Vec<MemberLine>,
}

/// A member that is no agency.
struct MemberLine {
    id: String,
    agency: Option<(String, String)>,
    legal_basis: String,
    at: Ts,
    by: String,
}

#[derive(Deserialize)]
struct Member {
    #[serde(rename = "member")]
    id: String,
    #[serde(default)]
    agency: Option<String>,
    legal_basis: String,
    at: Ts,
    by: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/quan-tri", get(show))
        .route("/quan-tri/thanh-vien", get(members))
        .merge(agencies::routes())
        .merge(journal::routes())
        .merge(directory::routes())
        .merge(proposal::routes())
        .merge(incidents::routes())
        .merge(incident_new::routes())
}

async fn show(visit: Visit) -> Result<Response, Failure> {
    page(&Start { frame: visit.frame(Section::Admin, "admin-title") })
}

async fn members(visit: Visit) -> Result<Response, Failure> {
    let members = visit.get::<Vec<Member>>("/members").await?;
    let names = Names::of(&visit, members.iter().filter_map(|one| one.agency.as_deref())).await?;
    let line = |one: Member| MemberLine {
        agency: one.agency.map(|code| (agency_href(&code), names.get(&code).to_owned())),
        id: one.id,
        legal_basis: one.legal_basis,
        at: one.at,
        by: one.by,
    };
    let lines = members.into_iter().map(line).collect();
    page(&Members { frame: visit.frame(Section::Admin, "admin-members"), lines })
}

/// Address of the page of an agency.
fn agency_href(code: &str) -> String {
    format!("/quan-tri/co-quan/{}", segments(code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = || "<script>alert(1)</script>".to_owned();
        rendered(|frame| Start { frame });
        let line = |agency| MemberLine { id: odd(), agency, legal_basis: odd(), at: Ts(0), by: odd() };
        rendered(|frame| Members { frame, lines: vec![line(None), line(Some(("/".into(), odd())))] });
        rendered(|frame| Members { frame, lines: Vec::new() });
    }
}

//! Grants that the person's agencies hold; all of them for who reads everything.

use serde::Deserialize;

use super::own_agencies;
use crate::failure::Failure;
use crate::names::Names;
use crate::pages::grants::Grant;
use crate::pages::lists::token;
use crate::pages::terms::Terms;
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::view::{Who, query};

/// Grants of a page.
const SHOWN: &str = "20";

/// A part of the list.
pub struct Held {
    /// The grants, the newest first.
    pub lines: Vec<Line>,
    /// Where the next part is.
    pub next: Option<String>,
}

/// A grant.
pub struct Line {
    /// Number.
    pub id: String,
    /// Name of who may call.
    pub consumer: String,
    /// Name of what.
    pub service: String,
    /// How much, until when.
    pub terms: Terms,
    /// How it stands.
    pub state: String,
}

#[derive(Deserialize)]
struct Row {
    grant: Grant,
    state: String,
}

/// Asks for them. More than one agency is rare: each gives its first page.
///
/// # Errors
/// What the API refuses.
pub async fn of(visit: &Visit, after: &str) -> Result<Held, Failure> {
    let own = own_agencies(visit);
    let everything = visit.who.as_ref().is_some_and(Who::reads_all);
    let holders = if own.is_empty() && everything { vec![String::new()] } else { own };
    let (mut rows, mut next) = (Vec::new(), None);
    for holder in &holders {
        let asked = query(&[("holder", holder), ("limit", SHOWN), ("after", after)]);
        let paged = visit.get::<Paged<Row>>(format!("/grants{asked}")).await?;
        rows.extend(paged.items);
        if let [_] = &holders[..] {
            next = token(paged.next.as_ref());
        }
    }
    let names = Names::of(visit, rows.iter().flat_map(|row| [&*row.grant.to, &*row.grant.service])).await?;
    let line = |Row { grant, state }: Row| Line {
        consumer: names.get(&grant.to).to_owned(),
        service: names.get(&grant.service).to_owned(),
        terms: grant.terms,
        id: grant.id,
        state,
    };
    let next = next.map(|after| format!("/ket-noi{}#quyen", query(&[("quyen_sau", &after)])));
    Ok(Held { lines: rows.into_iter().map(line).collect(), next })
}

//! What codes are called: of the roads and their documents, of agencies, services and systems.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as Held;
use base::PartyId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::request::Asked;
use super::{Api, Caller};
use crate::RegistryError;
use crate::request::{Item, Road, TaskRule};
use crate::state::State;
use crate::text::{Text, fold};

/// Codes of one question at most.
const NAMES_MAX: usize = 500;

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(rules)).routes(routes!(names))
}

/// A word of the vocabulary.
#[derive(Serialize, ToSchema)]
struct Word {
    /// Code.
    code: String,
    /// Its name in the law's words.
    #[schema(value_type = Object)]
    title: Text,
    /// How a consumer gets such a service: 1 automatic, 2 on request, 3 special; of kinds of sharing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_kind: Option<u8>,
    /// The text that made it.
    legal_basis: String,
}

/// The rules by which requests go, as data.
#[derive(Serialize, ToSchema)]
struct RulesView {
    /// Roads of requests, all versions.
    #[schema(value_type = Vec<Object>)]
    roads: Vec<Road>,
    /// Documents that steps demand.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Item>,
    /// Work beside the road.
    #[schema(value_type = Vec<Object>)]
    tasks: Vec<TaskRule>,
    /// Kinds of sharing that count today.
    sharing: Vec<Word>,
}

/// Shows the rules that requests go by.
#[utoipa::path(get, path = "/rules", tag = "rules", responses((status = 200, body = RulesView)))]
async fn rules(Held(api): Held<Api>, _: Caller) -> Json<RulesView> {
    let (rules, today) = (api.registry().rules(), api.today());
    let sharing = rules.vocabulary.kinds(today).map(|kind| Word {
        code: kind.code.clone(),
        title: kind.title.clone(),
        request_kind: Some(kind.request_kind),
        legal_basis: kind.legal_basis.clone(),
    });
    Json(RulesView {
        roads: rules.roads.iter().cloned().collect(),
        items: rules.roads.items().cloned().collect(),
        tasks: rules.roads.tasks().cloned().collect(),
        sharing: sharing.collect(),
    })
}

/// Which names are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Codes of agencies, identifiers of services and systems, sign-in names, with commas between them; 500 at most.
    of: String,
}

/// Says what codes and persons are called; what has no name, or is not on offer, is left out.
#[utoipa::path(get, path = "/names", tag = "rules", params(Wanted),
    responses((status = 200, body = Object), (status = 413, description = "EX-2022")))]
async fn names(
    Held(api): Held<Api>,
    _: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<BTreeMap<String, Text>>, Problem> {
    let codes: Vec<&str> = wanted.of.split(',').filter(|code| !code.is_empty()).collect();
    if codes.len() > NAMES_MAX {
        return Err(RegistryError::TooMany { what: "tên / names", max: NAMES_MAX }.into());
    }
    let today = api.today();
    Ok(Json(api.registry().read(|state| {
        let named = |code: &str| {
            let name = name(state, code, today).or_else(|| person(&api, code));
            name.map(|name| (code.to_owned(), name))
        };
        codes.into_iter().filter_map(named).collect()
    })))
}

impl Api {
    /// Whether these words stand in what a code is called, with or without tone marks; a system is called by its agency's
    /// name, too.
    pub fn is_called(&self, code: &str, words: &str) -> bool {
        let (words, today) = (fold(words), self.today());
        let agency = |state: &State| {
            let party: PartyId = code.parse().ok()?;
            state.agencies.of_member(&party.member, today).map(|agency| agency.to_string())
        };
        let called = self.registry().read(|state| {
            let agency = agency(state).and_then(|agency| name(state, &agency, today));
            [name(state, code, today), agency]
        });
        let mut called = called.into_iter().flatten().flat_map(|name| [name.vi, name.en]);
        !words.is_empty() && called.any(|name| fold(&name).contains(&words))
    }
}

/// What somebody who signs in is called, as the pages of requests and grants name who acted.
fn person(api: &Api, id: &str) -> Option<Text> {
    let name = (api.0.parts.names)(&id.parse().ok()?)?;
    Some(Text { vi: name, en: String::new() })
}

fn name(state: &State, code: &str, today: jiff::civil::Date) -> Option<Text> {
    let same = |name: &str| Text { vi: name.to_owned(), en: String::new() };
    if let Ok(agency) = code.parse() {
        let period = state.agencies.periods(&agency).last();
        return period.map(|period| same(&period.agency.name));
    }
    if let Ok(service) = code.parse() {
        let entry = state.services.entry(&service)?;
        let current =
            entry.current().filter(|service| entry.is_public(service) || service.is_on_offer(today));
        return current.map(|service| service.title.clone());
    }
    let party = code.parse().ok()?;
    state.directory.name_of(&party).map(|name| same(&name))
}

//! The catalogue of services: found by words, with and without tone marks, and by filters.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;

use super::{DataClass, Entry, Service, Stage, owner};
use crate::State;
use crate::agency::AgencyCode;
use crate::text::fold;

/// Most services on one page.
pub const PAGE_MAX: usize = 200;

/// Services on one page when nobody says how many.
const PAGE: usize = 20;

/// Most words of a question that are looked at.
const WORDS_MAX: usize = 12;

/// What to look for. Every word must be found; a filter that is absent lets everything through.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Search {
    /// Words, or beginnings of words.
    pub words: String,
    /// Only of this owner.
    pub owner: Option<AgencyCode>,
    /// Only of this class.
    pub data_class: Option<DataClass>,
    /// Only of this kind of sharing.
    pub sharing: Option<String>,
    /// Only in this stage; absent: what is on offer.
    pub stage: Option<Stage>,
    /// Only the source of this kind of master data.
    pub master_of: Option<String>,
    /// How many to leave out from the front.
    pub offset: usize,
    /// How many to give, at most [`PAGE_MAX`].
    pub limit: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            words: String::new(),
            owner: None,
            data_class: None,
            sharing: None,
            stage: None,
            master_of: None,
            offset: 0,
            limit: PAGE,
        }
    }
}

/// A page of what was found.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// How many there are on all pages.
    pub total: usize,
    /// Those of this page, best first.
    pub services: Vec<&'a Service>,
}

/// What is searched in: folded words, each between spaces.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    /// The name as written, in small letters: whoever types tone marks means them.
    toned: String,
    title: String,
    code: String,
    summary: String,
    fields: String,
}

impl Words {
    pub(super) fn of(service: &Service) -> Self {
        let folded = |texts: &[&str]| spaced(&fold(&texts.join(" ")));
        let object = service.master_of.as_deref().unwrap_or_default();
        let fields: Vec<&str> =
            service.fields.iter().flat_map(|field| [field.title.as_str(), field.path.as_str()]).collect();
        Self {
            toned: spaced(&toned(&service.title.vi)),
            title: folded(&[&service.title.vi, &service.title.en]),
            code: folded(&[&service.id.to_string(), object]),
            summary: folded(&[&service.summary.vi, &service.summary.en]),
            fields: folded(&fields),
        }
    }
}

fn spaced(text: &str) -> String {
    format!(" {text} ")
}

fn toned(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).collect()
}

/// Finds services as they stand on a day: best first, then by name and id. A word in the name weighs more than one in
/// the code or object, the owner's name, the summary, a field; a whole word more than a beginning.
pub fn search<'a>(state: &'a State, wanted: &Search, day: Date) -> Page<'a> {
    search_among(state, wanted, day, |_, _| true)
}

/// As [`search`], among those that `shown` lets through.
pub fn search_among<'a>(
    state: &'a State,
    wanted: &Search,
    day: Date,
    shown: impl Fn(&Entry, &Service) -> bool,
) -> Page<'a> {
    let question = Question::new(&wanted.words);
    // An owner is found under both of its codes.
    let owner = wanted.owner.as_ref().map(|code| owner::code(state, code, day));
    let wanted = &Search { owner, ..wanted.clone() };
    let mut owners: BTreeMap<&AgencyCode, String> = BTreeMap::new();
    let mut hits: Vec<(Reverse<u32>, bool, &str, &Service)> = Vec::new();
    let entries = state.services.entries();
    let versions = entries.flat_map(|(_, entry)| {
        entry.versions.iter().zip(&entry.words).map(move |(service, words)| (entry, service, words))
    });
    for (entry, service, words) in versions {
        if !passes(service, wanted, day) || !shown(entry, service) {
            continue;
        }
        let owner = owners.entry(&service.owner).or_insert_with(|| owner_words(state, &service.owner, day));
        if let Some(score) = question.score(words, owner) {
            let leaving = service.stage_on(day) != Stage::Published;
            hits.push((Reverse(score), leaving, &words.title, service));
        }
    }
    hits.sort_by(|one, other| {
        let key = |hit: &(Reverse<u32>, bool, &'a str, &'a Service)| (hit.0, hit.1, hit.2);
        key(one).cmp(&key(other)).then_with(|| one.3.id.cmp(&other.3.id))
    });
    let page = hits.iter().skip(wanted.offset).take(wanted.limit.min(PAGE_MAX));
    Page { total: hits.len(), services: page.map(|hit| hit.3).collect() }
}

fn owner_words(state: &State, code: &AgencyCode, day: Date) -> String {
    let name = owner::name(state, code, day).unwrap_or_default();
    spaced(&fold(&format!("{name} {code}")))
}

fn passes(service: &Service, wanted: &Search, day: Date) -> bool {
    let fits =
        |wanted: &Option<String>, has: Option<&str>| wanted.as_deref().is_none_or(|text| has == Some(text));
    let stage = match wanted.stage {
        Some(stage) => service.stage_on(day) == stage,
        None => service.is_on_offer(day),
    };
    stage
        && wanted.owner.as_ref().is_none_or(|owner| *owner == service.owner)
        && wanted.data_class.is_none_or(|class| class == service.data_class)
        && fits(&wanted.sharing, Some(&service.sharing))
        && fits(&wanted.master_of, service.master_of.as_deref())
}

/// The words of a question, prepared.
struct Question {
    /// Each word as a beginning (` giao`) and whole (` giao `).
    words: Vec<(String, String)>,
    /// The whole question, folded and as typed.
    phrase: String,
    toned: String,
}

impl Question {
    fn new(text: &str) -> Self {
        let folded = fold(text);
        let words = folded.split_whitespace().take(WORDS_MAX);
        Self {
            words: words.map(|word| (format!(" {word}"), format!(" {word} "))).collect(),
            toned: toned(text.trim()),
            phrase: folded,
        }
    }

    /// How well it fits; `None` when a word is nowhere.
    fn score(&self, words: &Words, owner: &str) -> Option<u32> {
        let places = [
            (words.title.as_str(), 8),
            (&words.code, 6),
            (owner, 4),
            (&words.summary, 3),
            (&words.fields, 2),
        ];
        let mut score = 0;
        for (start, whole) in &self.words {
            // The beginning first: most places do not even have that.
            let weigh = |(place, weight): &(&str, u32)| {
                place.contains(start).then(|| if place.contains(whole) { weight * 2 } else { *weight })
            };
            score += places.iter().filter_map(weigh).max()?;
        }
        if self.words.len() > 1 && words.title.contains(&self.phrase) {
            score += 10;
        }
        if !self.words.is_empty() && words.toned.contains(&self.toned) {
            score += 5;
        }
        Some(score)
    }
}

#[cfg(test)]
mod tests;

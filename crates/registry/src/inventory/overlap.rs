//! What is there twice: databases that hold the same, and questions to citizens that a service could answer.

use std::collections::{BTreeSet, HashMap};

use base::ServiceId;
use jiff::civil::Date;
use serde::Serialize;

use super::holding::{Holding, HoldingCode, Level, Scope, Stage};
use crate::agency::{AgencyCode, Standing};
use crate::service::{Field, Service, Stage as ServiceStage};
use crate::state::State;
use crate::text;

/// Pairs compared at most, so that an inventory in which everybody holds the same object cannot stop the registry.
const COMPARED_MAX: usize = 5_000_000;
/// Services named for one question to citizens at most; more say nothing new.
const SERVICES_MAX: usize = 5;

/// When two entries overlap, and how many pairs are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverlapRule {
    /// So many fields in common count even when the object has another name.
    pub fields_min: usize,
    /// So many pairs are given at most, those with the most fields in common.
    pub pairs_max: usize,
}

impl Default for OverlapRule {
    /// Four fields: name, date of birth and sex alone are in every form.
    fn default() -> Self {
        Self { fields_min: 4, pairs_max: 10_000 }
    }
}

/// One of two entries that overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The entry.
    pub code: HoldingCode,
    /// Who answers for it.
    pub owner: AgencyCode,
    /// Where it is in use.
    pub levels: BTreeSet<Level>,
    /// What it calls the object.
    pub object: String,
}

/// Two entries that hold the same ("đầu tư trùng lặp").
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// The one whose code comes first.
    pub left: Side,
    /// The other.
    pub right: Side,
    /// Levels that both reach.
    pub levels: BTreeSet<Level>,
    /// Fields that both hold, as the left one writes them.
    pub fields: Vec<String>,
}

/// The pairs that overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overlaps {
    /// Those with the most fields in common first.
    pub pairs: Vec<Overlap>,
    /// How many were found.
    pub found: usize,
    /// Whether all pairs were compared and all found are given.
    pub complete: bool,
}

/// One main object of one entry, as numbers that are quick to compare.
struct Part<'a> {
    holding: &'a Holding,
    object: usize,
    levels: u8,
    /// `None` is the whole country.
    province: Option<Box<str>>,
    /// Numbers of its fields, ascending.
    fields: Vec<u32>,
}

/// Entries that hold the same main object, or enough equal fields, at levels that both reach.
///
/// Entries that are closed on the day do not count, planned ones do: that is when duplicate investment can still be
/// prevented. Two entries of different provinces do not overlap (a merged province counts as its successor), nor does
/// an entry with its successor. Fields are equal when their names are, apart from case, tone marks and separators.
pub fn overlaps(state: &State, day: Date, rule: &OverlapRule) -> Overlaps {
    let parts = parts(state, day);
    let (mut found, compared_all) = matching(&parts, rule);
    // Stable: pairs with equally many fields stay in the order of their codes.
    found.sort_by_key(|(_, _, common)| std::cmp::Reverse(*common));
    let complete = compared_all && found.len() <= rule.pairs_max;
    let pairs = found.iter().take(rule.pairs_max);
    let pairs = pairs.map(|(left, right, _)| overlap(&parts[*left], &parts[*right])).collect();
    Overlaps { pairs, found: found.len(), complete }
}

fn parts(state: &State, day: Date) -> Vec<Part<'_>> {
    let mut names = Names::default();
    let mut parts = Vec::new();
    for entry in state.inventory.iter() {
        let holding = &entry.holding;
        let ended = holding.stage == Stage::Closed && !holding.in_use(day);
        let levels = holding.levels.iter().fold(0, |mask, level| mask | 1 << (*level as u8));
        if ended || levels == 0 {
            continue;
        }
        let province = province(state, holding, day);
        for (object, held) in holding.objects.iter().enumerate() {
            let mut fields: Vec<u32> = held.fields.iter().map(|field| names.number(field)).collect();
            fields.sort_unstable();
            fields.dedup();
            parts.push(Part { holding, object, levels, province: province.clone(), fields });
        }
    }
    parts
}

/// The province whose people an entry serves, by the digits of its owner's level-1 code; `None` is the whole country.
fn province(state: &State, holding: &Holding, day: Date) -> Option<Box<str>> {
    if matches!(holding.scope, Scope::National | Scope::Ministry) {
        return None;
    }
    let owner = match state.agencies.on(&holding.owner, day) {
        Standing::Closed { successor: Some(successor), .. } => successor,
        _ => &holding.owner,
    };
    // Level 1 stands first in the form of QĐ 20/2020/QĐ-TTg and last in that of QCVN 102:2016.
    let level1 = owner.as_str().split('.').find(|part| part.starts_with(|c: char| c.is_ascii_uppercase()))?;
    // Provinces' committees (H), councils (K) and party bodies (A) have the same digits; G is the centre.
    level1.strip_prefix(['A', 'H', 'K']).map(Into::into)
}

/// Pairs of parts with the number of fields in common, in the order of codes; and whether all were compared.
///
/// Two sets that share at least `n` elements share one among the rarest `len - n + 1` of each, so only those are
/// indexed: frequent fields such as a name are never the reason to compare a pair.
fn matching(parts: &[Part<'_>], rule: &OverlapRule) -> (Vec<(usize, usize, usize)>, bool) {
    let mut frequency: HashMap<u32, usize> = HashMap::new();
    for field in parts.iter().flat_map(|part| &part.fields) {
        *frequency.entry(*field).or_default() += 1;
    }
    let fields_min = rule.fields_min.max(1);
    let mut by_object: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut by_field: HashMap<u32, Vec<usize>> = HashMap::new();
    let mut compared_with = vec![usize::MAX; parts.len()];
    let mut compared = 0;
    let mut found = Vec::new();
    for (this, part) in parts.iter().enumerate() {
        let mut rare = part.fields.clone();
        rare.sort_by_key(|field| (frequency[field], *field));
        rare.truncate((part.fields.len() + 1).saturating_sub(fields_min));
        let name = part.holding.objects[part.object].object.as_str();
        let candidates = by_object.get(name).into_iter().chain(rare.iter().filter_map(|f| by_field.get(f)));
        for other in candidates.flatten().copied() {
            if std::mem::replace(&mut compared_with[other], this) == this {
                continue;
            }
            compared += 1;
            if compared > COMPARED_MAX {
                return (found, false);
            }
            let earlier = &parts[other];
            let common = common(&part.fields, &earlier.fields).count();
            let same_object = earlier.holding.objects[earlier.object].object == name;
            if meet(part, earlier) && (same_object || common >= fields_min) {
                found.push((other, this, common));
            }
        }
        by_object.entry(name).or_default().push(this);
        for field in rare {
            by_field.entry(field).or_default().push(this);
        }
    }
    (found, true)
}

/// Whether two parts serve the same people: levels and province in common, and neither replaces the other.
fn meet(a: &Part<'_>, b: &Part<'_>) -> bool {
    let elsewhere = a.province.is_some() && b.province.is_some() && a.province != b.province;
    let replaces = a.holding.successor.as_ref() == Some(&b.holding.code)
        || b.holding.successor.as_ref() == Some(&a.holding.code);
    a.levels & b.levels != 0 && !elsewhere && !replaces && a.holding.code != b.holding.code
}

/// Numbers that stand in both ascending lists.
fn common<'a>(a: &'a [u32], b: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    let mut rest = b;
    a.iter().copied().filter(move |number| {
        while rest.first().is_some_and(|first| first < number) {
            rest = &rest[1..];
        }
        rest.first() == Some(number)
    })
}

fn overlap(left: &Part<'_>, right: &Part<'_>) -> Overlap {
    let side = |part: &Part<'_>| Side {
        code: part.holding.code.clone(),
        owner: part.holding.owner.clone(),
        levels: part.holding.levels.clone(),
        object: part.holding.objects[part.object].object.clone(),
    };
    let keys = |part: &Part<'_>| -> BTreeSet<String> {
        part.holding.objects[part.object].fields.iter().map(|field| key(field)).collect()
    };
    let right_keys = keys(right);
    let mut fields = left.holding.objects[left.object].fields.clone();
    fields.retain(|field| right_keys.contains(&key(field)));
    let levels = left.holding.levels.intersection(&right.holding.levels).copied().collect();
    Overlap { left: side(left), right: side(right), levels, fields }
}

/// The form in which names of fields are compared: `hoTen`, `ho_ten` and `Họ tên` are the same.
fn key(name: &str) -> String {
    text::fold(name).replace(' ', "")
}

/// Numbers for names, equal for names that count as equal.
#[derive(Default)]
struct Names<'a> {
    /// Each spelling is folded once.
    spelled: HashMap<&'a str, u32>,
    keys: HashMap<String, u32>,
}

impl<'a> Names<'a> {
    fn number(&mut self, name: &'a str) -> u32 {
        if let Some(number) = self.spelled.get(name) {
            return *number;
        }
        let next = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        let number = *self.keys.entry(key(name)).or_insert(next);
        self.spelled.insert(name, number);
        number
    }
}

/// A field that citizens are asked for although a service has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AskedAgain {
    /// Whose forms ask.
    pub code: HoldingCode,
    /// Who answers for it.
    pub owner: AgencyCode,
    /// The question, as its entry writes it.
    pub asks: String,
    /// Services that have the answer, at most five, the only sources of master data first.
    pub services: Vec<Source>,
}

/// A service and the field in which it has an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Source {
    /// The service.
    pub service: ServiceId,
    /// Path of the field.
    pub field: String,
}

/// Fields that citizens are asked for although a service on offer has them.
///
/// `object:field` matches a service that has the field and is about the object: it is the master source of the object,
/// the object stands in the field's path, or the entry that offers the service holds the object. Without an object the
/// name alone decides. A service that the asking entry offers itself does not count: something must ask first.
pub fn asked_again(state: &State, day: Date) -> Vec<AskedAgain> {
    let asking: Vec<&Holding> = state
        .inventory
        .iter()
        .map(|entry| &entry.holding)
        .filter(|holding| holding.in_use(day) && !holding.asks.is_empty())
        .collect();
    let mut sources: HashMap<Question, Vec<(bool, Source)>> = HashMap::new();
    for asks in asking.iter().flat_map(|holding| &holding.asks) {
        sources.entry(Question::read(asks)).or_default();
    }
    collect_sources(state, &mut sources);
    for list in sources.values_mut() {
        list.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        list.dedup();
    }
    let mut again = Vec::new();
    for holding in asking {
        for asks in &holding.asks {
            let known = sources[&Question::read(asks)].iter().map(|(_, source)| source);
            let others = known.filter(|source| !holding.services.contains(&source.service));
            let services: Vec<_> = others.take(SERVICES_MAX).cloned().collect();
            if !services.is_empty() {
                let (code, owner) = (holding.code.clone(), holding.owner.clone());
                again.push(AskedAgain { code, owner, asks: asks.clone(), services });
            }
        }
    }
    again
}

/// What is asked for: keys of the object, empty when none is named, and of the field.
#[derive(PartialEq, Eq, Hash)]
struct Question {
    object: String,
    field: String,
}

impl Question {
    fn read(asks: &str) -> Self {
        let (object, field) = asks.split_once(':').unwrap_or(("", asks));
        Self { object: key(object), field: key(field) }
    }
}

/// Enters each service on offer under the questions that it answers, with whether it is a source of master data.
fn collect_sources(state: &State, sources: &mut HashMap<Question, Vec<(bool, Source)>>) {
    let mut held: HashMap<&ServiceId, Vec<String>> = HashMap::new();
    for holding in state.inventory.iter().map(|entry| &entry.holding) {
        for service in &holding.services {
            held.entry(service).or_default().extend(holding.objects.iter().map(|held| key(&held.object)));
        }
    }
    let on_offer =
        |service: &&Service| matches!(service.stage, ServiceStage::Published | ServiceStage::Deprecated);
    for service in state.services.iter().filter(on_offer) {
        // The empty object is that of questions which name none.
        let mut about = vec![String::new()];
        about.extend(service.master_of.iter().map(|object| key(object)));
        about.extend(held.get(&service.id).into_iter().flatten().cloned());
        for field in &service.fields {
            for question in answered(field, &about) {
                if let Some(list) = sources.get_mut(&question) {
                    let source = Source { service: service.id.clone(), field: field.path.clone() };
                    list.push((service.master_of.is_some(), source));
                }
            }
        }
    }
}

/// The questions that a field answers: under its path, its last part and its title; about the service's objects and
/// those in its path.
fn answered(field: &Field, about: &[String]) -> Vec<Question> {
    let path: Vec<&str> = field.path.split('.').collect();
    let (last, above) = path.split_last().unwrap_or((&"", &[]));
    let mut names: Vec<String> = [field.path.as_str(), last, field.title.as_str()].map(key).into();
    names.retain(|name| !name.is_empty());
    names.dedup();
    let objects: Vec<String> = about.iter().cloned().chain(above.iter().map(|part| key(part))).collect();
    let pairs = names.iter().flat_map(|field| objects.iter().map(move |object| (object, field)));
    pairs.map(|(object, field)| Question { object: object.clone(), field: field.clone() }).collect()
}

//! The rules by which services are entered, offered, replaced and withdrawn.

mod draft;

use base::ServiceId;
use jiff::civil::Date;
use serde::Deserialize;

use super::{Entry, Event, Service, Stage, owner};
use crate::{Mistake, Moment, RegistryError, Rules, State};

pub use draft::{Draft, Given, RESPONSE_MS_MAX, put};

/// Longest reason, in characters.
const REASON_CHARS_MAX: usize = 5_000;

/// Offers a version to everybody.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// The service.
    pub id: ServiceId,
    /// Which version.
    pub version: String,
    /// Last day of the version that is on offer until now: it is deprecated in the same act, replaced by this one.
    #[serde(default)]
    pub previous_until: Option<Date>,
    /// The [`Entry::revision`] that the person had seen.
    #[serde(default)]
    pub if_version: Option<i64>,
}

/// Ends the offer of a version on a day.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deprecation {
    /// The service.
    pub id: ServiceId,
    /// Which version.
    pub version: String,
    /// The last day on which it answers; not before today.
    pub sunset: Date,
    /// What to ask for instead, when there is something: another service on offer, or its own id for another version.
    #[serde(default)]
    pub replacement: Option<ServiceId>,
    /// The [`Entry::revision`] that the person had seen.
    #[serde(default)]
    pub if_version: Option<i64>,
}

/// Takes a version away at once.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// The service.
    pub id: ServiceId,
    /// Which version.
    pub version: String,
    /// Why; consumers are told.
    pub reason: String,
    /// The [`Entry::revision`] that the person had seen.
    #[serde(default)]
    pub if_version: Option<i64>,
}

/// Makes another service the only source of a kind of master data.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// The kind of master data, such as `cong-dan`.
    pub object: String,
    /// The source until now.
    pub from: ServiceId,
    /// The source from now on; published, and the source of nothing else.
    pub to: ServiceId,
    /// The [`Entry::revision`] of `from` that the person had seen.
    #[serde(default)]
    pub if_version_from: Option<i64>,
    /// The [`Entry::revision`] of `to` that the person had seen.
    #[serde(default)]
    pub if_version_to: Option<i64>,
}

/// Publishes a draft, or takes the deprecation of a version back.
///
/// # Errors
/// [`RegistryError::NoSuch`], [`RegistryError::Conflict`]; [`RegistryError::Transition`] from another stage;
/// [`RegistryError::Invalid`] when the owner or the kind of sharing does not count today, or another version is
/// published and no last day of it is given; [`RegistryError::ImpactAssessmentMissing`];
/// [`RegistryError::MasterTaken`].
pub fn publish(
    state: &State,
    rules: &Rules,
    moment: &Moment,
    asked: &Publication,
) -> Result<Vec<crate::Event>, RegistryError> {
    let (entry, service) = version(state, &asked.id, &asked.version, asked.if_version)?;
    if !matches!(service.stage_on(moment.today), Stage::Draft | Stage::Deprecated) {
        return Err(transition(service, moment.today, "công bố / publish"));
    }
    let mut mistakes: Vec<Mistake> =
        owner::mistake(state, &service.owner, moment.today).into_iter().collect();
    let kind =
        draft::kind(rules, &service.sharing, moment.today).map_err(|mistake| mistakes.push(mistake)).ok();
    let mut events = Vec::new();
    let others = entry.versions().iter().filter(|other| other.version != service.version);
    let published = others.into_iter().find(|other| other.stage == Stage::Published);
    match (published, asked.previous_until) {
        (Some(previous), Some(sunset)) => {
            mistakes.extend(sunset_mistake("previous_until", sunset, moment.today));
            let (id, version) = (asked.id.clone(), previous.version.clone());
            events.push(Event::Deprecated { replacement: Some(id.clone()), id, version, sunset });
        }
        (Some(previous), None) => mistakes.push(Mistake::new(
            "previous_until",
            format!("phiên bản {} đang công bố; hãy nêu ngày cuối của phiên bản đó", previous.version),
            format!("version {} is published: give the last day of it", previous.version),
        )),
        (None, Some(_)) => mistakes.push(Mistake::new(
            "previous_until",
            "không có phiên bản nào khác đang công bố; hãy bỏ trống",
            "no other version is published: leave it out",
        )),
        (None, None) => {}
    }
    if !mistakes.is_empty() {
        return Err(RegistryError::Invalid(mistakes));
    }
    draft::assessed(kind, service.impact_assessment.as_deref())?;
    draft::only_source(state, &service.id, service.master_of.as_deref(), moment.today)?;
    events.push(Event::Published { id: asked.id.clone(), version: asked.version.clone() });
    Ok(done(events))
}

/// Ends the offer of a published version on a day, or moves the last day of a deprecated one.
///
/// # Errors
/// [`RegistryError::NoSuch`], [`RegistryError::Conflict`]; [`RegistryError::Transition`] from another stage;
/// [`RegistryError::Invalid`] for a day in the past and for a replacement that is not on offer.
pub fn deprecate(
    state: &State,
    moment: &Moment,
    asked: &Deprecation,
) -> Result<Vec<crate::Event>, RegistryError> {
    let (entry, service) = version(state, &asked.id, &asked.version, asked.if_version)?;
    if !service.is_on_offer(moment.today) {
        return Err(transition(service, moment.today, "dừng / deprecate"));
    }
    let mut mistakes: Vec<Mistake> =
        sunset_mistake("sunset", asked.sunset, moment.today).into_iter().collect();
    let fits = |other: &ServiceId| {
        if *other == asked.id {
            let living = |version: &&Service| version.stage_on(moment.today) != Stage::Withdrawn;
            entry.versions().iter().filter(living).any(|version| version.version != asked.version)
        } else {
            state.services.get(other).is_some_and(|service| service.is_open(moment.today))
        }
    };
    if asked.replacement.as_ref().is_some_and(|other| !fits(other)) {
        mistakes.push(Mistake::new(
            "replacement",
            "dịch vụ thay thế chưa được công bố",
            "the service that takes its place is not published",
        ));
    }
    if !mistakes.is_empty() {
        return Err(RegistryError::Invalid(mistakes));
    }
    let (id, version) = (asked.id.clone(), asked.version.clone());
    let replacement = asked.replacement.clone();
    Ok(done(vec![Event::Deprecated { id, version, sunset: asked.sunset, replacement }]))
}

/// Takes a version away at once, in whatever stage it is; drafts are given up like this, too.
///
/// # Errors
/// [`RegistryError::NoSuch`], [`RegistryError::Conflict`]; [`RegistryError::Transition`] when it is gone already;
/// [`RegistryError::Invalid`] without a reason.
pub fn withdraw(
    state: &State,
    moment: &Moment,
    asked: &Withdrawal,
) -> Result<Vec<crate::Event>, RegistryError> {
    let (_, service) = version(state, &asked.id, &asked.version, asked.if_version)?;
    // One whose last day has passed can still be taken away by name: it was not an act of anybody.
    if service.stage == Stage::Withdrawn {
        return Err(transition(service, moment.today, "rút / withdraw"));
    }
    let mut mistakes = Vec::new();
    let reason = draft::cleaned("reason", &asked.reason, REASON_CHARS_MAX, &mut mistakes);
    if reason.is_empty() {
        let (vi, en) = ("hãy nêu lý do, bên khai thác sẽ đọc", "give the reason: consumers will read it");
        mistakes.push(Mistake::new("reason", vi, en));
    }
    if !mistakes.is_empty() {
        return Err(RegistryError::Invalid(mistakes));
    }
    let (id, version) = (asked.id.clone(), asked.version.clone());
    Ok(done(vec![Event::Withdrawn { id, version, reason }]))
}

/// Moves the source of a kind of master data from one service to another, in one act: there is never none, never two
/// (NĐ 278/2025/NĐ-CP, Điều 5 khoản 2).
///
/// # Errors
/// [`RegistryError::NoSuch`] when `from` is not the source; [`RegistryError::Conflict`]; [`RegistryError::Invalid`]
/// when `to` is `from`, is not published, or is the source of something else.
pub fn hand_over(
    state: &State,
    moment: &Moment,
    asked: &HandOver,
) -> Result<Vec<crate::Event>, RegistryError> {
    let object = draft::object_code(&asked.object);
    let source = state.services.master_source(&object, moment.today).filter(|source| source.id == asked.from);
    if source.is_none() {
        return Err(RegistryError::NoSuch { kind: "source of master data", name: object });
    }
    seen(entry(state, &asked.from)?, &asked.from, asked.if_version_from)?;
    let receiver = entry(state, &asked.to)?;
    seen(receiver, &asked.to, asked.if_version_to)?;
    let mut mistakes = Vec::new();
    let mut wrong = |vi: &str, en: &str| mistakes.push(Mistake::new("to", vi, en));
    if asked.to == asked.from {
        wrong("phải là dịch vụ khác với nguồn hiện tại", "must be another service than the source of today");
    }
    if !receiver.current().is_some_and(|service| service.is_open(moment.today)) {
        wrong("dịch vụ nhận chưa được công bố", "the service that takes over is not published");
    }
    let mut living =
        receiver.versions().iter().filter(|version| version.stage_on(moment.today) != Stage::Withdrawn);
    if asked.to != asked.from && living.any(|version| version.master_of.is_some()) {
        wrong("dịch vụ nhận đang là nguồn của dữ liệu chủ khác", "it is the source of other master data");
    }
    if !mistakes.is_empty() {
        return Err(RegistryError::Invalid(mistakes));
    }
    let (from, to) = (asked.from.clone(), asked.to.clone());
    Ok(done(vec![Event::MasterHandedOver { object, from, to }]))
}

fn done(events: Vec<Event>) -> Vec<crate::Event> {
    events.into_iter().map(crate::Event::Service).collect()
}

fn entry<'a>(state: &'a State, id: &ServiceId) -> Result<&'a Entry, RegistryError> {
    let unknown = || RegistryError::NoSuch { kind: "service", name: id.to_string() };
    state.services.entry(id).ok_or_else(unknown)
}

/// That nobody else changed the service since the person looked at it.
fn seen(entry: &Entry, id: &ServiceId, if_version: Option<i64>) -> Result<(), RegistryError> {
    match if_version {
        Some(expected) if expected != entry.revision => {
            Err(RegistryError::Conflict { name: id.to_string(), expected, found: entry.revision })
        }
        _ => Ok(()),
    }
}

fn version<'a>(
    state: &'a State,
    id: &ServiceId,
    version: &str,
    if_version: Option<i64>,
) -> Result<(&'a Entry, &'a Service), RegistryError> {
    let entry = entry(state, id)?;
    seen(entry, id, if_version)?;
    let unknown = || RegistryError::NoSuch { kind: "version", name: format!("{id} {version}") };
    Ok((entry, entry.version(version).ok_or_else(unknown)?))
}

fn transition(service: &Service, today: Date, act: &'static str) -> RegistryError {
    let name = format!("{} {}", service.id, service.version);
    RegistryError::Transition { name, state: service.stage_on(today).title().to_owned(), act }
}

fn sunset_mistake(place: &str, sunset: Date, today: Date) -> Option<Mistake> {
    (sunset < today).then(|| Mistake::new(place, "ngày cuối đã qua", "the last day is in the past"))
}

#[cfg(test)]
mod tests;

//! Putting the report together.

use std::collections::{BTreeMap, BTreeSet};

use base::{PartyId, Ts};
use jiff::civil::Date;
use worktime::day_of;

use super::{Connection, Figures, Incident, Level, Measure, Obligation, SecurityReport, System, Window};
use crate::agency::{AgencyCode, Standing};
use crate::gate::checklist::Whom;
use crate::gate::report::{self, ItemState, Row};
use crate::grant;
use crate::inventory::{Holding, Stage};
use crate::party::parties_of;
use crate::request::who;
use crate::{RegistryError, Rules, State, gate, incident};

/// Item of the checklists that grants a level.
const LEVEL: &str = "security_level";
/// Item of the checklists with the minutes of a security check.
const MINUTES: &str = "security_minutes";

/// Makes the report of an agency and those below it for a year.
///
/// # Errors
/// No such agency; no rules for the year, or its period has not begun.
pub fn security_report(
    state: &State,
    rules: &Rules,
    (agency, year): (&AgencyCode, i16),
    now: Ts,
) -> Result<SecurityReport, RegistryError> {
    let (Standing::Valid(found) | Standing::Closed { last: found, .. }) =
        state.agencies.on(agency, day_of(now))
    else {
        return Err(RegistryError::NoSuch { kind: "agency", name: agency.to_string() });
    };
    let window = rules.periods.of(year).and_then(|period| Some((period, period.window(year)?)));
    let Some((period, window)) = window.filter(|(_, window)| window.begins() <= now) else {
        let vi = "không có kỳ báo cáo của năm này, hoặc kỳ chưa bắt đầu";
        return Err(RegistryError::invalid("year", vi, "has no report, or its period has not begun"));
    };
    let as_of = now.min(Ts(window.ends().0 - 1));
    let here =
        Here { state, rules, above: &found.code, parties: parties_of(state, &found.code, day_of(now)) };
    let systems = here.systems(&window, as_of, now);
    let mut report = SecurityReport {
        agency: found.code.clone(),
        name: found.name.clone(),
        window,
        legal_basis: period.legal_basis.clone(),
        made: now,
        as_of,
        figures: Figures::default(),
        minutes: minutes(&systems),
        systems,
        connections: here.connections(now),
        incidents: here.incidents(&window, now),
        expiring: here.expiring(as_of),
    };
    report.figures = figures(&report);
    Ok(report)
}

/// What the report is about.
struct Here<'a> {
    state: &'a State,
    rules: &'a Rules,
    above: &'a AgencyCode,
    /// Subsystems and members, each with the agency that answers for it.
    parties: BTreeMap<PartyId, AgencyCode>,
}

impl Here<'_> {
    fn is_within(&self, agency: &AgencyCode, day: Date) -> bool {
        self.state.agencies.is_within(&who::current(self.state, agency, day), self.above, day)
    }

    /// Systems of the inventory that were in use on some day of the period, then subsystems that belong to none of them.
    fn systems(&self, window: &Window, as_of: Ts, now: Ts) -> Vec<System> {
        let holdings = self.state.inventory.iter().map(|entry| &entry.holding);
        let own =
            holdings.filter(|one| in_use_within(one, window) && self.is_within(&one.owner, day_of(now)));
        let mut told = BTreeSet::new();
        let mut systems: Vec<System> = own
            .map(|holding| {
                let parties: BTreeSet<_> = holding.services.iter().map(|id| id.provider.party()).collect();
                told.extend(parties.iter().cloned());
                self.system(holding, parties.into_iter().collect(), as_of)
            })
            .collect();
        let untold = self.parties.iter().filter(|(party, _)| !told.contains(*party));
        systems.extend(untold.map(|(party, owner)| self.subsystem(party, owner, as_of)));
        systems
    }

    fn system(&self, holding: &Holding, parties: Vec<PartyId>, as_of: Ts) -> System {
        let level = holding.security_level.map(|level| Level {
            level,
            decision: holding.security_decision.clone(),
            decided_on: holding.security_date,
        });
        let (level_filed, shown) = self.shown(&parties, as_of);
        let mut measures = of_inventory(holding);
        measures.extend(shown);
        System {
            code: Some(holding.code.clone()),
            kind: Some(holding.kind),
            name: holding.name.clone(),
            owner: holding.owner.clone(),
            parties,
            level,
            level_filed,
            measures,
        }
    }

    fn subsystem(&self, party: &PartyId, owner: &AgencyCode, as_of: Ts) -> System {
        let parties = vec![party.clone()];
        let (level_filed, measures) = self.shown(&parties, as_of);
        System {
            code: None,
            kind: None,
            name: self.state.directory.name_of(party).unwrap_or_else(|| party.to_string()),
            owner: owner.clone(),
            parties,
            level: None,
            level_filed,
            measures,
        }
    }

    /// What was shown to the readiness gate, and the highest level that it grants.
    fn shown(&self, parties: &[PartyId], as_of: Ts) -> (Option<Level>, Vec<Measure>) {
        let rows = parties.iter().flat_map(|party| {
            let rows = report::rows(self.state, self.rules, party, None, as_of);
            rows.into_iter().map(move |row| (party, row))
        });
        let (mut level, mut measures) = (None::<Level>, Vec::new());
        for (party, row) in rows {
            let found =
                level_of(&row).filter(|found| level.as_ref().is_none_or(|old| old.level < found.level));
            level = found.or(level);
            measures.push(measure(party, row));
        }
        (level, measures)
    }

    fn connections(&self, now: Ts) -> Vec<Connection> {
        let counts = |standing| matches!(standing, grant::Standing::InForce | grant::Standing::Suspended);
        let live = self.state.grants.iter().filter(|one| counts(one.standing(now)));
        let last =
            live.filter(|one| self.state.grants.held(&one.id).is_some_and(|held| held.replaced_by.is_none()));
        let mut connections: Vec<Connection> = last
            .filter_map(|one| {
                let asks = self.parties.contains_key(&one.to);
                let side = match (asks, self.parties.contains_key(&one.service.provider.party())) {
                    (true, true) => Whom::Both,
                    (true, false) => Whom::Consumer,
                    (false, true) => Whom::Provider,
                    (false, false) => return None,
                };
                Some(Connection {
                    grant: one.id.clone(),
                    request: one.decision.clone(),
                    consumer: one.to.clone(),
                    service: one.service.clone(),
                    side,
                    state: one.standing(now),
                    until: one.terms.until,
                })
            })
            .collect();
        connections.sort_by(|a, b| a.grant.cmp(&b.grant));
        connections
    }

    fn incidents(&self, window: &Window, now: Ts) -> Vec<Incident> {
        let files = self.state.incidents.iter();
        let own = files
            .filter(|file| window.covers(file.facts.detected) && self.is_within(&file.agency, day_of(now)));
        own.map(|file| Incident {
            id: file.id.clone(),
            agency: file.agency.clone(),
            detected: file.facts.detected,
            severity: file.facts.severity,
            personal_data: file.facts.personal_data,
            data_subjects: file.facts.data_subjects,
            obligations: file.obligations.iter().map(|one| self.obligation(file, one, now)).collect(),
            measures: file.measures.len(),
            closed: file.closed,
            conclusion: file.conclusion.clone(),
        })
        .collect()
    }

    fn obligation(&self, file: &incident::Incident, one: &incident::Obligation, now: Ts) -> Obligation {
        Obligation {
            code: one.clock.code.clone(),
            title: self.rules.clocks.title(file, &one.clock.code),
            due: one.clock.due,
            state: one.standing(now),
            sent_at: one.sent_at(),
            late: one.late.clone(),
        }
    }

    fn expiring(&self, as_of: Ts) -> Vec<gate::Warning> {
        let mut warnings = gate::warnings(self.state, self.rules, as_of);
        warnings.retain(|warning| self.parties.contains_key(&warning.party));
        warnings
    }
}

/// Whether an entry was in use on some day of the period.
fn in_use_within(holding: &Holding, window: &Window) -> bool {
    let begun = holding.used_from.is_none_or(|first| first <= window.to);
    let over = holding.stage == Stage::Closed && holding.used_to.is_none_or(|last| last < window.from);
    holding.stage != Stage::Planned && begun && !over
}

/// What the inventory itself says about the security of an entry.
fn of_inventory(holding: &Holding) -> Vec<Measure> {
    let state = |there: bool| if there { ItemState::InForce } else { ItemState::Missing };
    let measure = |item: &str, title: (&str, &str), there: bool| Measure {
        party: None,
        item: item.to_owned(),
        title: title.into(),
        state: state(there),
        number: String::new(),
        issued_on: None,
        last_day: None,
    };
    let decided = holding.security_level.is_some() && !holding.security_decision.is_empty();
    let decision = ("Quyết định phê duyệt cấp độ (sổ kiểm kê)", "Decision on the level (inventory)");
    let contact = ("Đầu mối an ninh (sổ kiểm kê)", "Contact for security (inventory)");
    vec![
        Measure {
            number: holding.security_decision.clone(),
            issued_on: holding.security_date,
            ..measure("inventory_level", decision, decided)
        },
        measure("inventory_security_contact", contact, !holding.contacts.security.is_empty()),
    ]
}

fn level_of(row: &Row) -> Option<Level> {
    let counts = matches!(row.state, ItemState::InForce | ItemState::EndsSoon);
    let evidence = row.evidence.as_ref().filter(|_| counts && row.item == LEVEL)?;
    let (decision, decided_on) = (evidence.number.clone(), Some(evidence.issued_on));
    Some(Level { level: evidence.level?, decision, decided_on })
}

fn measure(party: &PartyId, row: Row) -> Measure {
    let (number, issued_on) = row.evidence.map(|shown| (shown.number, shown.issued_on)).unzip();
    Measure {
        party: Some(party.clone()),
        item: row.item,
        title: row.title,
        state: row.state,
        number: number.unwrap_or_default(),
        issued_on,
        last_day: row.last_day,
    }
}

/// The minutes of each subsystem once, whichever systems it belongs to.
fn minutes(systems: &[System]) -> Vec<Measure> {
    let all = systems.iter().flat_map(|system| &system.measures).filter(|measure| measure.item == MINUTES);
    let by_party: BTreeMap<_, _> = all.map(|measure| (&measure.party, measure)).collect();
    by_party.into_values().cloned().collect()
}

fn figures(report: &SecurityReport) -> Figures {
    let mut figures = Figures {
        systems: report.systems.len(),
        by_level: (1..=5).map(|level| (level, 0)).collect(),
        expiring: report.expiring.len(),
        ..Figures::default()
    };
    for system in &report.systems {
        if let Some(level) = system.level_that_counts() {
            *figures.by_level.entry(level.level).or_default() += 1;
        }
        let decided = system.level_that_counts().is_some_and(|level| !level.decision.is_empty());
        figures.without_decision += usize::from(!decided);
        for measure in &system.measures {
            match measure.state {
                ItemState::InForce | ItemState::EndsSoon => figures.measures_in_force += 1,
                ItemState::Unknown => {}
                _ => figures.measures_lacking += 1,
            }
        }
    }
    for connection in &report.connections {
        let live = connection.state == grant::Standing::InForce;
        figures.connections_live += usize::from(live);
        figures.connections_suspended += usize::from(!live);
    }
    for one in &report.incidents {
        *figures.incidents.entry(one.severity).or_default() += 1;
        for obligation in &one.obligations {
            figures.clocks_met += usize::from(obligation.state == incident::Standing::Met);
            figures.clocks_missed += usize::from(obligation.state.is_missed());
        }
    }
    figures
}

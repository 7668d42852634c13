//! Changes of agencies: pure decisions from state and input to events.

use std::collections::HashSet;

use jiff::civil::Date;

use super::check::{self, After, Problem};
use super::{Agencies, Agency, AgencyCode, Event, Period};
use crate::state::{Moment, State};
use crate::{Mistake, RegistryError};

/// Most rows of one import: all agencies of the state and room to grow.
pub const ROWS_MAX: usize = 200_000;
/// Agencies of one event of an import: large enough to be quick, small enough for one line of the journal.
const CHUNK: usize = 1_000;

/// Enters a new period of a code, or changes the one that begins on the same day.
///
/// A change gives the version that the person had seen; without one the period must be new. Nothing happens when the
/// period says the same already.
///
/// # Errors
/// `Exists` or `NoSuch` when the period is there or not there against expectation, `Conflict`, and all that is wrong:
/// `Invalid`, or `Overlap` and `Cycle` when they are the only mistake.
pub fn put(
    state: &State,
    _moment: &Moment,
    mut agency: Agency,
    if_version: Option<i64>,
) -> Result<Vec<crate::Event>, RegistryError> {
    let mut problems = check::fields(&mut agency);
    let before = state.agencies.period(&agency.code, agency.valid_from);
    match (before, if_version) {
        (Some(period), _) if period.agency == agency => return Ok(Vec::new()),
        (Some(period), Some(seen)) => same_version(period, seen)?,
        (Some(_), None) => {
            return Err(RegistryError::Exists { kind: "agency", name: agency.code.to_string() });
        }
        (None, Some(_)) => return Err(no_such(&agency.code, agency.valid_from)),
        (None, None) => {}
    }
    problems.extend(alone(&state.agencies, &agency, None));
    check::refuse(problems)?;
    Ok(vec![crate::Event::Agency(Event::Put(agency))])
}

/// How an agency ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The last day on which it counts; may be past or to come.
    pub last_day: Date,
    /// Who takes over its tasks.
    pub successor: Option<AgencyCode>,
    /// The decision; never empty.
    pub legal_basis: String,
}

/// Closes the period of a code that has no end yet.
///
/// # Errors
/// `NoSuch`; `Transition` when it has an end already (a wrong end is changed by [`put`]); `Conflict`; what [`put`] says.
pub fn close(
    state: &State,
    moment: &Moment,
    code: &AgencyCode,
    closing: Closing,
    if_version: i64,
) -> Result<Vec<crate::Event>, RegistryError> {
    let Some(last) = state.agencies.periods(code).last() else {
        return Err(RegistryError::NoSuch { kind: "agency", name: code.to_string() });
    };
    same_version(last, if_version)?;
    if let Some(end) = last.agency.valid_to {
        let state = format!("hiệu lực đến {end} (valid until {end})");
        return Err(RegistryError::Transition { name: code.to_string(), state, act: "close" });
    }
    if closing.legal_basis.trim().is_empty() {
        return Err(RegistryError::invalid(
            "closing_basis",
            "phải nêu quyết định chấm dứt hoạt động",
            "wants the decision that closes it",
        ));
    }
    let closed = Agency {
        valid_to: Some(closing.last_day),
        successor: closing.successor,
        closing_basis: closing.legal_basis,
        ..last.agency.clone()
    };
    put(state, moment, closed, Some(if_version))
}

/// Corrects the first day of a period, the one thing that [`put`] knows it by.
///
/// # Errors
/// `NoSuch`, `Exists` when another period begins on that day, `Conflict`, and what [`put`] says.
pub fn redate(
    state: &State,
    _moment: &Moment,
    code: &AgencyCode,
    (from, to): (Date, Date),
    if_version: i64,
) -> Result<Vec<crate::Event>, RegistryError> {
    let period = state.agencies.period(code, from).ok_or_else(|| no_such(code, from))?;
    same_version(period, if_version)?;
    if state.agencies.period(code, to).is_some() {
        return Err(RegistryError::Exists { kind: "agency", name: format!("{code} {to}") });
    }
    let mut agency = Agency { valid_from: to, ..period.agency.clone() };
    let mut problems = check::fields(&mut agency);
    problems.extend(alone(&state.agencies, &agency, Some((code, from))));
    check::refuse(problems)?;
    Ok(vec![crate::Event::Agency(Event::Redated { code: code.clone(), from, to })])
}

/// Enters or changes many agencies at once; they may refer to each other in any order.
///
/// Each row is a new period or replaces the one that begins on the same day, whatever its version; rows that say what the
/// registry says already are left out.
///
/// # Errors
/// `TooMany` beyond [`ROWS_MAX`]; `Import` with all mistakes of all rows, `row 1` being the first. Then nothing is taken
/// over.
pub fn import(
    state: &State,
    _moment: &Moment,
    rows: Vec<Agency>,
) -> Result<Vec<crate::Event>, RegistryError> {
    let numbered = (1..).zip(rows).collect();
    import_rows(&state.agencies, numbered, Rest { word: "row", mistakes: Vec::new(), unread: HashSet::new() })
}

/// What a reader of rows found besides those that it could read.
pub(super) struct Rest {
    /// What the numbers count: `row` or `line`.
    pub(super) word: &'static str,
    /// Mistakes of rows that could not be read.
    pub(super) mistakes: Vec<Mistake>,
    /// The codes of those rows, as far as they could be read.
    pub(super) unread: HashSet<AgencyCode>,
}

pub(super) fn import_rows(
    now: &Agencies,
    mut rows: Vec<(u64, Agency)>,
    rest: Rest,
) -> Result<Vec<crate::Event>, RegistryError> {
    if rows.len() > ROWS_MAX {
        return Err(RegistryError::TooMany { what: "rows", max: ROWS_MAX });
    }
    let mut problems: Vec<(u64, Problem)> = Vec::new();
    for (number, agency) in &mut rows {
        problems.extend(check::fields(agency).into_iter().map(|problem| (*number, problem)));
    }
    let mut after = After::new(now, None, &rest.unread);
    for (number, agency) in &rows {
        problems.extend(after.add(agency).err().map(|problem| (*number, problem)));
    }
    for (number, agency) in &rows {
        problems.extend(after.among(agency).into_iter().map(|problem| (*number, problem)));
    }
    let mut mistakes = rest.mistakes;
    problems.sort_by_key(|(number, _)| *number);
    mistakes
        .extend(problems.into_iter().map(|(number, problem)| problem.at(&format!("{} {number}", rest.word))));
    if !mistakes.is_empty() {
        return Err(RegistryError::Import(mistakes));
    }
    let says =
        |row: &Agency| now.period(&row.code, row.valid_from).is_some_and(|period| period.agency == *row);
    let mut rows = rows.into_iter().map(|(_, agency)| agency).filter(|row| !says(row)).peekable();
    let mut events = Vec::new();
    while rows.peek().is_some() {
        let agencies = rows.by_ref().take(CHUNK).collect();
        events.push(crate::Event::Agency(Event::PutMany { agencies }));
    }
    Ok(events)
}

/// What is wrong with one agency among those of the state, without the period `gone`.
fn alone(now: &Agencies, agency: &Agency, gone: Option<(&AgencyCode, Date)>) -> Vec<Problem> {
    let unread = HashSet::new();
    let mut after = After::new(now, gone, &unread);
    let mut problems: Vec<Problem> = after.add(agency).err().into_iter().collect();
    problems.extend(after.among(agency));
    problems
}

fn same_version(period: &Period, seen: i64) -> Result<(), RegistryError> {
    if period.version == seen {
        return Ok(());
    }
    let name = period.agency.code.to_string();
    Err(RegistryError::Conflict { name, expected: seen, found: period.version })
}

fn no_such(code: &AgencyCode, from: Date) -> RegistryError {
    RegistryError::NoSuch { kind: "agency", name: format!("{code} {from}") }
}

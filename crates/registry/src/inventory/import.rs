//! Import: a whole file or nothing of it.

use std::collections::{HashMap, HashSet};

use super::decide::cycle;
use super::file::{self, Format, Intake, Placed, Row, RowPlace};
use super::holding::HoldingCode;
use super::{Event, check};
use crate::error::{Mistake, RegistryError};
use crate::state::{Moment, State};

/// Enters and changes what a file holds; rows that change nothing make no event.
///
/// A row with a version is refused when its entry was changed since; without version it overwrites. Successors may
/// stand in the same file, in any order.
///
/// # Errors
/// [`RegistryError::Import`] with every mistake of every row, in the order of the rows; a limit.
pub fn import(
    state: &State,
    moment: &Moment,
    format: Format,
    bytes: &[u8],
) -> Result<Vec<crate::Event>, RegistryError> {
    import_counted(state, moment, format, bytes).map(|(_, events)| events)
}

/// As [`import`], with the number of rows that the file has.
///
/// # Errors
/// As [`import`].
pub fn import_counted(
    state: &State,
    moment: &Moment,
    format: Format,
    bytes: &[u8],
) -> Result<(usize, Vec<crate::Event>), RegistryError> {
    let mut intake = file::read(format, bytes)?;
    let mut more: Vec<Placed> = Vec::new();
    for (place, row) in &intake.rows {
        let mut mistakes = check::mistakes(state, moment.today, &row.holding);
        mistakes.extend(changed_meanwhile(state, row));
        let successor = row.holding.successor.as_ref().filter(|code| **code != row.holding.code);
        let known =
            |code: &&HoldingCode| intake.codes.contains_key(*code) || state.inventory.get(code).is_some();
        mistakes.extend(successor.filter(|code| !known(code)).map(check::no_such_successor));
        more.extend(mistakes.into_iter().map(|mistake| (*place, mistake)));
    }
    more.extend(cycles(state, &intake));
    for (place, mistake) in more {
        intake.mistake(place, mistake);
    }
    if !intake.mistakes.is_empty() {
        // Stable: the mistakes of a row stay in the order in which they were found.
        intake.mistakes.sort_by_key(|(place, _)| *place);
        return Err(RegistryError::Import(intake.mistakes.into_iter().map(|(_, mistake)| mistake).collect()));
    }
    let count = intake.rows.len();
    let changed =
        intake.rows.into_iter().map(|(_, row)| row.holding).filter(|holding| {
            state.inventory.get(&holding.code).is_none_or(|entry| entry.holding != *holding)
        });
    let events = changed.map(|holding| crate::Event::Inventory(Event::Put(Box::new(holding)))).collect();
    Ok((count, events))
}

fn changed_meanwhile(state: &State, row: &Row) -> Option<Mistake> {
    let known = state.inventory.get(&row.holding.code);
    let version = row.version?;
    match known {
        None => Some(Mistake::new(
            "version",
            "Có phiên bản nhưng mã này chưa được đăng ký. Xóa phiên bản hoặc sửa mã.",
            "There is a version but no such entry. Empty the version or correct the code.",
        )),
        // The same content twice is no conflict.
        Some(entry) if entry.version != version && entry.holding != row.holding => Some(Mistake::new(
            "version",
            "Mục này đã được người khác thay đổi sau khi xuất tệp. Xuất lại rồi sửa trên tệp mới.",
            "Somebody changed this entry since the file was exported. Export again and edit the new file.",
        )),
        Some(_) => None,
    }
}

/// A mistake for each cycle that successors would form, at a row of the file that is part of it or leads there.
fn cycles(state: &State, intake: &Intake) -> Vec<(RowPlace, Mistake)> {
    let in_file: HashMap<&HoldingCode, Option<&HoldingCode>> = intake
        .rows
        .iter()
        .map(|(_, row)| {
            (&row.holding.code, row.holding.successor.as_ref().filter(|c| **c != row.holding.code))
        })
        .collect();
    let next = |code: &HoldingCode| match in_file.get(code) {
        Some(successor) => *successor,
        None => state.inventory.get(code).and_then(|entry| entry.holding.successor.as_ref()),
    };
    let mut done = HashSet::new();
    let mut mistakes = Vec::new();
    for (place, row) in &intake.rows {
        if done.contains(&row.holding.code) {
            continue;
        }
        if let Some(codes) = cycle(&row.holding.code, next, &mut done) {
            mistakes.push((
                *place,
                Mistake::new(
                    "successor",
                    format!("Chuỗi kế thừa quay vòng: {codes}. Bỏ một mã kế thừa trong chuỗi."),
                    format!("The successors form a cycle: {codes}. Remove one of them."),
                ),
            ));
        }
    }
    mistakes
}

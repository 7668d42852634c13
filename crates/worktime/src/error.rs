//! What is wrong with a file of calendars.

/// One mistake, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where: a key such as `2026, off, 01-01`.
    pub place: String,
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

/// All mistakes of a file at once, each with what to do. `Display` is Vietnamese, then English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Lịch làm việc chưa đúng: {} / The calendar is not right: {}", list(.0, |m| &m.vi), list(.0, |m| &m.en))]
pub struct CalendarError(pub Vec<Mistake>);

fn list(mistakes: &[Mistake], text: impl Fn(&Mistake) -> &String) -> String {
    mistakes
        .iter()
        .map(|mistake| format!("{}: {}", mistake.place, text(mistake)))
        .collect::<Vec<_>>()
        .join("; ")
}

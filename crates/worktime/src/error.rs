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

/// Why a text is no span, no cycle or no moment. `Display` is Vietnamese, then English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[rustfmt::skip]
pub enum TimeError {
    /// It is longer than any that could be right.
    #[error("dài hơn {bytes_max} byte / is longer than {bytes_max} bytes")]
    TextTooLong { /// How long it may be.
        bytes_max: usize },
    /// It has not the form of a span.
    #[error("{0:?} không phải khoảng thời gian; viết như P3D, PT5S, P1M, hoặc thời gian làm việc P5WD, PT16WH, PT30WM, P2WDT4WH / {0:?} is no span: write P3D, PT5S, P1M, or in working time P5WD, PT16WH, PT30WM, P2WDT4WH")]
    Span(String),
    /// Time does not run backwards.
    #[error("{0:?} là số âm; bỏ dấu trừ / {0:?} is negative: remove the sign")]
    Negative(String),
    /// Working time and the calendar's time in one span.
    #[error("{0:?} trộn thời gian làm việc với thời gian lịch; chỉ dùng một loại / {0:?} mixes working time with the calendar's time: use one of them")]
    Mixed(String),
    /// A slip, surely.
    #[error("khoảng thời gian dài hơn {days_max} ngày / the span is longer than {days_max} days")]
    TooLong { /// How long it may be.
        days_max: u32 },
    /// It has not the form of a cycle.
    #[error("{0:?} không phải chu kỳ; viết như R3/PT10S, R/P1D, R3/2026-01-01T08:00:00/P5WD / {0:?} is no cycle: write R3/PT10S, R/P1D, R3/2026-01-01T08:00:00/P5WD")]
    Cycle(String),
    /// `R0` would never come, and less than a second apart leaves time for nothing else.
    #[error("{0:?} không bao giờ đến hoặc đến liên tục không dứt; số lần từ 1, khoảng cách từ 1 giây / {0:?} never comes or comes without end: at least once, and a second or more apart")]
    CycleOfNothing(String),
    /// It has not the form of a date with time.
    #[error("{0:?} không phải thời điểm; viết như 2026-03-02T08:00:00 (giờ Việt Nam), 2026-03-02T01:00:00Z hoặc 2026-03-02 / {0:?} is no moment: write 2026-03-02T08:00:00 (time of Vietnam), 2026-03-02T01:00:00Z or 2026-03-02")]
    Moment(String),
    /// A slip, surely.
    #[error("năm phải từ {first} đến {last} / the year must be from {first} to {last}")]
    Year { /// The first that is taken.
        first: i16, /// The last that is taken.
        last: i16 },
    /// The code of an agency has another form.
    #[error("{0:?} không phải mã cơ quan; 1 đến 64 chữ cái, chữ số, dấu . - _ / {0:?} is no code of an agency: 1 to 64 letters, digits, . - _")]
    Agency(String),
}

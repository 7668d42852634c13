//! What must be true of agencies, checked against the periods as they would be after a change.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;

use super::{Agencies, Agency, AgencyCode, LEVELS_MAX, SUCCESSORS_MAX, Standing, standing};
use crate::{Mistake, RegistryError};

/// Longest name, in characters.
pub const NAME_CHARS_MAX: usize = 500;
/// Longest legal basis or note, in characters.
pub const TEXT_CHARS_MAX: usize = 5_000;
/// Most periods of one code: with more, something else than reorganisations is being recorded.
pub const PERIODS_MAX: usize = 100;
/// Years in which an agency may begin or end; outside it must be a slip.
const YEARS: std::ops::RangeInclusive<i16> = 1945..=2199;

/// One thing that is wrong with an agency.
pub(super) enum Problem {
    Mistake(Mistake),
    Overlap { code: AgencyCode, from: Date },
    Cycle(String),
}

impl Problem {
    fn new(place: &str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Mistake(Mistake::new(place, vi, en))
    }

    /// As one of several mistakes, the place behind `row`.
    pub(super) fn at(self, row: &str) -> Mistake {
        let mut mistake = match self {
            Self::Mistake(mistake) => mistake,
            Self::Overlap { code, from } => Mistake::new(
                "valid_from",
                format!("thời gian hiệu lực của {code} chồng lên giai đoạn khác từ {from}"),
                format!("the validity of {code} overlaps with another period from {from}"),
            ),
            Self::Cycle(chain) => Mistake::new(
                "successor",
                format!("chuỗi kế thừa quay vòng: {chain}"),
                format!("the successors form a cycle: {chain}"),
            ),
        };
        if !row.is_empty() {
            mistake.place = format!("{row}, {}", mistake.place);
        }
        mistake
    }
}

/// The refusal for what was found; an overlap or a cycle keeps its own code when nothing else is wrong.
pub(super) fn refuse(mut problems: Vec<Problem>) -> Result<(), RegistryError> {
    match (problems.len(), problems.pop()) {
        (_, None) => Ok(()),
        (1, Some(Problem::Overlap { code, from })) => {
            Err(RegistryError::Overlap { code: code.to_string(), from: from.to_string() })
        }
        (1, Some(Problem::Cycle(chain))) => Err(RegistryError::Cycle(chain)),
        (_, Some(last)) => {
            problems.push(last);
            Err(RegistryError::Invalid(problems.into_iter().map(|problem| problem.at("")).collect()))
        }
    }
}

/// Brings the texts into their one form and finds what is wrong with the fields by themselves.
pub(super) fn fields(agency: &mut Agency) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (place, text, max) in [
        ("name", &mut agency.name, NAME_CHARS_MAX),
        ("legal_basis", &mut agency.legal_basis, TEXT_CHARS_MAX),
        ("closing_basis", &mut agency.closing_basis, TEXT_CHARS_MAX),
        ("note", &mut agency.note, TEXT_CHARS_MAX),
    ] {
        *text = text.trim().nfc().collect();
        if text.chars().count() > max {
            let (vi, en) = (format!("dài quá {max} ký tự"), format!("has more than {max} characters"));
            problems.push(Problem::new(place, vi, en));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            problems.push(Problem::new(
                place,
                "có ký tự điều khiển; hãy gõ lại",
                "has control characters: type it again",
            ));
        }
    }
    if agency.name.is_empty() || agency.name.contains('\n') {
        problems.push(Problem::new("name", "phải có tên, trên một dòng", "wants a name, on one line"));
    }
    problems.extend(dates(agency));
    if agency.also.as_ref().is_some_and(|also| also.form() == agency.code.form()) {
        problems.push(Problem::new(
            "also",
            "phải là mã theo dạng kia (000.00.11.H53 hoặc H53.11)",
            "must be the code in the other form (000.00.11.H53 or H53.11)",
        ));
    }
    if agency.parent.as_ref().is_some_and(|parent| agency.is_called(parent)) {
        problems.push(Problem::new(
            "parent",
            "một cơ quan không thể là cấp trên của chính mình",
            "an agency is not above itself",
        ));
    }
    problems
}

fn dates(agency: &Agency) -> Vec<Problem> {
    let mut problems = Vec::new();
    let years = "năm phải từ 1945 đến 2199";
    for (place, day) in [("valid_from", Some(agency.valid_from)), ("valid_to", agency.valid_to)] {
        if day.is_some_and(|day| !YEARS.contains(&day.year())) {
            problems.push(Problem::new(place, years, "the year must be between 1945 and 2199"));
        }
    }
    if agency.valid_to.is_some_and(|last| last < agency.valid_from) {
        problems.push(Problem::new(
            "valid_to",
            "ngày hết hiệu lực trước ngày bắt đầu hiệu lực; hãy sửa một trong hai",
            "the last day is before the first: correct one of them",
        ));
    }
    for (place, given) in
        [("successor", agency.successor.is_some()), ("closing_basis", !agency.closing_basis.is_empty())]
    {
        if given && agency.valid_to.is_none() {
            problems.push(Problem::new(
                place,
                "chỉ ghi khi có ngày hết hiệu lực (valid_to)",
                "belongs only to an agency with a last day (valid_to)",
            ));
        }
    }
    problems
}

/// The periods as they would be: those of the state, replaced and extended by rows.
pub(super) struct After<'a> {
    now: &'a Agencies,
    by_code: HashMap<&'a AgencyCode, Vec<&'a Agency>>,
    by_also: HashMap<&'a AgencyCode, Vec<&'a Agency>>,
    /// A period of the state that is to be forgotten, because its first day is being corrected.
    gone: Option<(&'a AgencyCode, Date)>,
    /// Codes of rows that could not be read: there will be such an agency once the row is mended.
    unread: &'a HashSet<AgencyCode>,
}

impl<'a> After<'a> {
    pub(super) fn new(
        now: &'a Agencies,
        gone: Option<(&'a AgencyCode, Date)>,
        unread: &'a HashSet<AgencyCode>,
    ) -> Self {
        Self { now, by_code: HashMap::new(), by_also: HashMap::new(), gone, unread }
    }

    /// Adds a row, unless there would be more of one code than anybody could need.
    pub(super) fn add(&mut self, row: &'a Agency) -> Result<(), Problem> {
        let own = self.by_code.entry(&row.code).or_default();
        if own.iter().any(|other| other.valid_from == row.valid_from) {
            return Err(Problem::new(
                "valid_from",
                format!("đã có dòng khác cho {} từ cùng ngày", row.code),
                format!("another row has {} from the same day", row.code),
            ));
        }
        let also = row.also.as_ref().map(|also| self.by_also.entry(also).or_default());
        let known = self.now.periods(&row.code).len();
        if own.len() + known >= PERIODS_MAX || also.as_ref().is_some_and(|list| list.len() >= PERIODS_MAX) {
            return Err(Problem::new(
                "code",
                format!("một mã có nhiều nhất {PERIODS_MAX} giai đoạn hiệu lực"),
                format!("a code has at most {PERIODS_MAX} periods"),
            ));
        }
        own.push(row);
        if let Some(list) = also {
            list.push(row);
        }
        Ok(())
    }

    fn called<'s>(&'s self, name: &'s AgencyCode) -> impl Iterator<Item = &'a Agency> {
        let stays = |agency: &&Agency| {
            let rows = self.by_code.get(&agency.code).into_iter().flatten();
            let mut replaced = rows.filter(|row| row.valid_from == agency.valid_from);
            replaced.next().is_none() && self.gone != Some((&agency.code, agency.valid_from))
        };
        let rows = self.by_code.get(name).into_iter().chain(self.by_also.get(name)).flatten();
        self.now.called(name).filter(stays).chain(rows.copied())
    }

    fn on(&self, name: &AgencyCode, day: Date) -> Standing<'a> {
        standing(self.called(name), day)
    }

    /// What is wrong with a row among all the others.
    pub(super) fn among(&self, row: &Agency) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.overlap(row).into_iter().collect();
        problems.extend(self.parent(row));
        problems.extend(self.successor(row));
        problems
    }

    fn overlap(&self, row: &Agency) -> Option<Problem> {
        let same = |other: &Agency| other.code == row.code && other.valid_from == row.valid_from;
        for name in row.names() {
            for other in self.called(name).filter(|other| !same(other)) {
                if let Some((from, _)) =
                    common((row.valid_from, row.valid_to), (other.valid_from, other.valid_to))
                {
                    return Some(Problem::Overlap { code: name.clone(), from });
                }
            }
        }
        None
    }

    /// The agency above must count on the first day of the period, and nobody may be above itself on any day.
    ///
    /// It may end earlier: whoever closes an agency moves those below it by later acts, see `Agencies::orphans`.
    fn parent(&self, row: &Agency) -> Option<Problem> {
        let parent = row.parent.as_ref().filter(|parent| !row.is_called(parent))?;
        if !matches!(self.on(parent, row.valid_from), Standing::Valid(_)) {
            if self.unread.contains(parent) {
                return None;
            }
            return Some(Problem::new(
                "parent",
                format!("cơ quan cấp trên {parent} chưa có hoặc không có hiệu lực ngày {}", row.valid_from),
                format!("the agency above, {parent}, is unknown or does not count on {}", row.valid_from),
            ));
        }
        let mut path = vec![row.code.clone()];
        self.leads_up_to(row, parent, (row.valid_from, row.valid_to), &mut path).then(|| {
            let path: Vec<_> = path.iter().map(AgencyCode::as_str).collect();
            Problem::new(
                "parent",
                format!("cấp trên quay vòng hoặc quá {LEVELS_MAX} cấp: {}", path.join(" → ")),
                format!("those above form a cycle or more than {LEVELS_MAX} levels: {}", path.join(" → ")),
            )
        })
    }

    /// Whether the way up from `name` comes to `row` on a day of the span, or does not end. `path` is then that way.
    fn leads_up_to(
        &self,
        row: &Agency,
        name: &AgencyCode,
        span: (Date, Option<Date>),
        path: &mut Vec<AgencyCode>,
    ) -> bool {
        path.push(name.clone());
        if path.len() > LEVELS_MAX || row.is_called(name) {
            return true;
        }
        for agency in self.called(name) {
            let shared = common(span, (agency.valid_from, agency.valid_to));
            if let (Some(shared), Some(parent)) = (shared, &agency.parent)
                && self.leads_up_to(row, parent, shared, path)
            {
                return true;
            }
        }
        path.pop();
        false
    }

    /// Follows the successors to the end of time: the first must be there, and none may lead back.
    fn successor(&self, row: &Agency) -> Option<Problem> {
        let (mut day, mut next) = (row.after()?, row.successor.as_ref()?);
        let mut chain = vec![&row.code];
        // Those that are found closed on one day; whoever comes a second time is part of a cycle.
        let mut closed = vec![&row.code];
        // Once somebody has answered, what comes later was somebody else's decision.
        let mut answered = false;
        let wrong = |vi: &str, en: &str| {
            let first = row.successor.as_ref().map_or("", AgencyCode::as_str);
            Some(Problem::new("successor", format!("{first} {vi}"), format!("{first} {en}")))
        };
        for _ in 0..SUCCESSORS_MAX {
            match self.on(next, day) {
                Standing::Valid(agency) => match (agency.after(), &agency.successor) {
                    (Some(after), Some(successor)) => {
                        chain.push(&agency.code);
                        (day, next, answered) = (after, successor, true);
                        closed = vec![&agency.code];
                    }
                    _ => return None,
                },
                Standing::NotYet { from } => day = from,
                Standing::Closed { last, successor, .. } => {
                    chain.push(&last.code);
                    if closed.contains(&&last.code) {
                        let chain: Vec<_> = chain.into_iter().map(AgencyCode::as_str).collect();
                        return Some(Problem::Cycle(chain.join(" → ")));
                    }
                    closed.push(&last.code);
                    match successor {
                        Some(successor) => next = successor,
                        None if answered => return None,
                        None => {
                            return wrong(
                                "đã chấm dứt, không có cơ quan kế thừa",
                                "is closed, without successor",
                            );
                        }
                    }
                }
                Standing::Unknown if answered || self.unread.contains(next) => return None,
                Standing::Unknown => {
                    return wrong(
                        "chưa có; hãy nhập trước hoặc cùng lúc",
                        "is unknown: enter it before, or together",
                    );
                }
            }
        }
        wrong("có chuỗi kế thừa quá dài", "has too long a line of successors")
    }
}

/// The days that two periods share.
fn common(a: (Date, Option<Date>), b: (Date, Option<Date>)) -> Option<(Date, Option<Date>)> {
    let from = a.0.max(b.0);
    let to = match (a.1, b.1) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    to.is_none_or(|to| from <= to).then_some((from, to))
}

//! Reads `vocabulary.toml`, with all of its mistakes at once.

use jiff::civil::Date;
use toml::{Table, Value};

use super::super::DataClass;
use super::{ClassRule, Dated, SharingKind, SharingMethod, Vocabulary, squeezed};
use crate::text::Text;
use crate::{Mistake, RegistryError};

/// Code of the class that is never accepted.
const STATE_SECRET: &str = "state_secret";

pub(super) fn vocabulary(text: &str) -> Result<Vocabulary, RegistryError> {
    let table = text.parse::<Table>().map_err(|e| {
        let why = e.message().to_owned();
        RegistryError::invalid("vocabulary", format!("không phải TOML: {why}"), format!("is not TOML: {why}"))
    })?;
    let mut mistakes = Vec::new();
    for key in table.keys().filter(|key| !["sharing", "class", "method"].contains(&key.as_str())) {
        mistakes.push(unknown(key.clone()));
    }
    let vocabulary = Vocabulary {
        kinds: rows(&table, "sharing", &mut mistakes, kind),
        classes: rows(&table, "class", &mut mistakes, class),
        methods: rows(&table, "method", &mut mistakes, method),
    };
    periods("sharing", &vocabulary.kinds, &mut mistakes);
    periods("class", &vocabulary.classes, &mut mistakes);
    periods("method", &vocabulary.methods, &mut mistakes);
    links(&vocabulary, &mut mistakes);
    if mistakes.is_empty() { Ok(vocabulary) } else { Err(RegistryError::Invalid(mistakes)) }
}

fn unknown(place: String) -> Mistake {
    Mistake::new(
        place,
        "không có khóa này, hãy xóa hoặc sửa tên",
        "there is no such key: remove it or correct it",
    )
}

/// One entry of the file while it is being read.
struct Row<'a> {
    table: &'a Table,
    place: String,
    mistakes: &'a mut Vec<Mistake>,
    known: Vec<&'static str>,
}

impl<'a> Row<'a> {
    fn wrong(&mut self, key: &str, vi: &str, en: &str) {
        self.mistakes.push(Mistake::new(format!("{}.{key}", self.place), vi, en));
    }

    fn get(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.table.get(key)
    }

    fn text(&mut self, key: &'static str) -> String {
        let text = self.get(key).and_then(Value::as_str).map(str::trim).unwrap_or_default();
        if text.is_empty() {
            self.wrong(key, "phải là chữ, không để trống", "must be a text that is not empty");
        }
        text.to_owned()
    }

    fn title(&mut self) -> Text {
        let title = self.get("title").cloned().and_then(|value| value.try_into::<Text>().ok());
        title.filter(|title| !title.vi.trim().is_empty()).unwrap_or_else(|| {
            self.wrong(
                "title",
                "phải có dạng { vi = \"…\", en = \"…\" }",
                "must be { vi = \"…\", en = \"…\" }",
            );
            Text::default()
        })
    }

    fn day(&mut self, key: &'static str) -> Option<Date> {
        let value = self.get(key)?;
        let day = value.as_datetime().and_then(|stamp| stamp.to_string().parse().ok());
        if day.is_none() {
            self.wrong(key, "phải là ngày dạng 2025-10-22", "must be a day such as 2025-10-22");
        }
        day
    }

    fn first_day(&mut self) -> Date {
        let given = self.table.contains_key("valid_from");
        let day = self.day("valid_from");
        if !given {
            self.wrong("valid_from", "thiếu ngày bắt đầu", "the first day is missing");
        }
        day.unwrap_or(Date::MIN)
    }

    fn last_day(&mut self, from: Date) -> Option<Date> {
        let to = self.day("valid_to");
        if to.is_some_and(|to| to < from) {
            self.wrong("valid_to", "trước ngày bắt đầu", "is before the first day");
        }
        to
    }

    fn request_kind(&mut self) -> u8 {
        let kind =
            self.get("request_kind").and_then(Value::as_integer).and_then(|kind| u8::try_from(kind).ok());
        kind.filter(|kind| (1..=3).contains(kind)).unwrap_or_else(|| {
            let (vi, en) = ("phải là 1, 2 hoặc 3", "must be 1 (automatic), 2 (on request) or 3 (special)");
            self.wrong("request_kind", vi, en);
            1
        })
    }

    fn flag(&mut self, key: &'static str) -> bool {
        let flag = self.get(key).and_then(Value::as_bool);
        if flag.is_none() {
            self.wrong(key, "phải là true hoặc false", "must be true or false");
        }
        flag.unwrap_or_default()
    }

    /// Marks in the form in which they are compared.
    fn spellings(&mut self) -> Vec<String> {
        let Some(value) = self.get("spellings") else { return Vec::new() };
        let texts: Option<Vec<&str>> =
            value.as_array().and_then(|all| all.iter().map(Value::as_str).collect());
        let marks: Vec<String> = texts.unwrap_or_default().into_iter().map(squeezed).collect();
        if marks.is_empty() || marks.iter().any(String::is_empty) {
            self.wrong(
                "spellings",
                "phải là danh sách từ, không để trống",
                "must be a list of words, none empty",
            );
        }
        marks
    }

    fn finish(self) {
        for key in self.table.keys().filter(|key| !self.known.contains(&key.as_str())) {
            self.mistakes.push(unknown(format!("{}.{key}", self.place)));
        }
    }
}

fn rows<T>(table: &Table, list: &str, mistakes: &mut Vec<Mistake>, read: fn(&mut Row<'_>) -> T) -> Vec<T> {
    let entries: Option<Vec<&Table>> =
        table.get(list).and_then(Value::as_array).and_then(|all| all.iter().map(Value::as_table).collect());
    let entries = entries.unwrap_or_default();
    if entries.is_empty() {
        let (vi, en) = (format!("thiếu các mục [[{list}]]"), format!("there are no entries [[{list}]]"));
        mistakes.push(Mistake::new(list, vi, en));
    }
    let mut read_rows = Vec::new();
    for (number, table) in (1..).zip(entries) {
        let place = format!("{list}[{number}]");
        let mut row = Row { table, place, mistakes: &mut *mistakes, known: Vec::new() };
        read_rows.push(read(&mut row));
        row.finish();
    }
    read_rows
}

fn kind(row: &mut Row<'_>) -> SharingKind {
    let valid_from = row.first_day();
    SharingKind {
        code: row.text("code"),
        title: row.title(),
        old: row.table.contains_key("old").then(|| row.text("old")),
        request_kind: row.request_kind(),
        needs_impact_assessment: row.flag("needs_impact_assessment"),
        legal_basis: row.text("legal_basis"),
        valid_from,
        valid_to: row.last_day(valid_from),
    }
}

fn class(row: &mut Row<'_>) -> ClassRule {
    let code = row.text("code");
    let class = DataClass::from_code(&code);
    let blocked = code == STATE_SECRET;
    let valid_from = row.first_day();
    let rule = ClassRule {
        title: row.title(),
        spellings: row.spellings(),
        legal_basis: row.text("legal_basis"),
        valid_from,
        valid_to: row.last_day(valid_from),
        code,
        class,
    };
    if !rule.code.is_empty() && class.is_none() && !blocked {
        let (vi, en) =
            ("không phải mức dữ liệu mà chương trình biết", "is not a class that the program knows");
        row.wrong("code", vi, en);
    }
    if blocked == rule.spellings.is_empty() {
        let (vi, en) =
            ("mức bị chặn, và chỉ mức đó, có cách viết", "the blocked class, and it alone, has spellings");
        row.wrong("spellings", vi, en);
    }
    rule
}

fn method(row: &mut Row<'_>) -> SharingMethod {
    let valid_from = row.first_day();
    SharingMethod {
        code: row.text("code"),
        title: row.title(),
        legal_basis: row.text("legal_basis"),
        valid_from,
        valid_to: row.last_day(valid_from),
    }
}

/// Two entries with one code never count on the same day.
fn periods<T: Dated>(list: &str, entries: &[T], mistakes: &mut Vec<Mistake>) {
    for (index, entry) in entries.iter().enumerate() {
        let (from, to) = entry.days();
        let clash = entries[..index].iter().find(|other| {
            let (other_from, other_to) = other.days();
            other.code() == entry.code()
                && to.is_none_or(|to| other_from <= to)
                && other_to.is_none_or(|other_to| from <= other_to)
        });
        if clash.is_some() {
            let place = format!("{list}[{}].valid_from", index + 1);
            let code = entry.code();
            let vi = format!("thời gian hiệu lực chồng lên một mục khác của {code}");
            mistakes.push(Mistake::new(place, vi, format!("overlaps another entry of {code}")));
        }
    }
}

/// What one entry says of another, and what the program cannot do without.
fn links(vocabulary: &Vocabulary, mistakes: &mut Vec<Mistake>) {
    for (number, kind) in (1..).zip(&vocabulary.kinds) {
        let Some(old) = &kind.old else { continue };
        if !vocabulary.kinds.iter().any(|other| other.code == *old && other.code != kind.code) {
            let (vi, en) = (format!("không có loại {old}"), format!("there is no kind {old}"));
            mistakes.push(Mistake::new(format!("sharing[{number}].old"), vi, en));
        }
    }
    let codes = DataClass::ALL.iter().map(|class| class.code()).chain([STATE_SECRET]);
    for code in codes.filter(|code| vocabulary.classes.iter().all(|class| class.code != *code)) {
        let (vi, en) = (format!("thiếu mức dữ liệu {code}"), format!("the class {code} is missing"));
        mistakes.push(Mistake::new("class", vi, en));
    }
}

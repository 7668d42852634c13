//! Reading files of rules so that every mistake is reported, not only the first.

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::error::{Mistake, RegistryError};
use crate::text::Text;

/// A version of rules: what counts on some days.
pub(crate) trait Version {
    /// Its code.
    fn code(&self) -> &str;

    /// The first and the last day on which it counts.
    fn days(&self) -> (Date, Option<Date>);
}

/// The version that counts on that day.
pub(crate) fn on<T: Version>(versions: &[T], day: Date) -> Option<&T> {
    versions.iter().find(|version| {
        let (from, to) = version.days();
        from <= day && to.is_none_or(|last| day <= last)
    })
}

/// Reads a file that consists of versions under one key, and puts the oldest first.
pub(crate) fn versions<T: Version>(
    file: &str,
    text: &str,
    key: &str,
    read: fn(Reader<'_>) -> Option<T>,
) -> Result<Vec<T>, RegistryError> {
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            let vi = format!("không đọc được tệp TOML, sửa cú pháp: {error}");
            let en = format!("not readable as TOML, correct the syntax: {error}");
            return Err(RegistryError::invalid(file, vi, en));
        }
    };
    let mut notes = Vec::new();
    let mut reader = Reader { place: file.to_owned(), table, notes: &mut notes };
    let mut versions = reader.list(key, read);
    reader.close();
    versions.sort_by_key(|version| version.days().0);
    if versions.is_empty() && notes.is_empty() {
        let (vi, en) = (
            format!("chưa có mục nào, thêm ít nhất một mục [[{key}]]"),
            format!("there is none: add at least one [[{key}]]"),
        );
        notes.push(Mistake::new(key, vi, en));
    }
    for pair in versions.windows(2) {
        let (one, other) = (&pair[0], &pair[1]);
        let place = format!("{key} {}", other.code());
        if one.days().1.is_none_or(|last| last >= other.days().0) {
            let vi =
                format!("chồng thời gian hiệu lực với {}: đặt valid_to của {0} trước valid_from", one.code());
            let en = format!("overlaps {}: end that one the day before this one begins", one.code());
            notes.push(Mistake::new(place.clone(), vi, en));
        }
        if one.code() == other.code() {
            notes.push(twice(place));
        }
    }
    if notes.is_empty() { Ok(versions) } else { Err(RegistryError::Invalid(notes)) }
}

fn twice(place: String) -> Mistake {
    Mistake::new(place, "mã bị lặp, dùng mã khác", "the code is used twice: choose another")
}

/// A table of which one key after the other is taken.
pub(crate) struct Reader<'a> {
    pub(crate) place: String,
    table: Table,
    notes: &'a mut Vec<Mistake>,
}

impl Reader<'_> {
    pub(crate) fn note(&mut self, key: &str, vi: &str, en: &str) {
        self.notes.push(Mistake::new(format!("{}, {key}", self.place), vi, en));
    }

    /// The place of the table around this one.
    pub(crate) fn above(&self) -> &str {
        self.place.rsplit_once(", ").map_or("", |(above, _)| above)
    }

    pub(crate) fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let value = self.table.remove(key)?;
        match value.try_into() {
            Ok(value) => Some(value),
            Err(error) => {
                let error = error.to_string();
                let error = error.trim_end();
                self.note(key, &format!("giá trị không hợp lệ: {error}"), &format!("not valid: {error}"));
                None
            }
        }
    }

    pub(crate) fn required<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        if !self.table.contains_key(key) {
            self.note(key, "thiếu, phải khai báo", "is missing: add it");
        }
        self.optional(key)
    }

    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        let text = self.required::<String>(key)?;
        if text.trim().is_empty() {
            self.note(key, "để trống, phải khai báo", "is empty: fill it in");
            return None;
        }
        Some(text)
    }

    pub(crate) fn title(&mut self, key: &str) -> Option<Text> {
        let text = self.required::<Text>(key)?;
        if text.vi.trim().is_empty() || text.en.trim().is_empty() {
            self.note(key, "phải có cả tiếng Việt và tiếng Anh", "needs Vietnamese and English");
            return None;
        }
        Some(text)
    }

    pub(crate) fn code(&mut self) -> Option<String> {
        let code = self.text("code")?;
        if code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            return Some(code);
        }
        self.note("code", "chỉ dùng a-z, 0-9 và _", "use a-z, 0-9 and _ only");
        None
    }

    pub(crate) fn list<T>(&mut self, key: &str, read: fn(Reader<'_>) -> Option<T>) -> Vec<T> {
        let mut list = Vec::new();
        match self.table.remove(key) {
            Some(Value::Array(values)) => {
                for (i, value) in values.into_iter().enumerate() {
                    let place = format!("{}, {key} {}", self.place, i + 1);
                    if let Value::Table(table) = value {
                        list.extend(read(Reader { place, table, notes: self.notes }));
                    } else {
                        self.notes.push(Mistake::new(place, "phải là một bảng", "must be a table"));
                    }
                }
            }
            Some(_) => self.note(key, "phải là danh sách bảng [[…]]", "must be a list of tables [[…]]"),
            None => self.note(key, "thiếu, phải khai báo", "is missing: add it"),
        }
        list
    }

    /// Whether the key is there and was not taken yet.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The days on which a version counts.
    pub(crate) fn days(&mut self) -> (Option<Date>, Option<Date>) {
        let (from, to) = (self.required::<Date>("valid_from"), self.optional::<Date>("valid_to"));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            self.note("valid_to", "trước valid_from, đổi lại", "is before valid_from: exchange them");
        }
        (from, to)
    }

    /// Notes codes that stand twice.
    pub(crate) fn once<'c>(&mut self, what: &str, codes: impl Iterator<Item = &'c str>) {
        let mut seen = std::collections::HashSet::new();
        for code in codes.filter(|code| !seen.insert(*code)) {
            self.notes.push(twice(format!("{}, {what} {code}", self.place)));
        }
    }

    /// What was not taken is unknown.
    pub(crate) fn close(&mut self) {
        let unknown: Vec<String> = std::mem::take(&mut self.table).into_iter().map(|(key, _)| key).collect();
        for key in unknown {
            self.note(&key, "khóa không có trong quy định, bỏ đi", "is not a known key: leave it out");
        }
    }
}

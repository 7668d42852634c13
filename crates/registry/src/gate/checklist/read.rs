//! Reading `checklists.toml` so that every mistake is reported, not only the first.

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::{About, Checklist, InForce, Item, Transition};
use crate::error::{Mistake, RegistryError};
use crate::text::Text;

/// Longest period of an item, in months: ten years.
const MONTHS_MAX: u16 = 120;
/// Earliest warning, in days.
const WARN_DAYS_MAX: u16 = 365;
/// Security levels are 1 to 5 (Nghị định 331/2026/NĐ-CP, Điều 11 to 16).
const LEVEL_MAX: u8 = 5;
/// Requests are of kind 1 to 3 (Công văn 4856/BCA-TTDLQG).
const KIND_MAX: u8 = 3;

/// The versions, the oldest first.
pub(super) fn checklists(text: &str) -> Result<Vec<Checklist>, RegistryError> {
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            let vi = format!("không đọc được tệp TOML, sửa cú pháp: {error}");
            let en = format!("not readable as TOML, correct the syntax: {error}");
            return Err(RegistryError::invalid("checklists.toml", vi, en));
        }
    };
    let mut notes = Vec::new();
    let mut file = Reader { place: "checklists.toml".to_owned(), table, notes: &mut notes };
    let mut versions = file.list("checklist", checklist);
    file.close();
    versions.sort_by_key(|list| list.valid_from);
    check(&versions, &mut notes);
    if notes.is_empty() { Ok(versions) } else { Err(RegistryError::Invalid(notes)) }
}

fn check(versions: &[Checklist], notes: &mut Vec<Mistake>) {
    if versions.is_empty() && notes.is_empty() {
        notes.push(Mistake::new(
            "checklist",
            "chưa có danh mục nào, thêm ít nhất một mục [[checklist]]",
            "there is none: add at least one [[checklist]]",
        ));
    }
    for pair in versions.windows(2) {
        if pair[0].valid_to.is_none_or(|last| last >= pair[1].valid_from) {
            notes.push(Mistake::new(
                format!("checklist {}", pair[1].code),
                format!(
                    "chồng thời gian hiệu lực với {}: đặt valid_to của {0} trước valid_from",
                    pair[0].code
                ),
                format!("overlaps {}: end that one the day before this one begins", pair[0].code),
            ));
        }
        if pair[0].code == pair[1].code {
            notes.push(twice(format!("checklist {}", pair[1].code)));
        }
    }
}

fn twice(place: String) -> Mistake {
    Mistake::new(place, "mã bị lặp, dùng mã khác", "the code is used twice: choose another")
}

fn checklist(mut reader: Reader<'_>) -> Option<Checklist> {
    let code = reader.code();
    if let Some(code) = &code {
        reader.place = format!("checklist {code}");
    }
    let (title, legal_basis) = (reader.title("title"), reader.text("legal_basis"));
    let (valid_from, valid_to) = (reader.required::<Date>("valid_from"), reader.optional::<Date>("valid_to"));
    if let (Some(from), Some(to)) = (valid_from, valid_to)
        && to < from
    {
        reader.note("valid_to", "trước valid_from, đổi lại", "is before valid_from: exchange them");
    }
    let items = reader.list("item", item);
    let transitions = if reader.table.contains_key("transition") {
        reader.list("transition", transition)
    } else {
        Vec::new()
    };
    reader.close();
    for (i, one) in items.iter().enumerate() {
        if items[..i].iter().any(|other| other.code == one.code) {
            reader.notes.push(twice(format!("{}, item {}", reader.place, one.code)));
        }
    }
    for rule in &transitions {
        if !items.iter().any(|item| item.code == rule.item) {
            let place = format!("transition of {}", rule.item);
            reader.note(&place, "không có mục này trong danh mục", "the checklist has no such item");
        }
    }
    Some(Checklist {
        code: code?,
        title: title?,
        legal_basis: legal_basis?,
        valid_from: valid_from?,
        valid_to,
        items,
        transitions,
    })
}

fn item(mut reader: Reader<'_>) -> Option<Item> {
    let code = reader.code();
    if let Some(code) = &code {
        reader.place = format!("{}, item {code}", reader.above());
    }
    let (title, proves) = (reader.title("title"), reader.title("proves"));
    let legal_basis = reader.text("legal_basis");
    let (whom, about) = (reader.required("whom"), reader.required::<About>("about"));
    let personal_only = reader.optional("personal_only").unwrap_or(false);
    let kinds: Vec<u8> = reader.optional("kinds").unwrap_or_default();
    if kinds.iter().any(|kind| !(1..=KIND_MAX).contains(kind)) {
        reader.note("kinds", "mỗi loại phải từ 1 đến 3", "each is 1 to 3");
    }
    if !kinds.is_empty() && about == Some(About::Subsystem) {
        let vi = "chỉ kết nối mới có loại, đặt about = \"connection\" hoặc bỏ dòng này";
        reader.note(
            "kinds",
            vi,
            "only a connection has a kind: write about = \"connection\", or leave it out",
        );
    }
    let in_force = in_force(&mut reader);
    let level_min = reader.optional::<u8>("level_min");
    if level_min.is_some_and(|level| !(1..=LEVEL_MAX).contains(&level)) {
        reader.note("level_min", "cấp độ phải từ 1 đến 5", "a level is 1 to 5");
    }
    let contacts = reader.optional("contacts").unwrap_or_default();
    let mut warn_days: Vec<u16> = reader.optional("warn_days").unwrap_or_default();
    if warn_days.iter().any(|days| !(1..=WARN_DAYS_MAX).contains(days)) {
        reader.note("warn_days", "mỗi số ngày phải từ 1 đến 365", "each is 1 to 365");
    }
    warn_days.sort_unstable_by(|a, b| b.cmp(a));
    warn_days.dedup();
    if in_force == Some(InForce::Certificate) && about == Some(About::Connection) {
        let vi = "chứng thư số thuộc hệ thống, đặt about = \"subsystem\"";
        reader.note("about", vi, "certificates belong to a system: write about = \"subsystem\"");
    }
    if in_force == Some(InForce::Task) && about == Some(About::Subsystem) {
        let vi = "công việc thuộc đăng ký kết nối, đặt about = \"connection\"";
        reader.note("about", vi, "a task belongs to a request: write about = \"connection\"");
    }
    reader.close();
    Some(Item {
        code: code?,
        title: title?,
        proves: proves?,
        legal_basis: legal_basis?,
        whom: whom?,
        about: about?,
        personal_only,
        kinds,
        in_force: in_force?,
        level_min,
        contacts,
        warn_days,
    })
}

fn in_force(reader: &mut Reader<'_>) -> Option<InForce> {
    let kind = reader.required::<String>("in_force");
    let months = reader.optional::<u16>("months");
    if kind.as_deref() != Some("months") && months.is_some() {
        let vi = "chỉ dùng khi in_force = \"months\", bỏ dòng này";
        reader.note("months", vi, "belongs to in_force = \"months\" only: leave it out");
    }
    match kind?.as_str() {
        "months" => {
            let months = months.filter(|months| (1..=MONTHS_MAX).contains(months));
            if months.is_none() {
                reader.note("months", "phải từ 1 đến 120", "must be 1 to 120");
            }
            months.map(InForce::Months)
        }
        "until_date" => Some(InForce::UntilDate),
        "endless" => Some(InForce::Endless),
        "certificate" => Some(InForce::Certificate),
        "task" => Some(InForce::Task),
        _ => {
            let vi = "phải là months, until_date, endless, certificate hoặc task";
            reader.note("in_force", vi, "must be months, until_date, endless, certificate or task");
            None
        }
    }
}

fn transition(mut reader: Reader<'_>) -> Option<Transition> {
    let (item, legal_basis) = (reader.text("item"), reader.text("legal_basis"));
    let granted_through = reader.required::<Date>("granted_through");
    let stays_through = reader.required::<Date>("stays_through");
    if let (Some(granted), Some(stays)) = (granted_through, stays_through)
        && stays < granted
    {
        reader.note(
            "stays_through",
            "trước granted_through, đổi lại",
            "is before granted_through: exchange them",
        );
    }
    reader.close();
    Some(Transition {
        item: item?,
        granted_through: granted_through?,
        stays_through: stays_through?,
        legal_basis: legal_basis?,
    })
}

/// A table of which one key after the other is taken.
struct Reader<'a> {
    place: String,
    table: Table,
    notes: &'a mut Vec<Mistake>,
}

impl Reader<'_> {
    fn note(&mut self, key: &str, vi: &str, en: &str) {
        self.notes.push(Mistake::new(format!("{}, {key}", self.place), vi, en));
    }

    /// The place of the table around this one.
    fn above(&self) -> &str {
        self.place.rsplit_once(", ").map_or("", |(above, _)| above)
    }

    fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
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

    fn required<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        if !self.table.contains_key(key) {
            self.note(key, "thiếu, phải khai báo", "is missing: add it");
        }
        self.optional(key)
    }

    fn text(&mut self, key: &str) -> Option<String> {
        let text = self.required::<String>(key)?;
        if text.trim().is_empty() {
            self.note(key, "để trống, phải khai báo", "is empty: fill it in");
            return None;
        }
        Some(text)
    }

    fn title(&mut self, key: &str) -> Option<Text> {
        let text = self.required::<Text>(key)?;
        if text.vi.trim().is_empty() || text.en.trim().is_empty() {
            self.note(key, "phải có cả tiếng Việt và tiếng Anh", "needs Vietnamese and English");
            return None;
        }
        Some(text)
    }

    fn code(&mut self) -> Option<String> {
        let code = self.text("code")?;
        if code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            return Some(code);
        }
        self.note("code", "chỉ dùng a-z, 0-9 và _", "use a-z, 0-9 and _ only");
        None
    }

    fn list<T>(&mut self, key: &str, read: fn(Reader<'_>) -> Option<T>) -> Vec<T> {
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

    /// What was not taken is unknown.
    fn close(&mut self) {
        let unknown: Vec<String> = std::mem::take(&mut self.table).into_iter().map(|(key, _)| key).collect();
        for key in unknown {
            self.note(&key, "khóa không có trong quy định, bỏ đi", "is not a known key: leave it out");
        }
    }
}

//! The definition of a data service: a small TOML file that people read, correct and keep under version control.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Mistake, SourceError};
use crate::meaning::{Meaning, Personal};
use crate::value::Kind;

/// The value of `format`.
pub const FORMAT: &str = "lienthong-source/1";
/// Largest page that a definition may allow.
pub const PAGE_ROWS_MAX: u32 = 10_000;
/// Longest run of a statement that a definition may allow, in milliseconds.
pub const STATEMENT_MS_MAX: u64 = 60_000;
/// Largest answer that a definition may allow, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 << 20;

/// A data service of one table or view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Always [`FORMAT`].
    pub format: String,
    /// Address of the database, without password.
    pub url: String,
    /// File with the password, readable by the node only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// What is offered.
    pub service: Service,
    /// Where the rows are.
    pub entity: Entity,
    /// How large answers may be, and how much the database may be asked.
    #[serde(default)]
    pub limits: Limits,
    /// Telling what changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// What is given.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
    /// Searching.
    #[serde(default, rename = "filter", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
}

/// What is offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Subsystem of the member.
    pub subsystem: String,
    /// Code of the service within it.
    pub code: String,
    /// Version of the description.
    #[serde(default = "first_version")]
    pub version: String,
    /// Title in Vietnamese.
    pub title_vi: String,
    /// Title in English.
    #[serde(default)]
    pub title_en: String,
    /// The field by which one row is asked for: `GET /CODE/{value}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_up: Option<String>,
    /// Whether the value of `look_up` names a person, so that the log keeps a pseudonym of it.
    #[serde(default)]
    pub about_person: bool,
    /// Whether approved consumers may take everything: `GET /CODE/_export`.
    #[serde(default)]
    pub export: bool,
}

fn first_version() -> String {
    "1.0.0".into()
}

/// Where the rows are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Table or view, with its schema where the engine has schemas.
    pub table: String,
    /// Columns that tell rows apart, in the order in which pages go.
    pub key: Vec<String>,
    /// The database's names of the types of these columns, in the same order.
    pub key_types: Vec<String>,
}

/// A field of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name for consumers.
    pub name: String,
    /// The column.
    pub column: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The database's name of the column's type, as it was when the definition was written.
    pub column_type: String,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<Meaning>,
    /// Class of personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<Personal>,
    /// What it is, in Vietnamese.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title_vi: String,
    /// Whether it is always there.
    #[serde(default)]
    pub required: bool,
}

/// A declared way of searching.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Name of the query parameter.
    pub parameter: String,
    /// The field that is compared.
    pub field: String,
    /// How.
    pub how: How,
}

/// How a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The very value.
    Equals,
    /// Texts that begin so.
    Prefix,
    /// This value or a later, larger one.
    From,
    /// This value or an earlier, smaller one.
    To,
}

/// Telling what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// The field that grows with every change of its row.
    pub field: String,
}

/// Limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Rows of a page unless the question says.
    pub page_rows: u32,
    /// Rows of a page at most.
    pub page_rows_max: u32,
    /// Longest run of a statement, in milliseconds.
    pub statement_ms: u64,
    /// Largest answer, in bytes; exports have none.
    pub answer_bytes_max: usize,
    /// Questions that are answered at the same time.
    pub at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { page_rows: 50, page_rows_max: 500, statement_ms: 5_000, answer_bytes_max: 4 << 20, at_once: 4 }
    }
}

impl Definition {
    /// Reads a definition; nothing of the database is asked.
    ///
    /// # Errors
    /// Not TOML, or everything that is wrong in itself.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let read: Self = toml::from_str(text).map_err(|error| {
            let what = error.to_string();
            SourceError::Definition(vec![Mistake::new("TOML", what.clone(), what)])
        })?;
        let mistakes = read.mistakes();
        if mistakes.is_empty() { Ok(read) } else { Err(SourceError::Definition(mistakes)) }
    }

    /// With its relative files in a folder: the one in which the definition lies.
    #[must_use]
    pub fn placed(mut self, dir: &Path) -> Self {
        self.password_file = self.password_file.map(|path| dir.join(path));
        if let Some(path) = self.url.strip_prefix("sqlite:").filter(|path| Path::new(path).is_relative()) {
            self.url = format!("sqlite:{}", dir.join(path).display());
        }
        self
    }

    /// The definition as a file.
    ///
    /// # Errors
    /// A path in it is no text.
    pub fn text(&self) -> Result<String, SourceError> {
        toml::to_string(self).map_err(|error| {
            let what = error.to_string();
            SourceError::Definition(vec![Mistake::new("TOML", what.clone(), what)])
        })
    }

    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn mistakes(&self) -> Vec<Mistake> {
        let mut all = Vec::new();
        let mut wrong = |place: String, vi: String, en: String| all.push(Mistake::new(place, vi, en));
        if self.format != FORMAT {
            wrong("format".into(), format!("phải là {FORMAT}"), format!("must be {FORMAT}"));
        }
        for (place, text) in
            [("service.subsystem", &self.service.subsystem), ("service.code", &self.service.code)]
        {
            if text.parse::<base::Part>().is_err() {
                wrong(
                    place.into(),
                    "không đúng dạng mã định danh".into(),
                    "is no part of an identifier".into(),
                );
            }
        }
        if self.service.title_vi.trim().is_empty() {
            wrong("service.title_vi".into(), "còn trống".into(), "is empty".into());
        }
        if self.entity.key.is_empty() {
            let vi = "cần ít nhất một cột phân biệt các dòng; bảng không có khóa thì tạo chỉ mục duy nhất hoặc dùng khung nhìn";
            let en =
                "wants a column that tells rows apart: a table without key needs a unique index or a view";
            wrong("entity.key".into(), vi.into(), en.into());
        }
        if self.entity.key.len() != self.entity.key_types.len() {
            let vi = "phải có đúng một kiểu cho mỗi cột của key";
            wrong("entity.key_types".into(), vi.into(), "wants one type for each column of key".into());
        }
        if self.fields.is_empty() {
            wrong("field".into(), "cần ít nhất một trường".into(), "wants at least one".into());
        }
        let mut names = BTreeSet::new();
        for field in &self.fields {
            let place = format!("field {}", field.name);
            if !is_name(&field.name) {
                let vi = "tên trường gồm chữ, số, gạch dưới, không bắt đầu bằng số hay gạch dưới".into();
                wrong(place.clone(), vi, "a name has letters, digits and _, and begins with a letter".into());
            }
            if !names.insert(&field.name) {
                wrong(place, "trùng tên".into(), "the name is there twice".into());
            }
        }
        let mentioned = self.named_fields();
        for (place, name) in mentioned.into_iter().filter(|(_, name)| self.field(name).is_none()) {
            wrong(place, format!("không có trường {name}"), format!("there is no field {name}"));
        }
        all.extend(self.filter_mistakes());
        all.extend(self.limits.mistakes());
        all
    }

    /// Where fields are named beside their own entries.
    fn named_fields(&self) -> Vec<(String, &str)> {
        let look_up = self.service.look_up.iter().map(|name| ("service.look_up".to_owned(), &**name));
        let changes = self.changes.iter().map(|changes| ("changes.field".to_owned(), &*changes.field));
        let filters = self.filters.iter().map(|f| (format!("filter {}", f.parameter), &*f.field));
        look_up.chain(changes).chain(filters).collect()
    }

    fn filter_mistakes(&self) -> Vec<Mistake> {
        let mut all = Vec::new();
        let mut seen = BTreeSet::new();
        for filter in &self.filters {
            let place = format!("filter {}", filter.parameter);
            if !is_name(&filter.parameter) || ["limit", "after", "since"].contains(&&*filter.parameter) {
                let vi = "tên tham số không dùng được";
                all.push(Mistake::new(&place, vi, "cannot be the name of a parameter"));
            }
            if !seen.insert(&filter.parameter) {
                all.push(Mistake::new(&place, "trùng tên", "the name is there twice"));
            }
            let text = self.field(&filter.field).is_some_and(|field| field.kind == Kind::Text);
            if filter.how == How::Prefix && !text {
                all.push(Mistake::new(
                    &place,
                    "prefix chỉ dùng cho trường text",
                    "prefix is for fields of text",
                ));
            }
        }
        all
    }
}

impl Limits {
    fn mistakes(&self) -> Vec<Mistake> {
        let within = [
            ("page_rows", u64::from(self.page_rows), u64::from(self.page_rows_max)),
            ("page_rows_max", u64::from(self.page_rows_max), u64::from(PAGE_ROWS_MAX)),
            ("statement_ms", self.statement_ms, STATEMENT_MS_MAX),
            ("answer_bytes_max", self.answer_bytes_max as u64, ANSWER_BYTES_MAX as u64),
            ("at_once", self.at_once as u64, 64),
        ];
        let wrong = within.into_iter().filter(|(_, value, max)| !(1..=*max).contains(value));
        wrong
            .map(|(name, _, max)| {
                Mistake::new(format!("limits.{name}"), format!("từ 1 đến {max}"), format!("from 1 to {max}"))
            })
            .collect()
    }
}

/// Letters, digits and `_`, beginning with a letter: what every language can name. Names with `_` in front are ours.
fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

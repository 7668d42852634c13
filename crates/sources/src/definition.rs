//! The definition of a data service: a small TOML file that people read, correct and keep under version control.

mod changes;
mod mistakes;
mod window;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::encoding::Encoding;
use crate::error::{Mistake, SourceError};
use crate::file::Import;
use crate::meaning::{Meaning, Personal};
use crate::password::Password;
use crate::value::Kind;

pub use changes::{At, ChangeTable, Changes, Every};
pub use window::Window;

/// The value of `format`.
pub const FORMAT: &str = "lienthong-source/1";
/// Largest page that a definition may allow.
pub const PAGE_ROWS_MAX: u32 = 10_000;
/// Longest run of a statement that a definition may allow, in milliseconds.
pub const STATEMENT_MS_MAX: u64 = 60_000;
/// Largest answer that a definition may allow, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Longest time that an answer may be kept, in seconds.
pub const CACHE_S_MAX: u32 = 3_600;
/// Most rows of a list within an answer.
pub const LIST_ROWS_MAX: u32 = 1_000;

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
    /// How a file is to be read; for `csv:` and `xlsx:` only.
    #[serde(default, skip_serializing_if = "Import::is_default")]
    pub import: Import,
    /// The password itself, where somebody who could unseal its file did; never written.
    #[serde(skip)]
    pub password: Option<Password>,
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
    /// Saying yes or no to what a consumer knows already.
    #[serde(default, rename = "verify", skip_serializing_if = "Vec::is_empty")]
    pub verified: Vec<Verified>,
    /// Rows of other tables that belong to the row of a look-up.
    #[serde(default, rename = "list", skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<List>,
    /// Lists of codes that fields use.
    #[serde(default, rename = "code_list", skip_serializing_if = "Vec::is_empty")]
    pub code_lists: Vec<CodeList>,
    /// Rules of data quality.
    #[serde(default, rename = "rule", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<crate::quality::Rule>,
    /// When the rules are held against all rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<crate::quality::Schedule>,
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
    /// What a consumer gets at all.
    #[serde(default, skip_serializing_if = "Gives::is_rows")]
    pub gives: Gives,
}

/// What a consumer gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gives {
    /// Rows, cut to the declared fields.
    #[default]
    Rows,
    /// The row of a look-up, and never a page: who does not know the value cannot list what there is.
    Row,
    /// Nothing but yes or no to `[[verify]]`: the least that answers the question.
    Verdict,
}

impl Gives {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    fn is_rows(&self) -> bool {
        *self == Self::Rows
    }
}

impl Service {
    /// `SUBSYSTEM/CODE`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.subsystem, self.code)
    }
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
    /// Its name for consumers. Dots make objects: `address.commune` stands in the object `address`, which is `null` when
    /// all that stands in it is empty.
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
    /// What the column's characters stand for, where old bytes were kept as if they were windows-1252: `tcvn3`, `vni`,
    /// `windows1258`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// The list of `[[code_list]]` that its values are codes of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_list: Option<String>,
    /// What it is, in Vietnamese.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title_vi: String,
    /// What it is, in English; without it the words of its meaning stand there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title_en: String,
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

/// What a consumer may ask to be confirmed: `POST /CODE` with the values it knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verified {
    /// The field; one of them must be that of `look_up`.
    pub field: String,
    /// How the values are held against each other.
    #[serde(default)]
    pub compare: Compare,
    /// Whether the question must have it.
    #[serde(default)]
    pub required: bool,
}

/// How two values are held against each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// The very value.
    #[default]
    Exact,
    /// As names are written: case, blanks and the place of the tone mark within a syllable do not count.
    Name,
}

/// Rows of another table, given within the answer of a look-up, never within pages or exports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Its name in the answer.
    pub name: String,
    /// Table or view.
    pub table: String,
    /// Columns that must agree.
    pub by: Vec<Link>,
    /// Columns that rows are in order of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// Rows at most; more is an error, never a short list. At most [`LIST_ROWS_MAX`].
    #[serde(default = "list_rows")]
    pub rows_max: u32,
    /// What is given of each row.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
}

fn list_rows() -> u32 {
    100
}

/// A column of a list that agrees with a column of the entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Column of the list's table.
    pub column: String,
    /// The database's name of its type.
    pub column_type: String,
    /// Column of the entity's table.
    pub of: String,
}

/// A shared list of codes, in the version that this service uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeList {
    /// How fields name it.
    pub id: String,
    /// Code of the catalogue at its owner's.
    pub catalogue: String,
    /// Version of the catalogue: what its owner calls it, or the day from which it counts.
    pub version: String,
    /// Name of each code; a value without a name here is given without one.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
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
    /// Seconds for which an answer may be given again without asking the source; 0 is never. At most [`CACHE_S_MAX`].
    pub cache_s: u32,
    /// When exports may begin, by the clock in Vietnam; always without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulk: Option<Window>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page_rows: 50,
            page_rows_max: 500,
            statement_ms: 5_000,
            answer_bytes_max: 4 << 20,
            at_once: 4,
            cache_s: 0,
            bulk: None,
        }
    }
}

impl Field {
    /// A stored text as Unicode; nothing when it is no text in the field's encoding.
    pub fn unicode<'a>(&self, stored: &'a str) -> Option<Cow<'a, str>> {
        match self.encoding {
            Some(encoding) => encoding.convert(stored).map(Cow::Owned),
            None => Some(Cow::Borrowed(stored)),
        }
    }
}

impl Definition {
    /// Reads a definition; nothing of the database is asked.
    ///
    /// # Errors
    /// Not TOML, or everything that is wrong in itself.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let read: Self = toml::from_str(text)
            .map_err(|error| SourceError::Definition(vec![Mistake::toml(text, &error)]))?;
        let mistakes = read.mistakes();
        if mistakes.is_empty() { Ok(read) } else { Err(SourceError::Definition(mistakes)) }
    }

    /// With its relative files in a folder: the one in which the definition lies.
    #[must_use]
    pub fn placed(mut self, dir: &Path) -> Self {
        self.password_file = self.password_file.map(|path| dir.join(path));
        self.url = crate::file::placed(&self.url, dir);
        self.import.cache = self.import.cache.map(|path| dir.join(path));
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

    /// A list of codes by its name here.
    pub fn code_list(&self, id: &str) -> Option<&CodeList> {
        self.code_lists.iter().find(|list| list.id == id)
    }

    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

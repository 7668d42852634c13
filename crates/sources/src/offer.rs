//! A definition file, whichever source it is of: what a node needs to know to offer it.

use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::check::Checked;
use crate::definition::{Definition, Gives};
use crate::error::{Mistake, SourceError};
use crate::meaning::Personal;
use crate::passthrough::definition::{Operation, Place};
use crate::{check, openapi, passthrough, serve};

/// A definition.
#[derive(Clone, Debug, PartialEq)]
pub enum Offer {
    /// Of a table or view.
    Table(Box<Definition>),
    /// Of a service that exists already.
    Existing(Box<passthrough::Definition>),
}

/// What every definition says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About<'a> {
    /// Subsystem of the member.
    pub subsystem: &'a str,
    /// Code of the service within it.
    pub code: &'a str,
    /// Title in Vietnamese.
    pub title_vi: &'a str,
    /// Title in English; may be empty.
    pub title_en: &'a str,
    /// Whether the first segment of a path names a person.
    pub about_person: bool,
    /// Longest wait for an answer, in milliseconds.
    pub answer_ms: u64,
    /// Fields with personal data, and its class.
    pub personal: Vec<(String, Personal)>,
}

/// What tells which definition it is.
#[derive(Deserialize)]
struct Head {
    format: String,
}

/// Largest definition in bytes; those of large tables have some ten thousand.
const DEFINITION_BYTES_MAX: u64 = 1 << 20;

/// What stands for a value in a [`FirstCall`].
pub const VALUE: &str = "GIA-TRI";

/// A question that shows how a service is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstCall {
    /// Its method.
    pub method: &'static str,
    /// Path and query below the service.
    pub path: String,
    /// The JSON object that it sends.
    pub body: Option<Value>,
}

impl FirstCall {
    fn get(path: &str) -> Self {
        Self { method: "GET", path: path.to_owned(), body: None }
    }

    fn post<'a>(path: &str, names: impl Iterator<Item = &'a String>) -> Self {
        let members: Map<_, _> = names.map(|name| (name.clone(), VALUE.into())).collect();
        Self { method: "POST", path: path.to_owned(), body: Some(members.into()) }
    }
}

impl Offer {
    /// Reads the definition of a file; the files that it names lie beside it.
    ///
    /// # Errors
    /// It is no file, too large, or no definition.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let wrong = |vi: String, en: String| {
            SourceError::Definition(vec![Mistake::new(path.display().to_string(), vi, en)])
        };
        let unreadable = |error: std::io::Error| wrong(error.to_string(), error.to_string());
        // What is no file, as a pipe, may never be open or never end.
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(wrong("không phải là tệp".into(), "is no file".into()));
        }
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(DEFINITION_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > DEFINITION_BYTES_MAX {
            let vi = format!("lớn hơn {DEFINITION_BYTES_MAX} byte");
            return Err(wrong(vi, format!("is larger than {DEFINITION_BYTES_MAX} bytes")));
        }
        Ok(Self::parse(&text)?.placed(path.parent().unwrap_or(Path::new("."))))
    }

    /// Reads a definition; the source is not asked.
    ///
    /// # Errors
    /// Not TOML, or everything that is wrong in itself.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let is_existing = toml::from_str::<Head>(text).is_ok_and(|head| head.format == passthrough::FORMAT);
        Ok(if is_existing {
            Self::Existing(Box::new(passthrough::Definition::parse(text)?))
        } else {
            Self::Table(Box::new(Definition::parse(text)?))
        })
    }

    /// With its relative files in a folder: the one in which the definition lies.
    #[must_use]
    pub fn placed(self, dir: &Path) -> Self {
        match self {
            Self::Table(definition) => Self::Table(Box::new(definition.placed(dir))),
            Self::Existing(definition) => Self::Existing(Box::new(definition.placed(dir))),
        }
    }

    /// The definition as a file.
    ///
    /// # Errors
    /// A path in it is no text.
    pub fn text(&self) -> Result<String, SourceError> {
        match self {
            Self::Table(definition) => definition.text(),
            Self::Existing(definition) => definition.text(),
        }
    }

    /// What every definition says.
    pub fn about(&self) -> About<'_> {
        match self {
            Self::Table(definition) => About {
                subsystem: &definition.service.subsystem,
                code: &definition.service.code,
                title_vi: &definition.service.title_vi,
                title_en: &definition.service.title_en,
                about_person: definition.service.about_person,
                answer_ms: definition.limits.statement_ms,
                personal: personal_of_table(definition),
            },
            Self::Existing(definition) => About {
                subsystem: &definition.service.subsystem,
                code: &definition.service.code,
                title_vi: &definition.service.title_vi,
                title_en: &definition.service.title_en,
                about_person: definition.service.about_person,
                answer_ms: definition.limits.timeout_ms,
                personal: personal_of_existing(definition),
            },
        }
    }

    /// A first question, as whoever has just been connected would ask it; [`VALUE`] stands for what only people know.
    pub fn first_call(&self) -> FirstCall {
        match self {
            Self::Table(of) => match of.service.gives {
                Gives::Rows => FirstCall::get("?limit=2"),
                Gives::Row => FirstCall::get(&format!("/{VALUE}")),
                Gives::Verdict => FirstCall::post("", of.verified.iter().map(|verified| &verified.field)),
            },
            Self::Existing(of) => of.operations.first().map_or_else(|| FirstCall::get(""), of_operation),
        }
    }

    /// The `OpenAPI` 3.1 description.
    pub fn openapi(&self) -> Value {
        match self {
            Self::Table(definition) => openapi::openapi(definition),
            Self::Existing(definition) => passthrough::openapi(definition),
        }
    }

    /// Holds the definition against its source.
    ///
    /// # Errors
    /// The source does not answer.
    pub async fn check(&self) -> Result<Checked, SourceError> {
        match self {
            Self::Table(definition) => check::check(definition, &serve::open(definition).await?).await,
            Self::Existing(definition) => passthrough::check::check(definition).await,
        }
    }
}

fn of_operation(operation: &Operation) -> FirstCall {
    let (method, path) = operation.method_and_path();
    let segment = |part: &str| if part.starts_with('{') { VALUE.to_owned() } else { part.to_owned() };
    let path = path.split('/').map(segment).collect::<Vec<_>>().join("/");
    let of_place = |place: Place| {
        let wanted = operation.parameters.iter().filter(move |one| one.place == place && one.required);
        wanted.map(|one| &one.name)
    };
    let query: Vec<_> = of_place(Place::Query).map(|name| format!("{name}={VALUE}")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let path = format!("{}{query}", path.trim_end_matches('/'));
    if method == "POST" { FirstCall::post(&path, of_place(Place::Body)) } else { FirstCall::get(&path) }
}

fn personal_of_table(definition: &Definition) -> Vec<(String, Personal)> {
    if definition.service.gives == Gives::Verdict {
        // The fields stay where they are; what is given is whether they are so.
        return vec![("ketQua".to_owned(), Personal::Basic)];
    }
    let own = definition.fields.iter().map(|field| (field.name.clone(), field.personal));
    let of_lists = definition.lists.iter().flat_map(|list| {
        list.fields.iter().map(|field| (format!("{}.{}", list.name, field.name), field.personal))
    });
    own.chain(of_lists).filter_map(|(name, class)| Some((name, class?))).collect()
}

fn personal_of_existing(definition: &passthrough::Definition) -> Vec<(String, Personal)> {
    let mut all: Vec<(String, Personal)> = Vec::new();
    for operation in &definition.operations {
        let own = operation.fields.iter().map(|field| (field.name.clone(), field.personal));
        let of_lists = operation.lists.iter().flat_map(|list| {
            list.fields.iter().map(|field| (format!("{}.{}", list.name, field.name), field.personal))
        });
        for (name, class) in own.chain(of_lists) {
            if let Some(class) = class
                && !all.iter().any(|(known, _)| *known == name)
            {
                all.push((name, class));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_told_without_what_stands_in_it() {
        #[track_caller]
        fn check(text: &str, words: &str) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.toml");
            std::fs::write(&path, text).unwrap();
            let error = Offer::read(&path).unwrap_err();
            let told = error.to_string();
            assert!(error.code() == "EX-3010" && told.contains(words), "{told}");
            assert!(!told.contains("bi-mat") && !told.contains("rat-kin"), "{told}");
        }
        check("root:$6$bi-mat:19000:0:99999:7:::\n", "line 1");
        check("format = \"lienthong-source/1\"\nurl = \"mysql://doc:bi-mat@may/x\n[service]\n", "line 2");
        check("format = \"lienthong-source/1\"\nurl = 5\nimport = \"bi-mat: rat-kin, expected\"\n", "TOML");
        check("format = \"lienthong-passthrough/1\"\nurl = \"http://doc:bi-mat@may/x\n", "line 2");
        check(&"#".repeat((1 << 20) + 1), "is larger than");
        assert_eq!(Offer::read(Path::new("/")).unwrap_err().code(), "EX-3010");
    }

    #[test]
    fn a_password_in_the_address_of_a_definition_is_refused() {
        let text = |url: &str| {
            format!(
                "format = \"lienthong-source/1\"\nurl = \"{url}\"\n[service]\nsubsystem = \"A\"\ncode = \"b\"\ntitle_vi = \"B\"\n\
                 [entity]\ntable = \"x.b\"\nkey = [\"ma\"]\nkey_types = [\"text\"]\n\
                 [[field]]\nname = \"ma\"\ncolumn = \"ma\"\ntype = \"text\"\ncolumn_type = \"text\"\n"
            )
        };
        Offer::parse(&text("mysql://doc@may/x")).unwrap();
        let refused = Offer::parse(&text("mysql://doc:bi-mat@may/x")).unwrap_err();
        let told = refused.to_string();
        assert!(told.contains("password_file") && !told.contains("bi-mat"), "{told}");
    }
}

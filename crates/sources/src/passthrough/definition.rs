//! The definition of a service that exists already: a TOML file beside those of tables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Mistake, SourceError};
use crate::meaning::{Meaning, Personal};
use crate::value::Kind;

mod mistakes;

/// The value of `format`.
pub const FORMAT: &str = "lienthong-passthrough/1";
/// Longest wait for an answer that a definition may allow, in milliseconds.
pub const TIMEOUT_MS_MAX: u64 = 60_000;
/// Longest value of a parameter, in bytes, unless the definition says less.
pub const VALUE_BYTES_MAX: usize = 1_000;

/// An existing service and what is offered of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Always [`FORMAT`].
    pub format: String,
    /// Where it answers: the address of a SOAP service, the beginning of all addresses of an HTTP service.
    pub url: String,
    /// Certificates (PEM) of the authorities that vouch for it; the public authorities without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// What is offered.
    pub service: Service,
    /// How long and how large answers may be, and how much the service may be asked.
    #[serde(default)]
    pub limits: Limits,
    /// How the service knows us; nothing where it asks for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// That it speaks SOAP; JSON over HTTP without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soap: Option<Soap>,
    /// What can be asked.
    #[serde(rename = "operation")]
    pub operations: Vec<Operation>,
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
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title_en: String,
    /// Whether the first segment of each path names a person, so that the log keeps a pseudonym of it.
    #[serde(default)]
    pub about_person: bool,
}

fn first_version() -> String {
    "1.0.0".into()
}

/// Limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Longest wait for a whole answer, in milliseconds.
    pub timeout_ms: u64,
    /// Largest answer, in bytes.
    pub answer_bytes_max: usize,
    /// Questions that the service is asked at the same time.
    pub at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { timeout_ms: 5_000, answer_bytes_max: 4 << 20, at_once: 4 }
    }
}

/// How the service knows us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Name for HTTP's basic authentication (RFC 7617); the secret is its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Header whose value is the secret, instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// File with the secret, readable by the node only.
    pub secret_file: PathBuf,
}

/// How the service speaks SOAP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Soap {
    /// Which SOAP.
    pub version: SoapVersion,
    /// Its description (WSDL 1.1), an address or a file, for `source check`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wsdl: Option<String>,
    /// Prefixes of names in this definition. A name without prefix is in no namespace.
    #[serde(default)]
    pub namespaces: BTreeMap<String, String>,
}

/// Versions of SOAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SoapVersion {
    /// W3C note of 8 May 2000.
    #[serde(rename = "1.1")]
    V1_1,
    /// W3C recommendation of 27 April 2007.
    #[serde(rename = "1.2")]
    V1_2,
}

/// A question that consumers may ask, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Method and path towards consumers: `GET /{maHoSo}`, `POST /`.
    pub at: String,
    /// Title in Vietnamese.
    pub title_vi: String,
    /// Title in English.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title_en: String,
    /// HTTP: method and path at the service, `GET /ho-so/{maHoSo}`. SOAP: the element in the body, `ht:traCuu`.
    pub request: String,
    /// SOAP: the action.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// Where the fields are in the answer: a path of members, or of elements below the body. Empty: at its top.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer: String,
    /// What it looks like when there is nothing: 404 for the consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_found: Option<NotFound>,
    /// What consumers give.
    #[serde(default, rename = "parameter", skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// What the service gets.
    #[serde(default, rename = "send", skip_serializing_if = "Vec::is_empty")]
    pub sends: Vec<Sending>,
    /// What consumers get.
    #[serde(default, rename = "field", skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// What consumers get of parts that repeat.
    #[serde(default, rename = "list", skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<List>,
}

/// What it looks like when there is nothing. Any of them is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotFound {
    /// Path of a part of the whole answer; without `value`, that it is missing or empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What that part says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// SOAP: code of a fault, without prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// HTTP: statuses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<u16>,
}

/// What consumers give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name for consumers.
    pub name: String,
    /// Where it stands.
    #[serde(rename = "in")]
    pub place: Place,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Form in which the service wants a `date` or `local_moment`, such as `%d/%m/%Y`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Whether a question without it is refused; always for parts of the path.
    #[serde(default)]
    pub required: bool,
    /// Only these values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Only the digits 0 to 9.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub digits: bool,
    /// Characters at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_min: Option<usize>,
    /// Characters at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_max: Option<usize>,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<Meaning>,
    /// What it is, in Vietnamese.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title_vi: String,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A segment of the path.
    Path,
    /// The query.
    Query,
    /// A member of the JSON object in the body.
    Body,
}

/// A part of what the service gets: a parameter or a text that is always the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    /// Path of members or elements, without the outermost; `@name` at its end is an attribute.
    pub to: String,
    /// In the query instead of the body.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub query: bool,
    /// The parameter; left out when the consumer gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// The text, instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<String>,
}

/// What consumers get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name for consumers; a dot makes an object: `noiO.maXa`.
    pub name: String,
    /// Path of members or elements below `answer`; `@name` at its end is an attribute, `.` is the part itself.
    pub from: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Form in which the service gives a `date` or `local_moment`, such as `%Y%m%d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Whether it is always there.
    #[serde(default)]
    pub required: bool,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<Meaning>,
    /// Class of personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<Personal>,
    /// What it is, in Vietnamese.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title_vi: String,
}

/// What consumers get of a part that repeats: a list of objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Its name for consumers.
    pub name: String,
    /// Path of the part that repeats, below `answer`; `[]` is a list at the top of a JSON document.
    pub from: String,
    /// What it is, in Vietnamese.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title_vi: String,
    /// What each object has; paths are below the part.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
}

impl Definition {
    /// Reads a definition; the service is not asked.
    ///
    /// # Errors
    /// Not TOML, or everything that is wrong in itself.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let read: Self = toml::from_str(text)
            .map_err(|error| SourceError::Definition(vec![Mistake::toml(text, &error)]))?;
        let mistakes = mistakes::of(&read);
        if mistakes.is_empty() { Ok(read) } else { Err(SourceError::Definition(mistakes)) }
    }

    /// With its relative files in a folder: the one in which the definition lies.
    #[must_use]
    pub fn placed(mut self, dir: &Path) -> Self {
        self.ca_file = self.ca_file.map(|path| dir.join(path));
        if let Some(credentials) = &mut self.credentials {
            credentials.secret_file = dir.join(&credentials.secret_file);
        }
        if let Some(wsdl) = self.soap.as_mut().and_then(|soap| soap.wsdl.as_mut()) {
            *wsdl = super::wsdl::placed(wsdl, dir);
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

    /// The names on a path as answers have them: of XML with their namespace before them, `{uri}name`.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let name = |name: &str| match (&self.soap, name.split_once(':')) {
            (Some(soap), Some((prefix, local))) => {
                let (at, prefix) = prefix.strip_prefix('@').map_or(("", prefix), |prefix| ("@", prefix));
                format!("{at}{{{}}}{local}", soap.namespaces.get(prefix).map_or("", String::as_str))
            }
            _ => name.to_owned(),
        };
        path.split('/').filter(|name| !name.is_empty() && *name != ".").map(name).collect()
    }
}

impl Operation {
    /// Method and path towards consumers; the definition was checked for having both.
    pub fn method_and_path(&self) -> (&str, &str) {
        self.at.split_once(' ').unwrap_or((&self.at, "/"))
    }
}

impl Place {
    /// As the definition writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Body => "body",
        }
    }
}

/// Names of the parameters in a path: `{name}` as a whole segment.
pub(super) fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

//! What codes are called, and the rules that requests go by, as pages show them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::failure::Failure;
use crate::session::Visit;
use crate::text::Lang;
use crate::view::query;

/// Codes of one question; the API takes 500.
const AT_ONCE: usize = 200;

/// A text in two languages.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Text {
    /// Vietnamese.
    pub vi: String,
    /// English; empty when nobody wrote it.
    #[serde(default)]
    pub en: String,
}

impl Text {
    /// In a language; Vietnamese where there is no English.
    pub fn of(&self, lang: Lang) -> &str {
        if lang == Lang::En && !self.en.is_empty() { &self.en } else { &self.vi }
    }
}

/// Names of agencies, services and systems.
#[derive(Clone, Debug, Default)]
pub struct Names {
    lang: Lang,
    known: BTreeMap<String, Text>,
}

impl Names {
    /// Asks for the names of these codes.
    ///
    /// # Errors
    /// What the API refuses.
    pub async fn of(visit: &Visit, codes: impl IntoIterator<Item = &str>) -> Result<Self, Failure> {
        let codes: BTreeSet<&str> = codes.into_iter().filter(|code| !code.is_empty()).collect();
        let codes: Vec<&str> = codes.into_iter().collect();
        let mut known = BTreeMap::new();
        for some in codes.chunks(AT_ONCE) {
            let path = format!("/names{}", query(&[("of", &some.join(","))]));
            known.append(&mut visit.get::<BTreeMap<String, Text>>(path).await?);
        }
        Ok(Self { lang: visit.lang, known })
    }

    /// The name of a code; the code itself where it has none.
    pub fn get<'a>(&'a self, code: &'a str) -> &'a str {
        self.known.get(code).map(|name| name.of(self.lang)).filter(|name| !name.is_empty()).unwrap_or(code)
    }
}

impl Names {
    /// The language of the names.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// The name with its code in brackets; the code alone where it has none.
    pub fn full(&self, code: &str) -> String {
        match self.get(code) {
            name if name == code => code.to_owned(),
            name => format!("{name} ({code})"),
        }
    }
}

/// A word of the rules.
#[derive(Clone, Debug, Deserialize)]
pub struct Word {
    /// Code.
    pub code: String,
    /// Its name.
    pub title: Text,
    /// Of kinds of sharing: 1 automatic, 2 on request, 3 special.
    #[serde(default)]
    pub request_kind: Option<u8>,
    /// Of tasks: the role that closes it.
    #[serde(default)]
    pub role: String,
    /// Of tasks: whose person.
    #[serde(default)]
    pub whose: String,
    /// Of tasks: codes of the documents without which it cannot be closed.
    #[serde(default)]
    pub attach: Vec<String>,
}

/// A step of a road.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// Code.
    pub code: String,
    /// Its name.
    pub title: Text,
    /// The role that takes it.
    pub role: String,
    /// Whose person: `consumer`, `consumer_root`, `provider`, `platform`.
    pub whose: String,
    /// Codes of the documents without which it cannot be approved.
    #[serde(default)]
    pub attach: Vec<String>,
    /// The same, only for personal data.
    #[serde(default)]
    pub attach_if_personal: Vec<String>,
    /// Whether who takes it may grant less than was asked for.
    #[serde(default)]
    pub may_narrow: bool,
}

/// A version of the road of one kind of request.
#[derive(Clone, Debug, Deserialize)]
pub struct Road {
    /// 1 automatic, 2 on request, 3 special.
    pub kind: u8,
    /// Version.
    pub version: String,
    /// The text that set it.
    pub legal_basis: String,
    /// Contacts that a request must name: `business`, `technical`, `security`.
    pub contacts: Vec<String>,
    /// The last day on which new requests take it.
    #[serde(default)]
    pub valid_to: Option<String>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// The rules of requests.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Rules {
    /// Roads, all versions.
    pub roads: Vec<Road>,
    /// Documents.
    pub items: Vec<Word>,
    /// Work beside the road.
    pub tasks: Vec<Word>,
    /// Kinds of sharing of today.
    pub sharing: Vec<Word>,
}

impl Rules {
    /// Asks for them.
    ///
    /// # Errors
    /// What the API refuses.
    pub async fn of(visit: &Visit) -> Result<Self, Failure> {
        visit.get("/rules").await
    }

    /// The road of a request.
    pub fn road(&self, kind: u8, version: &str) -> Option<&Road> {
        self.roads.iter().find(|road| road.kind == kind && road.version == version)
    }

    /// The road that a new request of this kind takes.
    pub fn present_road(&self, kind: u8) -> Option<&Road> {
        self.roads.iter().rfind(|road| road.kind == kind && road.valid_to.is_none())
    }

    /// The name of a step on any road of this kind; its code where there is none.
    pub fn step<'a>(&'a self, lang: Lang, kind: u8, code: &'a str) -> &'a str {
        let steps = self.roads.iter().filter(|road| road.kind == kind).flat_map(|road| &road.steps);
        steps.into_iter().find(|step| step.code == code).map_or(code, |step| step.title.of(lang))
    }

    /// The name of a document; its code where there is none.
    pub fn item<'a>(&'a self, lang: Lang, code: &'a str) -> &'a str {
        word(&self.items, lang, code)
    }

    /// The name of a task; its code where there is none.
    pub fn task<'a>(&'a self, lang: Lang, code: &'a str) -> &'a str {
        word(&self.tasks, lang, code)
    }

    /// The name of a kind of sharing; its code where there is none.
    pub fn sharing<'a>(&'a self, lang: Lang, code: &'a str) -> &'a str {
        word(&self.sharing, lang, code)
    }
}

fn word<'a>(words: &'a [Word], lang: Lang, code: &'a str) -> &'a str {
    words.iter().find(|word| word.code == code).map_or(code, |word| word.title.of(lang))
}

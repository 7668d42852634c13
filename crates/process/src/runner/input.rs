//! What comes from outside: names, variables, who asks. Checked once, where it comes in.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::Denied;
use crate::engine::ExecId;

/// Longest name, in bytes: of a message, a topic, a worker, a business key, a person.
pub const NAME_BYTES_MAX: usize = 256;
/// Variables of an instance, and what one message or result brings, in bytes as JSON.
pub const VARIABLES_BYTES_MAX: usize = 1 << 20;
pub use crate::engine::SIGNAL_BYTES_MAX;

/// Lists and contexts within each other in a value: what is stored must be readable again.
pub const DEPTH_MAX: usize = 64;

/// A name: 1 to [`NAME_BYTES_MAX`] bytes, no control characters, none that turns the direction of writing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Box<str>);

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character turns the direction of writing, by which one name can be made to look like another (UAX 9).
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl FromStr for Name {
    type Err = Denied;

    fn from_str(text: &str) -> Result<Self, Denied> {
        let fits =
            (1..=NAME_BYTES_MAX).contains(&text.len()) && !text.chars().any(|c| c.is_control() || turns(c));
        if fits { Ok(Self(text.into())) } else { Err(Denied::Name) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Variables from outside: at most [`VARIABLES_BYTES_MAX`] bytes, names that are a [`Name`], values at most [`DEPTH_MAX`] deep.
#[derive(Clone, Default, PartialEq)]
pub struct Payload(Map<String, Value>);

impl Payload {
    /// No variables.
    pub fn none() -> Self {
        Self::default()
    }

    /// Checks variables.
    ///
    /// # Errors
    /// They are too large, too deep, or one has no proper name.
    pub fn new(variables: Map<String, Value>) -> Result<Self, Denied> {
        if variables.keys().any(|name| name.parse::<Name>().is_err()) {
            return Err(Denied::Name);
        }
        let text = serde_json::to_string(&variables).map_err(|_| Denied::TooDeep)?;
        if text.len() > VARIABLES_BYTES_MAX {
            return Err(Denied::TooLarge { bytes: text.len() });
        }
        if depth(&text) > DEPTH_MAX {
            return Err(Denied::TooDeep);
        }
        Ok(Self(variables))
    }

    pub(super) fn into_map(self) -> Map<String, Value> {
        self.0
    }

    pub(super) fn map(&self) -> &Map<String, Value> {
        &self.0
    }

    pub(super) fn trusted(variables: Map<String, Value>) -> Self {
        Self(variables)
    }
}

/// How many lists and contexts are within each other in a JSON text.
pub(super) fn depth(json: &str) -> usize {
    let (mut deepest, mut now, mut quoted, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Who asks: it stands in the history of what was done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// A person, by sign-in name.
    Person(Name),
    /// A system or worker, by name.
    System(Name),
}

impl By {
    /// The person or system, without which of both it is.
    pub fn name(&self) -> &Name {
        let (Self::Person(name) | Self::System(name)) = self;
        name
    }

    /// Who it is by what a history has.
    pub(super) fn read(text: &str) -> Self {
        match text.split_once(':') {
            Some(("person", name)) => Self::Person(Name(name.into())),
            Some((_, name)) => Self::System(Name(name.into())),
            None => Self::System(Name(text.into())),
        }
    }

    pub(super) fn engine(part: &str) -> Self {
        Self::System(Name(format!("engine/{part}").into()))
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => write!(f, "person:{name}"),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

/// An instance: a UUID of version 7, so that instances sort by when they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub(super) uuid::Uuid);

impl FromStr for InstanceId {
    type Err = Denied;

    fn from_str(text: &str) -> Result<Self, Denied> {
        text.parse().map(Self).map_err(|_| Denied::NoInstance)
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.hyphenated())
    }
}

/// A task, job or incident: a step of an instance. Written `INSTANCE/STEP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId {
    /// The instance.
    pub instance: InstanceId,
    /// The step.
    pub exec: ExecId,
}

impl FromStr for TaskId {
    type Err = Denied;

    fn from_str(text: &str) -> Result<Self, Denied> {
        let (instance, exec) = text.split_once('/').ok_or(Denied::NoTask)?;
        Ok(Self { instance: instance.parse()?, exec: ExecId(exec.parse().map_err(|_| Denied::NoTask)?) })
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.instance, self.exec.0)
    }
}

/// What must be equal between a message and who waits for it, as it stands in an index: the value as JSON, or its hash when
/// that is long; nothing for no value.
pub(super) fn correlation(key: Option<&Value>) -> String {
    match key {
        None | Some(Value::Null) => String::new(),
        Some(value) => indexed(&value.to_string()),
    }
}

/// A text for an index, which takes no long ones.
pub(super) fn indexed(text: &str) -> String {
    if text.len() <= NAME_BYTES_MAX && !text.contains('\0') {
        return text.to_owned();
    }
    let hash = crypto::hash::sha256(&[text.as_bytes()]);
    hash.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

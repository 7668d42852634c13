//! Connection requests: a consumer asks for a service; steps, decisions, time limits, refusals that are counted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::RegistryError;
use crate::grant::{NumberError, number};
use crate::state::Stamp;

/// Number of a request: `YC-2026-000012`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(Box<str>);

impl RequestId {
    /// Number `count` of `year`.
    pub fn new(year: i16, count: u64) -> Self {
        Self(format!("YC-{year:04}-{count:06}").into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        number("YC", text).map(Self)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The steps of each kind of request, by version.
#[derive(Clone, Debug, Default)]
pub struct Roads {}

impl Roads {
    /// Reads `roads.toml`.
    ///
    /// # Errors
    /// Every mistake of the text.
    pub fn parse(_text: &str) -> Result<Self, RegistryError> {
        Ok(Self {})
    }
}

/// What can happen to requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {}

/// All requests.
#[derive(Clone, Debug, Default)]
pub struct Requests {}

impl Requests {
    pub(crate) fn apply(&mut self, _stamp: &Stamp, _event: Event) {}
}

//! Identifiers of the parties of exchange, in X-Road's form `INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE`.
//!
//! Parse, don't validate: a value of these types is well formed. Source: X-Road "Message Protocol
//! for REST" section 4.2 and the identifier characters allowed since X-Road 7.3.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest part of an identifier, in bytes; X-Road's own limit.
pub const PART_BYTES_MAX: usize = 255;

/// Why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Wrong number of parts between slashes.
    #[error("expected {expected} parts separated by '/', found {found}")]
    Parts {
        /// How many the identifier has, in words.
        expected: &'static str,
        /// How many there were.
        found: usize,
    },
    /// A part is empty.
    #[error("an identifier part is empty")]
    Empty,
    /// A part is too long.
    #[error("an identifier part has {0} bytes, at most {PART_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// A character outside the allowed set.
    #[error("the character {0:?} is not allowed in an identifier (allowed: A-Z a-z 0-9 ' ( ) + , - . = ?)")]
    Character(char),
    /// `%` not followed by two hexadecimal digits, or bytes that are not UTF-8.
    #[error("an identifier part is not valid percent-encoded UTF-8")]
    Encoding,
}

/// Bytes of a part that need no memory of their own; what codes have in practice. A call parses, copies and drops about
/// sixty parts.
const SHORT_BYTES_MAX: usize = 22;

/// One part of an identifier: 1 to 255 bytes of `A-Z a-z 0-9 ' ( ) + , - . = ?`, case kept and significant.
#[derive(Clone)]
pub struct Part(Kept);

#[derive(Clone)]
enum Kept {
    Short { len: u8, bytes: [u8; SHORT_BYTES_MAX] },
    Long(Box<str>),
}

impl Part {
    /// Checks and keeps a part that is not percent-encoded.
    ///
    /// # Errors
    /// Empty, too long, or with a character outside the set.
    pub fn new(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if text.len() > PART_BYTES_MAX {
            return Err(IdError::TooLong(text.len()));
        }
        // `.` and `..` mean something else to every tool that meets them in a path.
        if text == "." || text == ".." {
            return Err(IdError::Character('.'));
        }
        match text.chars().find(|c| !allowed(*c)) {
            Some(bad) => Err(IdError::Character(bad)),
            None => Ok(Self(Kept::of(text))),
        }
    }

    /// Decodes one percent-encoded path segment, once, and checks it.
    ///
    /// # Errors
    /// As [`Part::new`], and when the encoding is broken.
    pub fn decode(segment: &str) -> Result<Self, IdError> {
        if !segment.contains('%') {
            return Self::new(segment);
        }
        Self::new(&percent_decode(segment)?)
    }

    /// The text.
    ///
    /// # Panics
    /// Never: all allowed characters are ASCII.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::Short { .. } => std::str::from_utf8(self.as_bytes()).expect("allowed characters are ASCII"),
            Kept::Long(text) => text,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kept::Short { len, bytes } => &bytes[..usize::from(*len)],
            Kept::Long(text) => text.as_bytes(),
        }
    }
}

impl Kept {
    fn of(text: &str) -> Self {
        let mut bytes = [0; SHORT_BYTES_MAX];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(text.as_bytes());
                Self::Short { len, bytes }
            }
            _ => Self::Long(text.into()),
        }
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Part").field(&self.as_str()).finish()
    }
}

// A text of bytes is compared and hashed as its bytes are.
impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Part {}

impl std::hash::Hash for Part {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Part {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

fn allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "'()+,-.=?".contains(c)
}

fn percent_decode(segment: &str) -> Result<String, IdError> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = rest.next().zip(rest.next()).ok_or(IdError::Encoding)?;
            let digit = |b: u8| (b as char).to_digit(16).ok_or(IdError::Encoding);
            // Two hexadecimal digits make at most 255.
            bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).map_err(|_| IdError::Encoding)?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| IdError::Encoding)
}

/// Writes a part into a URL or header: `?`, `(` … stay legal in headers but not all in paths.
fn encode_into(out: &mut String, part: &Part) {
    for c in part.as_str().chars() {
        // Of the allowed characters only `?` would end a path.
        if c == '?' { out.push_str("%3F") } else { out.push(c) }
    }
}

fn split<const N: usize>(
    text: &str,
    expected: &'static str,
    part: fn(&str) -> Result<Part, IdError>,
) -> Result<[Part; N], IdError> {
    let found = text.split('/').count();
    if found != N {
        return Err(IdError::Parts { expected, found });
    }
    let mut parts = [const { None }; N];
    for (place, segment) in parts.iter_mut().zip(text.split('/')) {
        *place = Some(part(segment)?);
    }
    Ok(parts.map(|part| part.expect("there are as many segments as places")))
}

/// An organisation in the directory: `INSTANCE/CLASS/CODE`, for example `VN-DEMO/GOV/H17`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberId {
    /// The ecosystem, for example `VN-DEMO`.
    pub instance: Part,
    /// `GOV`, `COM` or `ORG`.
    pub class: Part,
    /// The registration code; for state bodies the agency code.
    pub code: Part,
}

/// One information system of a member as a party of exchange: member + `/SUBSYSTEM`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubsystemId {
    /// Whose system it is.
    pub member: MemberId,
    /// The system's code.
    pub code: Part,
}

/// A service: subsystem + `/SERVICE`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceId {
    /// Who offers it.
    pub provider: SubsystemId,
    /// The service's code.
    pub code: Part,
}

/// Who asks: a member, or one subsystem of it. X-Road calls it a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartyId {
    /// The organisation.
    pub member: MemberId,
    /// The information system; absent when the organisation itself asks.
    pub subsystem: Option<Part>,
}

/// One installation: owner + `/NODE`. X-Road calls it a security server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    /// The member that runs it.
    pub owner: MemberId,
    /// The node's code.
    pub code: Part,
}

/// A global group of parties: `INSTANCE/GROUP`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId {
    /// The ecosystem.
    pub instance: Part,
    /// The group's code.
    pub code: Part,
}

fn member_of([instance, class, code]: [Part; 3]) -> MemberId {
    MemberId { instance, class, code }
}

fn under_member([instance, class, code, sub]: [Part; 4]) -> (MemberId, Part) {
    (MemberId { instance, class, code }, sub)
}

impl SubsystemId {
    /// This subsystem as an asking party.
    pub fn party(&self) -> PartyId {
        PartyId { member: self.member.clone(), subsystem: Some(self.code.clone()) }
    }
}

impl PartyId {
    /// The subsystem that asks, when it is one.
    pub fn subsystem_id(&self) -> Option<SubsystemId> {
        let code = self.subsystem.clone()?;
        Some(SubsystemId { member: self.member.clone(), code })
    }

    /// Reads the percent-encoded form of `X-Road-Client`.
    ///
    /// # Errors
    /// Not three or four well-formed parts.
    pub fn decode(text: &str) -> Result<Self, IdError> {
        Self::read(text, Part::decode)
    }

    fn read(text: &str, part: fn(&str) -> Result<Part, IdError>) -> Result<Self, IdError> {
        if text.split('/').count() == 3 {
            let member = member_of(split(text, "3 or 4", part)?);
            return Ok(Self { member, subsystem: None });
        }
        let (member, sub) = under_member(split(text, "3 or 4", part)?);
        Ok(Self { member, subsystem: Some(sub) })
    }
}

impl ServiceId {
    /// Reads the percent-encoded form used in URLs and `X-Road-Service`.
    ///
    /// # Errors
    /// Not five well-formed parts.
    pub fn decode(text: &str) -> Result<Self, IdError> {
        Self::read(text, Part::decode)
    }

    fn read(text: &str, part: fn(&str) -> Result<Part, IdError>) -> Result<Self, IdError> {
        let [instance, class, member, sub, code] = split(text, "5", part)?;
        let member = MemberId { instance, class, code: member };
        Ok(Self { provider: SubsystemId { member, code: sub }, code })
    }
}

/// Text form, percent-encoded wire form and serde for one identifier type.
macro_rules! identifier {
    ($name:ident, |$text:ident| $read:expr, |$id:ident| [$($part:expr),+], $tail:expr) => {
        impl FromStr for $name {
            type Err = IdError;
            fn from_str($text: &str) -> Result<Self, IdError> {
                $read
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $id = self;
                let tail: Option<&Part> = $tail(self);
                let mut first = true;
                for part in [$($part),+].into_iter().chain(tail) {
                    if !first { f.write_str("/")?; }
                    first = false;
                    f.write_str(part.as_str())?;
                }
                Ok(())
            }
        }
        impl $name {
            /// As `to_string`, which has to ask for more room with each part.
            pub fn text(&self) -> String {
                let mut out = String::with_capacity(64);
                let _ = fmt::Write::write_fmt(&mut out, format_args!("{self}"));
                out
            }

            /// The form for URLs and headers: each part percent-encoded, joined by `/`.
            pub fn encoded(&self) -> String {
                let $id = self;
                let tail: Option<&Part> = $tail(self);
                let mut out = String::with_capacity(64);
                for part in [$($part),+].into_iter().chain(tail) {
                    if !out.is_empty() { out.push('/'); }
                    encode_into(&mut out, part);
                }
                out
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(|e| serde::de::Error::custom(format!("{text:?}: {e}")))
            }
        }
    };
}

fn no_tail<T>(_: &T) -> Option<&Part> {
    None
}

fn subsystem_of(id: &PartyId) -> Option<&Part> {
    id.subsystem.as_ref()
}

identifier!(Part, |text| Self::new(text), |id| [id], no_tail);
identifier!(
    MemberId,
    |text| split(text, "3", Part::new).map(member_of),
    |id| [&id.instance, &id.class, &id.code],
    no_tail
);
identifier!(
    SubsystemId,
    |text| split(text, "4", Part::new).map(|parts| {
        let (member, code) = under_member(parts);
        Self { member, code }
    }),
    |id| [&id.member.instance, &id.member.class, &id.member.code, &id.code],
    no_tail
);
identifier!(
    NodeId,
    |text| split(text, "4", Part::new).map(|parts| {
        let (owner, code) = under_member(parts);
        Self { owner, code }
    }),
    |id| [&id.owner.instance, &id.owner.class, &id.owner.code, &id.code],
    no_tail
);
identifier!(
    ServiceId,
    |text| Self::read(text, Part::new),
    |id| [
        &id.provider.member.instance,
        &id.provider.member.class,
        &id.provider.member.code,
        &id.provider.code,
        &id.code
    ],
    no_tail
);
identifier!(
    PartyId,
    |text| Self::read(text, Part::new),
    |id| [&id.member.instance, &id.member.class, &id.member.code],
    subsystem_of
);
identifier!(
    GroupId,
    |text| split(text, "2", Part::new).map(|[instance, code]| Self { instance, code }),
    |id| [&id.instance, &id.code],
    no_tail
);

#[cfg(test)]
mod tests;

//! What the directory says: the types of `directory.json`.

mod check;
mod edit;
mod read;

use base::{GroupId, MemberId, NodeId, Part, PartyId, SubsystemId, Ts};
use crypto::certificate::{Certificate, Crl};
use serde::Serialize;

use crate::mistake::{Mistakes, Notes};

pub use edit::NoSuch;

/// The value of `format`; another value means another structure.
pub const FORMAT: &str = "lienthong-directory/1";

/// Longest name or notice, in characters.
pub const TEXT_CHARS_MAX: usize = 500;

/// The whole directory of one instance.
///
/// A value that came from [`Content::parse`] has no duplicates and no dangling references.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Content {
    /// Always [`FORMAT`].
    pub format: &'static str,
    /// The ecosystem that this directory governs; every identifier in it begins with it.
    pub instance: Part,
    /// Grows by one with every publication; 0 before the first.
    pub number: u64,
    /// When this number was made, in whole seconds.
    #[serde(serialize_with = "rfc3339")]
    pub created: Ts,
    /// The organisations.
    pub members: Vec<Member>,
    /// The installations.
    pub nodes: Vec<Node>,
    /// Who may issue certificates to members and nodes.
    pub authorities: Vec<Authority>,
    /// Revocation lists, at most one of each issuer, so that nodes need no other source.
    pub crls: Vec<Crl>,
    /// Whose time-stamps count.
    pub timestamp_authorities: Vec<TimestampAuthority>,
    /// Named sets of parties, for rights.
    pub groups: Vec<Group>,
}

/// An organisation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    /// `INSTANCE/CLASS/CODE`.
    pub id: MemberId,
    /// What people call it.
    pub name: String,
    /// The certificates under which its messages are signed; each belongs to one member only.
    pub signing_certificates: Vec<Certificate>,
    /// Its information systems.
    pub subsystems: Vec<Subsystem>,
}

/// One information system of a member.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Subsystem {
    /// The last part of its identifier.
    pub code: Part,
    /// What people call it.
    pub name: String,
}

/// One installation of `lienthong`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// `INSTANCE/CLASS/OWNER/NODE`.
    pub id: NodeId,
    /// Where other nodes reach it, `host:port`, in the order in which they are tried.
    pub addresses: Vec<String>,
    /// The certificates it may show; each belongs to one node only.
    pub tls_certificates: Vec<Certificate>,
    /// The subsystems whose services and calls go through it.
    pub subsystems: Vec<SubsystemId>,
    /// Why it does not answer at present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<String>,
}

/// A certification authority that the instance trusts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Authority {
    /// What people call it; unique.
    pub name: String,
    /// Its own certificate, the trust anchor.
    pub certificate: Certificate,
    /// Authorities below it that issue the certificates.
    pub intermediates: Vec<Certificate>,
    /// Where it publishes its revocation list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crl_url: Option<String>,
    /// Where it answers questions about one certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ocsp_url: Option<String>,
}

/// A time-stamping authority (RFC 3161) that the instance trusts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimestampAuthority {
    /// What people call it; unique.
    pub name: String,
    /// Where it answers.
    pub url: String,
    /// The trust anchor of its time-stamps.
    pub certificate: Certificate,
}

/// A named set of parties.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// `INSTANCE/GROUP`.
    pub id: GroupId,
    /// Members and subsystems; a member's subsystems are not in it unless named.
    pub parties: Vec<PartyId>,
}

impl Content {
    /// A directory with nobody in it, number 0.
    pub fn empty(instance: Part, created: Ts) -> Self {
        Self {
            format: FORMAT,
            instance,
            number: 0,
            created: Ts::from_secs(created.secs()),
            members: Vec::new(),
            nodes: Vec::new(),
            authorities: Vec::new(),
            crls: Vec::new(),
            timestamp_authorities: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// Reads and checks a content file.
    ///
    /// # Errors
    /// Every mistake of the file, with its place: broken JSON, unknown, missing or repeated fields, malformed
    /// values, duplicates, references to what does not exist.
    pub fn parse(bytes: &[u8]) -> Result<Self, Mistakes> {
        let mut notes = Notes::default();
        let content = read::content(bytes, &mut notes);
        if let Some(content) = &content {
            check::check(content, &mut notes);
        }
        match content {
            Some(content) => notes.or(content),
            None => Err(notes.into_mistakes()),
        }
    }

    /// Checks a content that was put together in memory.
    ///
    /// # Errors
    /// Every duplicate, dangling reference and malformed text.
    pub fn check(&self) -> Result<(), Mistakes> {
        let mut notes = Notes::default();
        check::check(self, &mut notes);
        notes.or(())
    }

    /// The file: indented JSON with a line feed at the end.
    #[expect(clippy::missing_panics_doc, reason = "it cannot happen, whatever the content")]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("every part of a content has a JSON form");
        text.push('\n');
        text
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn rfc3339<S: serde::Serializer>(moment: &Ts, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(moment)
}

//! What was filed for whom, how it was judged, and which connections there are to file for.

mod decide;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use base::{PartyId, ServiceId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::checklist::{Duty, Whom};
use crate::publish::Fingerprint;
use crate::request::RequestId;
use crate::state::Stamp;

pub use decide::{close_connection, file, judge, open_connection, withdraw};

/// Longest number of a document, in characters.
pub const NUMBER_CHARS_MAX: usize = 200;
/// Longest name of a person or office, in characters.
pub const NAME_CHARS_MAX: usize = 500;
/// Longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 5_000;
/// Most persons named in one filing.
pub const CONTACTS_MAX: usize = 20;

/// Number of a filing, counted from 1; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FilingId(pub u64);

impl fmt::Display for FilingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Somebody who can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// For what.
    pub duty: Duty,
    /// Name of the person or office.
    pub name: String,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
}

/// The file of a document, as it was handed in. Its content lies in a file named by its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentFile {
    /// Its name.
    pub name: String,
    /// Media type, such as `application/pdf`.
    pub media_type: String,
    /// Size of the content.
    pub bytes: u64,
}

/// What somebody shows for an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filing {
    /// For whom: an information system, or a member that asks itself.
    pub party: PartyId,
    /// Code of the item, such as `security_minutes`.
    pub item: String,
    /// The connection, where the item is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<RequestId>,
    /// Number of the document, such as `12/BB-CAT`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub number: String,
    /// The day of issue.
    pub issued_on: Date,
    /// The last day that the document names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
    /// SHA-256 of the document, under which the file is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Fingerprint>,
    /// The file; absent when the document is kept elsewhere and only its hash was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<DocumentFile>,
    /// The security level that it grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
    /// Who can be reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}

/// What the second person says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case", deny_unknown_fields)]
pub enum Verdict {
    /// It proves the item.
    Accepted,
    /// It does not.
    Rejected {
        /// Why.
        reason: String,
    },
}

/// A verdict on one filing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Which filing.
    pub id: FilingId,
    /// How.
    pub verdict: Verdict,
    /// The version of the filing that the person has seen.
    pub if_version: Option<i64>,
}

/// What can happen to items of the gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Somebody filed something.
    Filed {
        /// Its number.
        id: FilingId,
        /// What.
        filing: Box<Filing>,
    },
    /// Another person judged it.
    Judged {
        /// Which.
        id: FilingId,
        /// How.
        verdict: Verdict,
    },
    /// It counts no longer.
    Withdrawn {
        /// Which.
        id: FilingId,
        /// Why.
        reason: String,
    },
    /// Somebody asked for a service: what is demanded for a connection is open from now on.
    ConnectionOpened {
        /// The request.
        request: RequestId,
        /// Who asks.
        consumer: PartyId,
        /// For what.
        service: ServiceId,
    },
    /// The request was refused or withdrawn, or its grant revoked: nothing more is demanded for it.
    ConnectionClosed {
        /// The request.
        request: RequestId,
    },
}

/// Where a filing stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody judged it yet.
    Waiting,
    /// It counts for as long as it is in force.
    Accepted,
    /// It never counted.
    Rejected {
        /// Why.
        reason: String,
    },
    /// It counts no longer.
    Withdrawn {
        /// Why.
        reason: String,
    },
}

/// A filing with everything that happened to it.
#[derive(Clone, Debug)]
pub struct Filed {
    /// Its number.
    pub id: FilingId,
    /// What was filed.
    pub filing: Filing,
    /// Where it stands.
    pub standing: Standing,
    /// When and by whom: filed first, then judged, then withdrawn.
    pub history: Vec<Stamp>,
}

impl Filed {
    /// The number of the last act on it, for `if_version`.
    pub fn version(&self) -> i64 {
        self.history.last().map_or(0, |stamp| stamp.seq)
    }

    /// When and by whom it was filed.
    #[expect(clippy::missing_panics_doc, reason = "it cannot happen: only filing makes one")]
    pub fn filed(&self) -> &Stamp {
        self.history.first().expect("a filing begins with the act that filed it")
    }

    /// When and by whom it was judged.
    pub fn judged(&self) -> Option<&Stamp> {
        let judged = self.history.get(1)?;
        // A filing that was withdrawn before anybody judged it has two acts, too.
        let by_withdrawal = matches!(self.standing, Standing::Withdrawn { .. }) && self.history.len() == 2;
        (!by_withdrawal).then_some(judged)
    }
}

/// A connection for which items are demanded.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Who asks.
    pub consumer: PartyId,
    /// For what.
    pub service: ServiceId,
    /// When it was opened and by whom.
    pub opened: Stamp,
    /// When it was closed and by whom.
    pub closed: Option<Stamp>,
}

impl Connection {
    /// The side on which the party stands; `None` when it takes no part.
    pub fn side(&self, party: &PartyId) -> Option<Whom> {
        match (self.consumer == *party, self.service.provider.party() == *party) {
            (true, true) => Some(Whom::Both),
            (true, false) => Some(Whom::Consumer),
            (false, true) => Some(Whom::Provider),
            (false, false) => None,
        }
    }
}

type ByItem = BTreeMap<String, Vec<FilingId>>;

/// What was filed for whom.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    filings: BTreeMap<FilingId, Filed>,
    /// Of each party: its own filings (`None`) and those for a connection.
    of: HashMap<PartyId, HashMap<Option<RequestId>, ByItem>>,
    connections: BTreeMap<RequestId, Connection>,
    requests_of: HashMap<PartyId, Vec<RequestId>>,
}

impl Gate {
    /// A filing.
    pub fn get(&self, id: FilingId) -> Option<&Filed> {
        self.filings.get(&id)
    }

    /// Every filing, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Filed> {
        self.filings.values()
    }

    /// Filings that wait for a second person, the oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Filed> {
        self.filings.values().filter(|filed| filed.standing == Standing::Waiting)
    }

    /// What was filed for a party's item, the oldest first.
    pub fn filings<'a>(
        &'a self,
        party: &PartyId,
        about: Option<&RequestId>,
        item: &str,
    ) -> impl DoubleEndedIterator<Item = &'a Filed> + use<'a> {
        let list = self.of.get(party).and_then(|files| files.get(&about.cloned())).and_then(|f| f.get(item));
        list.into_iter().flatten().filter_map(|id| self.filings.get(id))
    }

    /// The connection that a request asks for.
    pub fn connection(&self, request: &RequestId) -> Option<&Connection> {
        self.connections.get(request)
    }

    /// Open connections in which a party takes part, on either side.
    pub fn connections_of<'a>(
        &'a self,
        party: &PartyId,
    ) -> impl Iterator<Item = (&'a RequestId, &'a Connection)> + use<'a> {
        let requests = self.requests_of.get(party).into_iter().flatten();
        let known =
            requests.filter_map(|request| self.connections.get(request).map(|found| (request, found)));
        known.filter(|(_, connection)| connection.closed.is_none())
    }

    /// Every party for which something was filed or is demanded.
    pub fn parties(&self) -> impl Iterator<Item = &PartyId> {
        let only_filed = self.of.keys().filter(|party| !self.requests_of.contains_key(party));
        self.requests_of.keys().chain(only_filed)
    }

    pub(crate) fn apply(&mut self, stamp: &Stamp, event: Event) {
        match event {
            Event::Filed { id, filing } => self.add(id, *filing, stamp),
            Event::Judged { id, verdict } => {
                let standing = match verdict {
                    Verdict::Accepted => Standing::Accepted,
                    Verdict::Rejected { reason } => Standing::Rejected { reason },
                };
                self.set(id, standing, stamp);
            }
            Event::Withdrawn { id, reason } => self.set(id, Standing::Withdrawn { reason }, stamp),
            Event::ConnectionOpened { request, consumer, service } => {
                for party in [&consumer, &service.provider.party()] {
                    let requests = self.requests_of.entry(party.clone()).or_default();
                    if !requests.contains(&request) {
                        requests.push(request.clone());
                    }
                }
                let connection = Connection { consumer, service, opened: stamp.clone(), closed: None };
                self.connections.insert(request, connection);
            }
            Event::ConnectionClosed { request } => {
                if let Some(connection) = self.connections.get_mut(&request) {
                    connection.closed = Some(stamp.clone());
                }
            }
        }
    }

    fn add(&mut self, id: FilingId, filing: Filing, stamp: &Stamp) {
        let of_party = self.of.entry(filing.party.clone()).or_default();
        let items = of_party.entry(filing.about.clone()).or_default();
        items.entry(filing.item.clone()).or_default().push(id);
        let filed = Filed { id, filing, standing: Standing::Waiting, history: vec![stamp.clone()] };
        self.filings.insert(id, filed);
    }

    fn set(&mut self, id: FilingId, standing: Standing, stamp: &Stamp) {
        if let Some(filed) = self.filings.get_mut(&id) {
            filed.standing = standing;
            filed.history.push(stamp.clone());
        }
    }
}

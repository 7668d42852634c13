//! A request as the API gives it, and who may act on it as far as a page can tell.

use base::Ts;
use http::Method;
use serde::Deserialize;

use crate::api::Versioned;
use crate::failure::Failure;
use crate::names::{Names, Rules, Step, Text};
use crate::pages::terms::{Contact, Terms};
use crate::session::Visit;
use crate::view::{Who, segment};

/// Agencies above an agency that are looked at; three levels are usual.
const ABOVE_MAX: usize = 6;

/// A request with what follows from it now.
#[derive(Clone, Default, Deserialize)]
pub struct Whole {
    /// The request.
    pub request: Request,
    /// Who has to act.
    #[serde(default)]
    pub holder: Option<Holder>,
    /// What the gates of both sides miss before it goes live.
    #[serde(default)]
    pub missed: Vec<Missed>,
}

/// What the gate of one side misses.
#[derive(Clone, Default, Deserialize)]
pub struct Missed {
    /// Code of the item.
    pub item: String,
    /// Its name.
    pub title: Text,
    /// Who must show it.
    pub party: String,
    /// Whether it is shown for this connection alone.
    pub of_connection: bool,
    /// What was filed for it and waits for a second person.
    #[serde(default)]
    pub waiting: Option<u64>,
}

/// Who has to act.
#[derive(Clone, Default, Deserialize)]
pub struct Holder {
    /// Whose person.
    #[serde(default)]
    pub whose: String,
    /// In which role.
    pub role: String,
    /// At which agency; the platform without.
    #[serde(default)]
    pub agency: Option<String>,
    /// Working days that are left.
    #[serde(default)]
    pub working_days_left: u32,
    /// Working days past the limit.
    #[serde(default)]
    pub working_days_late: u32,
    /// Past the limit.
    #[serde(default)]
    pub overdue: bool,
}

impl Holder {
    /// With the name of the agency in place of its code.
    pub fn named(mut self, names: &Names) -> Self {
        self.agency = self.agency.map(|agency| names.get(&agency).to_owned());
        self
    }
}

/// A request.
#[derive(Clone, Default, Deserialize)]
pub struct Request {
    /// Number.
    pub id: String,
    /// 1 automatic, 2 on request, 3 special.
    pub kind: u8,
    /// Version of its road.
    pub road: String,
    /// Who asks.
    pub consumer: String,
    /// The agency that asks.
    pub agency: String,
    /// For which service.
    pub service: String,
    /// The data owner.
    pub owner: String,
    /// What was asked for.
    pub asked: Terms,
    /// What would be granted.
    pub terms: Terms,
    /// Why.
    pub reason: String,
    /// Whom to ask.
    pub contacts: Vec<Contact>,
    /// Documents.
    pub attachments: Vec<Attachment>,
    /// Work beside the road.
    pub tasks: Vec<Task>,
    /// Where it stands.
    pub step: String,
    /// Until when.
    pub due: Ts,
    /// `open`, `returned`, `refused`, `withdrawn`, `live`.
    pub status: String,
    /// The grant that it became.
    pub grant: Option<String>,
    /// Stays at steps.
    pub stays: Vec<Stay>,
    /// Acts.
    pub history: Vec<Entry>,
}

/// A document.
#[derive(Clone, Default, Deserialize)]
pub struct Attachment {
    /// What it is.
    pub item: String,
    /// Number and date.
    #[serde(default)]
    pub number: String,
    /// Name of the file.
    pub name: String,
    /// Size.
    pub bytes: u64,
    /// Its digest.
    pub sha256: String,
}

/// Work beside the road.
#[derive(Clone, Default, Deserialize)]
pub struct Task {
    /// Code.
    pub code: String,
    /// Until when.
    pub due: Ts,
    /// When and by whom it was closed.
    pub closed: Option<(Ts, String)>,
    /// What came out of it.
    pub conclusion: String,
}

/// A stay at a step.
#[derive(Clone, Default, Deserialize)]
pub struct Stay {
    /// The step.
    pub step: String,
    /// Until when it should have been decided.
    pub due: Ts,
    /// When and how it was left.
    pub left: Option<(Ts, String)>,
}

/// An act.
#[derive(Clone, Default, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Ts,
    /// Who.
    pub by: String,
    /// In which role.
    pub role: String,
    /// At which step.
    pub step: String,
    /// What.
    pub did: String,
    /// With which words.
    pub comment: String,
    /// By which text.
    pub legal_basis: String,
}

impl Request {
    /// Whether somebody still has to do something.
    pub fn is_pending(&self) -> bool {
        matches!(&*self.status, "open" | "returned")
    }

    /// Why it was refused, or what must be corrected: the last act of that kind, while it counts.
    pub fn answer(&self) -> Option<&Entry> {
        let did = match &*self.status {
            "refused" => "refused",
            "returned" => "returned",
            _ => return None,
        };
        self.history.iter().rfind(|entry| entry.did == did)
    }

    /// Whether a document of this kind is there.
    pub fn has(&self, item: &str) -> bool {
        self.attachments.iter().any(|one| one.item == item)
    }
}

/// Asks for a request.
///
/// # Errors
/// What the API refuses.
pub async fn load(visit: &Visit, id: &str) -> Result<Versioned<Whole>, Failure> {
    visit.ask(Method::GET, format!("/requests/{}", segment(id))).versioned().await
}

/// What makes sense for whoever looks at a request; what may be done is decided behind the API.
#[derive(Clone, Debug, Default)]
pub struct Mine {
    /// The present step waits for the person.
    pub step: bool,
    /// The person opened it, and therefore does not decide on it.
    pub opened: bool,
    /// The person acts for who asks.
    pub consumer: bool,
    /// Codes of open tasks that wait for the person.
    pub tasks: Vec<String>,
}

impl Mine {
    /// What makes sense for whoever visits.
    pub async fn of(visit: &Visit, rules: &Rules, whole: &Whole) -> Self {
        let (request, Some(who)) = (&whole.request, &visit.who) else { return Self::default() };
        if !request.is_pending() {
            return Self::default();
        }
        let asking = with_those_above(visit, &request.agency).await;
        let opened = request.history.first().is_some_and(|entry| entry.by == who.id);
        let holder = whole.holder.as_ref();
        let place = match holder.and_then(|holder| holder.agency.as_deref()) {
            Some(agency) => with_those_above(visit, agency).await,
            None => Vec::new(),
        };
        let step = holder.is_some_and(|holder| holds(who, &holder.role, &place));
        let open = request.tasks.iter().filter(|task| task.closed.is_none());
        let tasks = open.filter(|task| {
            let rule = rules.tasks.iter().find(|rule| rule.code == task.code);
            rule.is_some_and(|rule| match &*rule.whose {
                "consumer" => holds(who, &rule.role, &asking),
                "consumer_root" => holds(who, &rule.role, asking.last().map_or(&[], std::slice::from_ref)),
                "platform" => holds(who, &rule.role, &[]),
                _ => who.is(&rule.role),
            })
        });
        let tasks = tasks.map(|task| task.code.clone()).collect();
        let decides = holder.is_some_and(|holder| matches!(&*holder.whose, "provider" | "platform"));
        Self {
            step: step && request.status == "open",
            opened: opened && decides,
            consumer: holds(who, "agency_administrator", &asking),
            tasks,
        }
    }

    /// Whether the person decides on the present step.
    pub fn decides(&self) -> bool {
        self.step && !self.opened
    }

    /// Whether the person may hand in documents.
    pub fn attaches(&self) -> bool {
        self.step || self.consumer || !self.tasks.is_empty()
    }

    /// Whether there is anything for the person to do.
    pub fn anything(&self) -> bool {
        self.attaches()
    }
}

/// Whether a person has a role at one of these agencies; at none of them means for the whole platform.
fn holds(who: &Who, role: &str, places: &[String]) -> bool {
    who.posts.iter().filter(|post| post.role == role).any(|post| match &post.agency {
        None => true,
        Some(agency) => places.contains(agency),
    })
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    agency: Option<Agency>,
}

#[derive(Deserialize)]
struct Agency {
    code: String,
    #[serde(default)]
    parent: Option<String>,
}

/// An agency and those above it, the highest last.
async fn with_those_above(visit: &Visit, code: &str) -> Vec<String> {
    let mut agencies = vec![code.to_owned()];
    while let Some(last) = agencies.last().filter(|_| agencies.len() < ABOVE_MAX) {
        let Ok(found) = visit.get::<Found>(format!("/agencies/{}", segment(last))).await else { break };
        let Some(Agency { code, parent: Some(parent) }) = found.agency else { break };
        if parent == code || agencies.contains(&parent) {
            break;
        }
        agencies.push(parent);
    }
    agencies
}

/// Documents that a step demands for data of this kind.
pub fn demands(step: &Step, personal: bool) -> impl Iterator<Item = &str> {
    let more = if personal { step.attach_if_personal.as_slice() } else { &[] };
    step.attach.iter().chain(more).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Post;

    #[test]
    fn a_post_reaches_its_agency_and_those_below() {
        let post =
            |role: &str, agency: Option<&str>| Post { role: role.into(), agency: agency.map(Into::into) };
        let who = |posts| Who { posts, ..Who::default() };
        let places = ["000.00.11.H17".to_owned(), "000.00.00.H17".to_owned()];
        assert!(holds(&who(vec![post("leader", Some("000.00.00.H17"))]), "leader", &places));
        assert!(!holds(&who(vec![post("leader", Some("000.00.00.H17"))]), "data_owner", &places));
        assert!(!holds(&who(vec![post("leader", Some("000.00.00.G01"))]), "leader", &places));
        assert!(holds(&who(vec![post("leader", None)]), "leader", &places));
        assert!(!holds(&who(vec![post("leader", Some("000.00.00.H17"))]), "leader", &[]));
    }
}

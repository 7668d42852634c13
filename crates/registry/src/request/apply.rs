//! Folding events into requests.

use base::Ts;

use super::{Did, Entering, Entry, Event, Opened, Outcome, Request, RequestId, Requests, Status, Stay, Task};
use crate::people::Role;
use crate::state::Stamp;

impl Requests {
    pub(crate) fn apply(&mut self, stamp: &Stamp, event: Event) {
        match event {
            Event::Opened(opened) => self.open(stamp, *opened),
            Event::Attached { id, role, attachment } => self.change(stamp, &id, |request| {
                let entry = request.entry(stamp, role, Did::Attached, attachment.item.clone());
                request.attachments.push(attachment);
                entry
            }),
            Event::Approved { id, role, comment, narrowed, next } => self.change(stamp, &id, |request| {
                let did = if narrowed.is_some() { Did::Narrowed } else { Did::Approved };
                let entry = request.entry(stamp, role, did, comment);
                if let Some(terms) = narrowed {
                    request.terms = terms;
                }
                request.leave(stamp.at, Outcome::Approved);
                request.enter(stamp.at, next);
                entry
            }),
            Event::Returned { id, role, comment, due } => self.change(stamp, &id, |request| {
                request.leave(stamp.at, Outcome::Returned);
                (request.status, request.entered, request.due) = (Status::Returned, stamp.at, due);
                request.entry(stamp, role, Did::Returned, comment)
            }),
            Event::Resubmitted { id, role, comment, changed, next } => self.change(stamp, &id, |request| {
                let entry = request.entry(stamp, role, Did::Resubmitted, comment);
                if let Some(changed) = changed {
                    request.terms = changed.terms.clone();
                    request.asked = changed.terms;
                    request.reason = changed.reason;
                    request.contacts = changed.contacts;
                }
                request.status = Status::Open;
                request.enter(stamp.at, next);
                entry
            }),
            Event::Refused { id, role, reason, legal_basis } => self.change(stamp, &id, |request| {
                request.leave(stamp.at, Outcome::Refused);
                request.status = Status::Refused;
                Entry { legal_basis, ..request.entry(stamp, role, Did::Refused, reason) }
            }),
            Event::Withdrawn { id, role, reason } => self.change(stamp, &id, |request| {
                request.leave(stamp.at, Outcome::Withdrawn);
                request.status = Status::Withdrawn;
                request.entry(stamp, role, Did::Withdrew, reason)
            }),
            Event::TaskClosed { id, role, task, conclusion } => self.change(stamp, &id, |request| {
                let comment = format!("{task}: {conclusion}");
                if let Some(open) = request.tasks.iter_mut().find(|t| t.code == task && t.closed.is_none()) {
                    open.closed = Some((stamp.at, stamp.by.clone()));
                    open.conclusion = conclusion;
                }
                request.entry(stamp, role, Did::ClosedTask, comment)
            }),
            Event::Live { id, role, comment, grant } => self.change(stamp, &id, |request| {
                request.leave(stamp.at, Outcome::Approved);
                (request.status, request.grant) = (Status::Live, Some(grant));
                request.entry(stamp, role, Did::WentLive, comment)
            }),
        }
    }

    fn open(&mut self, stamp: &Stamp, opened: Opened) {
        let Opened { id, role, kind, road, consumer, agency, service, owner, terms, reason, contacts, next } =
            opened;
        if let Some((year, count)) = id.parts() {
            let last = self.last.entry(year).or_default();
            *last = count.max(*last);
        }
        let mut request = Request {
            id: id.clone(),
            version: stamp.seq,
            kind,
            road,
            consumer,
            agency,
            service: service.clone(),
            owner,
            asked: terms.clone(),
            terms,
            reason,
            contacts,
            attachments: Vec::new(),
            tasks: Vec::new(),
            step: String::new(),
            entered: stamp.at,
            due: next.due,
            status: Status::Open,
            grant: None,
            stays: Vec::new(),
            history: Vec::new(),
        };
        request.enter(stamp.at, next);
        let entry = request.entry(stamp, role, Did::Opened, String::new());
        request.history.push(entry);
        // A number is given once; if a journal says otherwise, the first request keeps it.
        if !self.places.contains_key(&id) {
            self.places.insert(id, self.all.len());
            self.by_service.entry(service).or_default().push(self.all.len());
            self.all.push(request);
        }
    }

    fn change(&mut self, stamp: &Stamp, id: &RequestId, act: impl FnOnce(&mut Request) -> Entry) {
        if let Some(place) = self.places.get(id) {
            let request = &mut self.all[*place];
            let entry = act(request);
            request.history.push(entry);
            request.version = stamp.seq;
        }
    }
}

impl Request {
    fn entry(&self, stamp: &Stamp, role: Role, did: Did, comment: String) -> Entry {
        Entry {
            seq: stamp.seq,
            at: stamp.at,
            by: stamp.by.clone(),
            role,
            step: self.step.clone(),
            did,
            comment,
            legal_basis: String::new(),
        }
    }

    fn enter(&mut self, at: Ts, next: Entering) {
        let Entering { step, role, whose, due, tasks } = next;
        self.tasks.extend(tasks.into_iter().map(|task| Task {
            code: task.code,
            opened: at,
            due: task.due,
            closed: None,
            conclusion: String::new(),
        }));
        self.stays.push(Stay { step: step.clone(), whose, role, entered: at, due, left: None });
        (self.step, self.entered, self.due) = (step, at, due);
    }

    fn leave(&mut self, at: Ts, outcome: Outcome) {
        if let Some(stay) = self.stays.last_mut().filter(|stay| stay.left.is_none()) {
            stay.left = Some((at, outcome));
        }
    }
}

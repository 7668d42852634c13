//! Folding events into grants.

use super::{Did, Entry, Event, Force, Grant, GrantId, Grants, Held, number_parts};
use crate::state::Stamp;

impl Grants {
    pub(crate) fn apply(&mut self, stamp: &Stamp, event: Event) {
        match event {
            Event::Issued(grant) => self.issue(stamp, *grant),
            Event::Changed { id, terms, reason } => self.change(stamp, &id, (Did::Changed, reason), |held| {
                Some(Box::new(std::mem::replace(&mut held.grant.terms, terms)))
            }),
            Event::Suspended { id, reason } => self.force(stamp, &id, Did::Suspended, reason),
            Event::Resumed { id, reason } => self.force(stamp, &id, Did::Resumed, reason),
            Event::Revoked { id, reason } => self.force(stamp, &id, Did::Revoked, reason),
            Event::Renewed { id, until, reason } => self.change(stamp, &id, (Did::Renewed, reason), |held| {
                let before = held.grant.terms.clone();
                held.grant.terms.until = until;
                Some(Box::new(before))
            }),
            // Nothing of the grant has changed: who is just changing it has seen its present version.
            Event::Tried { id, call } => {
                if let Some(place) = self.places.get(&id) {
                    self.all[*place].history.push(entry(stamp, Did::Tried, call));
                }
            }
        }
    }

    fn issue(&mut self, stamp: &Stamp, grant: Grant) {
        // A number is given once; if a journal says otherwise, the first grant keeps it.
        if self.places.contains_key(&grant.id) {
            return;
        }
        if let Some((year, count)) = number_parts(grant.id.as_str()) {
            let last = self.last.entry(year).or_default();
            *last = count.max(*last);
        }
        let place = self.all.len();
        let services = self.by_member.entry(grant.service.provider.member.clone()).or_default();
        let on_service = services.entry(grant.service.clone()).or_default();
        let former = |place: &&usize| {
            let held = &self.all[**place];
            held.replaced_by.is_none() && held.grant.to == grant.to
        };
        let former = on_service.iter().rfind(former).copied();
        on_service.push(place);
        if let Some(held) = former.map(|former| &mut self.all[former]) {
            held.replaced_by = Some(grant.id.clone());
            held.version = stamp.seq;
            held.history.push(entry(stamp, Did::Replaced, grant.id.to_string()));
        }
        // An entry for each consumer, not a copied name for each of its grants.
        match self.by_consumer.get_mut(&grant.to) {
            Some(places) => places.push(place),
            None => drop(self.by_consumer.insert(grant.to.clone(), vec![place])),
        }
        self.places.insert(grant.id.clone(), place);
        let history = vec![entry(stamp, Did::Issued, grant.decision.clone())];
        self.all.push(Held { grant, version: stamp.seq, replaced_by: None, history });
    }

    fn force(&mut self, stamp: &Stamp, id: &GrantId, did: Did, reason: String) {
        let force = match did {
            Did::Suspended => Force::Suspended,
            Did::Revoked => Force::Revoked,
            _ => Force::Active,
        };
        let stated = (force != Force::Active).then(|| reason.clone());
        self.change(stamp, id, (did, reason), |held| {
            (held.grant.force, held.grant.reason) = (force, stated);
            None
        });
    }

    fn change(
        &mut self,
        stamp: &Stamp,
        id: &GrantId,
        (did, reason): (Did, String),
        act: impl FnOnce(&mut Held) -> Option<Box<super::Terms>>,
    ) {
        if let Some(place) = self.places.get(id) {
            let held = &mut self.all[*place];
            let before = act(held);
            held.history.push(Entry { before, ..entry(stamp, did, reason) });
            held.version = stamp.seq;
        }
    }
}

fn entry(stamp: &Stamp, did: Did, reason: String) -> Entry {
    Entry { seq: stamp.seq, at: stamp.at, by: stamp.by.clone(), did, reason, before: None }
}

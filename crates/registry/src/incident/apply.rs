//! Folding events into files of incidents.

use super::{
    Did, Due, Entry, Event, Facts, Incident, IncidentId, Incidents, Message, Obligation, Sent, Taken,
};
use crate::agency::AgencyCode;
use crate::state::Stamp;

impl Incidents {
    pub(crate) fn apply(&mut self, stamp: &Stamp, event: Event) {
        match event {
            Event::Opened { id, agency, facts, rules, obligations } => {
                self.add(stamp, id, agency, (*facts, rules, obligations));
            }
            Event::Changed { id, facts, reason, rules, obligations } => {
                self.change(stamp, &id, (Did::Changed, reason), |incident| {
                    incident.rules = rules;
                    incident.renew(obligations);
                    Some(Box::new(std::mem::replace(&mut incident.facts, *facts)))
                });
            }
            Event::Sent { id, obligation, message } => {
                let text = told(&obligation, &message);
                self.change(stamp, &id, (Did::Sent, text), |incident| {
                    if let Some(found) = incident.find(&obligation) {
                        found.sent.push(Sent { message, recorded: stamp.at, by: stamp.by.clone() });
                    }
                    None
                });
            }
            Event::ExplainedLate { id, obligation, reason } => {
                let text = format!("{obligation}: {reason}");
                self.change(stamp, &id, (Did::ExplainedLate, text), |incident| {
                    if let Some(found) = incident.find(&obligation) {
                        found.late = Some(reason);
                    }
                    None
                });
            }
            Event::Measured { id, text } => {
                self.change(stamp, &id, (Did::Measured, text.clone()), |incident| {
                    incident.measures.push(Taken { text, at: stamp.at, by: stamp.by.clone() });
                    None
                });
            }
            Event::Contained { id, grants, filings, reason } => {
                self.change(stamp, &id, (Did::Contained, reason), |incident| {
                    incident.suspended.extend(grants);
                    incident.withdrawn.extend(filings);
                    None
                });
            }
            Event::Closed { id, conclusion } => {
                self.change(stamp, &id, (Did::Closed, conclusion.clone()), |incident| {
                    incident.closed = Some(stamp.at);
                    incident.conclusion = conclusion;
                    None
                });
            }
        }
    }

    fn add(
        &mut self,
        stamp: &Stamp,
        id: IncidentId,
        agency: AgencyCode,
        (facts, rules, obligations): (Facts, String, Vec<Due>),
    ) {
        // A number is given once; if a journal says otherwise, the first file keeps it.
        if self.places.contains_key(&id) {
            return;
        }
        self.count(&id);
        self.places.insert(id.clone(), self.all.len());
        self.all.push(Incident {
            id,
            version: stamp.seq,
            agency,
            facts,
            rules,
            obligations: obligations.into_iter().map(Obligation::new).collect(),
            measures: Vec::new(),
            suspended: Vec::new(),
            withdrawn: Vec::new(),
            closed: None,
            conclusion: String::new(),
            history: vec![entry(stamp, Did::Opened, String::new())],
        });
    }

    fn change(
        &mut self,
        stamp: &Stamp,
        id: &IncidentId,
        (did, text): (Did, String),
        act: impl FnOnce(&mut Incident) -> Option<Box<Facts>>,
    ) {
        if let Some(place) = self.places.get(id) {
            let incident = &mut self.all[*place];
            let before = act(incident);
            incident.history.push(Entry { before, ..entry(stamp, did, text) });
            incident.version = stamp.seq;
        }
    }
}

impl Incident {
    fn find(&mut self, code: &str) -> Option<&mut Obligation> {
        self.obligations.iter_mut().find(|obligation| obligation.clock.code == code)
    }

    /// New clocks; what was sent and explained stays with its obligation.
    fn renew(&mut self, clocks: Vec<Due>) {
        let mut old = std::mem::take(&mut self.obligations);
        let known = |clock: Due| match old.iter().position(|obligation| obligation.clock.code == clock.code) {
            Some(place) => Obligation { clock, ..old.swap_remove(place) },
            None => Obligation::new(clock),
        };
        self.obligations = clocks.into_iter().map(known).collect();
    }
}

impl Obligation {
    fn new(clock: Due) -> Self {
        Self { clock, sent: Vec::new(), late: None }
    }
}

fn told(obligation: &str, message: &Message) -> String {
    format!("{obligation}: {} → {}", message.number, message.to)
}

fn entry(stamp: &Stamp, did: Did, text: String) -> Entry {
    Entry { seq: stamp.seq, at: stamp.at, by: stamp.by.clone(), did, text, before: None }
}

//! Messages and signals: who gets them, and letters for those that are on their way.

use std::sync::Arc;

use base::Ts;
use serde_json::{Map, Value};
use store::process::LetterRow;

use super::call::{Act, Answer, Told};
use super::catalog::{StartBy, StartOn, starts};
use super::deploy::{clock, timer_of, wound};
use super::input::{By, correlation, indexed};
use super::work::{Change, Ended, Signalled, Work, begun_by};
use super::{Denied, TOLD_KEPT_SECS};
use crate::engine::{Event, Timing, Told as Says};

impl Work {
    /// Makes letters of what was told, in the chain of who told it.
    pub(super) fn pass_on(&mut self, change: &Change<'_>, chain: Option<&String>, events: Vec<Event>) {
        let agency = self.opens.get(change.id).and_then(|open| open.row.agency.clone());
        for event in events {
            match event {
                Event::Told { what: Says::Message { name, key, variables }, .. } => {
                    let to = (indexed(&name), correlation(key.as_ref()));
                    let until = change.now.plus_secs(TOLD_KEPT_SECS);
                    let from = By::engine(change.id);
                    let letter = self.letter(to, &variables, (&from, change.now, until));
                    let (chain, agency) = (chain.cloned(), agency.clone());
                    self.book.letters.push(LetterRow { chain, agency, ..letter });
                }
                Event::Told { what: Says::Signal { name, variables }, .. } => {
                    let (from, chain, agency) = (change.id.to_owned(), chain.cloned(), agency.clone());
                    self.signals.push(Signalled { from: Some(from), agency, chain, name, variables });
                }
                _ => {}
            }
        }
    }

    fn letter(
        &self,
        (name, correlation): (String, String),
        variables: &Map<String, Value>,
        (by, now, until): (&By, Ts, Ts),
    ) -> LetterRow {
        let variables = serde_json::to_string(variables).expect("a map of JSON is JSON");
        LetterRow {
            id: self.ids.next(now).hyphenated().to_string(),
            kind: 0,
            name,
            correlation,
            instance: None,
            model: None,
            who: by.to_string(),
            variables,
            due: now.0,
            until: until.0,
            chain: None,
            agency: None,
        }
    }

    pub(super) fn message(&mut self, told: &Told, (by, now): (&By, Ts), letter: Option<&LetterRow>) -> Ended {
        let to = (told.name.clone(), told.correlation.clone());
        let waits = self.waiting.get(&to).cloned().unwrap_or_default();
        let found = waits.iter().find(|(id, wait)| self.waits_still(id, *wait));
        if let Some((id, wait)) = found {
            let wait = u64::try_from(*wait).unwrap_or_default();
            let (variables, message) = (told.variables.clone(), Some(told.name.clone()));
            let act = Act::Happened { wait, variables, message };
            return self.act((id, &act), by, now).into();
        }
        if waits.iter().any(|(id, _)| self.busy.contains(id)) {
            return Ended::Later;
        }
        let begins =
            |start: &StartBy| matches!(&start.on, StartOn::Message(name) if indexed(name) == told.name);
        let heads = Arc::clone(&self.heads);
        if let Some((head, start)) = starts(&heads, now).find(|(_, start)| begins(start)) {
            let with = (told.variables.clone(), told.agency.as_deref());
            let start = begun_by(head.row.id, start, with);
            return self.start(&start, (by, now)).into();
        }
        match told.keep_secs {
            Some(secs) if letter.is_none() => {
                let letter = self.letter(to, told.variables.map(), (by, now, now.plus_secs(secs)));
                self.book.letters.push(LetterRow { agency: told.agency.clone(), ..letter });
                Ok(Answer::Kept).into()
            }
            _ => Err(Denied::NobodyWaits).into(),
        }
    }

    /// Sends a signal to every instance that listens, but not to the one that told it, and lets processes begin.
    pub(super) fn spread(&mut self, told: Signalled, (by, now): (&By, Ts)) -> u64 {
        let Signalled { from, agency, chain, name, variables } = told;
        let listening = self.listening.get(&name).cloned().unwrap_or_default();
        let heads = Arc::clone(&self.heads);
        let begins = |start: &StartBy| matches!(&start.on, StartOn::Signal(one) if *one == name);
        let mut letters = Vec::new();
        for instance in listening.into_iter().filter(|id| from.as_ref() != Some(id)) {
            let letter = self.letter((name.clone(), String::new()), &variables, (by, now, Ts(i64::MAX)));
            let chain = chain.clone();
            letters.push(LetterRow { kind: 1, instance: Some(instance), chain, ..letter });
        }
        for (head, start) in starts(&heads, now).filter(|(_, start)| begins(start)) {
            let to = (start.element.clone(), String::new());
            let letter = self.letter(to, &variables, (by, now, Ts(i64::MAX)));
            let (chain, agency) = (chain.clone(), agency.clone());
            letters.push(LetterRow { kind: 2, model: Some(head.row.id), chain, agency, ..letter });
        }
        if let Some(chain) = &chain {
            self.chains.reached(chain, letters.len(), now);
        }
        let reached = letters.len() as u64;
        self.book.letters.extend(letters);
        reached
    }

    /// A process that begins by the clock begins again as often as it says.
    pub(super) fn wind_up(&mut self, letter: &LetterRow) {
        let Some((began, nth)) = wound(letter) else { return };
        let Some(model) = letter.model.and_then(|id| self.models.get(&id)).cloned() else { return };
        let timer = model.program.find(&letter.name).and_then(|at| timer_of(&model.program, at).ok());
        let Some((timer, text)) = timer else { return };
        let nth = nth.saturating_add(1);
        let timing = Timing { timer, text: &text, began, nth, agency: None };
        if let Ok(Some(at)) = self.outside.due(timing) {
            let row = clock(&self.ids.next(self.now), &letter.name, at, (began, nth));
            // All its times are one chain: what follows from a beat counts for the next.
            let chain = letter.chain.clone().or_else(|| Some(letter.id.clone()));
            self.book.letters.push(LetterRow { model: letter.model, chain, ..row });
        }
    }
}

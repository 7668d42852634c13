//! Idempotency keys: which act a person asked for under which key, for a day.

use std::collections::{HashMap, VecDeque};

use audit::{Entry, PersonId};
use base::Ts;

use super::{Deed, Receipt};
use crate::RegistryError;

/// How long a key is remembered: a day, as clients that repeat over night expect.
const REMEMBERED_SECONDS: i64 = 24 * 60 * 60;
/// How many are remembered: some tens of megabytes. Beyond it the oldest is forgotten.
const REMEMBERED_MAX: usize = 100_000;
/// Longest key, in bytes; a UUID has 36.
pub const KEY_BYTES_MAX: usize = 128;

type Name = (PersonId, Box<str>);

/// What is remembered. Folded from the journal, so that it outlives the process and is the same in all of them.
#[derive(Default)]
pub(super) struct Keys {
    known: HashMap<Name, Known>,
    /// Oldest first; a key that was used again after its day stands here twice.
    order: VecDeque<(Ts, Name)>,
}

struct Known {
    act: Box<str>,
    subject: Box<str>,
    receipt: Receipt,
}

impl Keys {
    /// The receipt of the act that the person did under the deed's key.
    pub(super) fn find(
        &self,
        by: &PersonId,
        deed: &Deed<'_>,
        now: Ts,
    ) -> Result<Option<Receipt>, RegistryError> {
        let Some(key) = deed.key else { return Ok(None) };
        if key.is_empty() || key.len() > KEY_BYTES_MAX || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(RegistryError::invalid(
                "Idempotency-Key",
                format!("phải có 1 đến {KEY_BYTES_MAX} ký tự ASCII, không có dấu cách; nên dùng UUID"),
                format!("must have 1 to {KEY_BYTES_MAX} visible ASCII characters; a UUID is best"),
            ));
        }
        match self.known.get(&(by.clone(), key.into())) {
            Some(known) if is_old(known.receipt.at, now) => Ok(None),
            Some(known) if *known.act == *deed.act.name() && *known.subject == *deed.subject => {
                Ok(Some(known.receipt))
            }
            Some(_) => Err(RegistryError::KeyReused),
            None => Ok(None),
        }
    }

    /// Takes up the key of the next entry.
    pub(super) fn remember(&mut self, entry: &Entry) {
        let Some(key) = entry.key.as_deref().filter(|_| !entry.is_refused()) else { return };
        let name = (entry.by.clone(), Box::from(key));
        if let Some(known) = self.known.get_mut(&name)
            && known.receipt.to == entry.seq
            && known.receipt.at == entry.at
        {
            known.receipt.to += 1;
            return;
        }
        let receipt = Receipt { from: entry.seq, to: entry.seq + 1, at: entry.at };
        let known = Known { act: entry.act.as_str().into(), subject: entry.subject.as_str().into(), receipt };
        self.known.insert(name.clone(), known);
        self.order.push_back((entry.at, name));
        self.forget(entry.at);
    }

    fn forget(&mut self, now: Ts) {
        while let Some((at, _)) = self.order.front()
            && (is_old(*at, now) || self.order.len() > REMEMBERED_MAX)
        {
            let (at, name) = self.order.pop_front().expect("it has a front");
            if self.known.get(&name).is_some_and(|known| known.receipt.at == at) {
                self.known.remove(&name);
            }
        }
    }
}

fn is_old(at: Ts, now: Ts) -> bool {
    at.plus_secs(REMEMBERED_SECONDS) <= now
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::people::Act;
    use audit::Outcome;

    fn entry(seq: i64, at: Ts, key: &str) -> Entry {
        Entry {
            seq,
            at,
            by: "an".parse().unwrap(),
            in_role: None,
            agency: None,
            act: Act::GrantChange.name().into(),
            subject: "grant/1".into(),
            outcome: Outcome::Done,
            event: None,
            key: Some(key.into()),
        }
    }

    fn deed<'a>(key: &'a str, subject: &'a str) -> Deed<'a> {
        Deed { act: Act::GrantChange, agency: None, subject, key: Some(key) }
    }

    const NOON: Ts = Ts::from_secs(1_795_230_000);

    #[test]
    fn a_key_is_forgotten_after_a_day_and_may_be_used_again() {
        let an: PersonId = "an".parse().unwrap();
        let mut keys = Keys::default();
        keys.remember(&entry(0, NOON, "k"));
        keys.remember(&entry(1, NOON, "k"));
        let first = Receipt { from: 0, to: 2, at: NOON };
        let almost = NOON.plus_secs(REMEMBERED_SECONDS - 1);
        assert_eq!(keys.find(&an, &deed("k", "grant/1"), almost).unwrap(), Some(first));
        assert!(matches!(keys.find(&an, &deed("k", "grant/2"), almost), Err(RegistryError::KeyReused)));
        assert_eq!(keys.find(&"binh".parse().unwrap(), &deed("k", "grant/2"), almost).unwrap(), None);
        let later = NOON.plus_secs(REMEMBERED_SECONDS);
        assert_eq!(keys.find(&an, &deed("k", "grant/2"), later).unwrap(), None);
        keys.remember(&entry(2, later, "k"));
        let second = Receipt { from: 2, to: 3, at: later };
        assert_eq!(keys.find(&an, &deed("k", "grant/1"), later).unwrap(), Some(second));
    }

    #[test]
    fn no_more_keys_are_kept_than_the_limit() {
        let an: PersonId = "an".parse().unwrap();
        let mut keys = Keys::default();
        for seq in 0..=i64::try_from(REMEMBERED_MAX).unwrap() {
            keys.remember(&entry(seq, NOON.plus_secs(seq % 2), &seq.to_string()));
        }
        assert_eq!((keys.known.len(), keys.order.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
        assert_eq!(keys.find(&an, &deed("0", "grant/1"), NOON).unwrap(), None);
        assert!(keys.find(&an, &deed("1", "grant/1"), NOON).unwrap().is_some());
    }

    #[test]
    fn a_key_of_another_form_is_refused() {
        let an: PersonId = "an".parse().unwrap();
        for key in ["", "a b", "ô", &"x".repeat(KEY_BYTES_MAX + 1)] {
            let refused = Keys::default().find(&an, &deed(key, "grant/1"), NOON);
            assert!(matches!(refused, Err(RegistryError::Invalid(_))), "{key}");
        }
    }
}

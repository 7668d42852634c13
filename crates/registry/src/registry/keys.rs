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

/// An idempotency key with what was asked under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key: 1 to 128 visible ASCII characters.
    pub key: String,
    /// SHA-256 of the request: who repeats it repeats all of it.
    pub request: Option<[u8; 32]>,
}

impl From<&str> for IdempotencyKey {
    fn from(key: &str) -> Self {
        Self { key: key.to_owned(), request: None }
    }
}

impl IdempotencyKey {
    /// The digest of the request as the journal has it.
    pub(super) fn request_text(&self) -> Option<String> {
        self.request.map(hex::encode)
    }
}

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
    /// Absent in entries of programs that did not look at the body.
    request: Option<Box<str>>,
    receipt: Receipt,
}

impl Known {
    /// Whether the deed is what was done.
    fn is(&self, deed: &Deed<'_>, asked: &IdempotencyKey) -> bool {
        let request = asked.request_text();
        let other =
            self.request.as_deref().is_some_and(|known| request.is_some_and(|asked| *known != *asked));
        *self.act == *deed.act.name() && *self.subject == *deed.subject && !other
    }
}

impl Keys {
    /// The receipt of the act that the person did under the deed's key.
    pub(super) fn find(
        &self,
        by: &PersonId,
        deed: &Deed<'_>,
        now: Ts,
    ) -> Result<Option<Receipt>, RegistryError> {
        let Some(asked) = deed.key else { return Ok(None) };
        let key = asked.key.as_str();
        if key.is_empty() || key.len() > KEY_BYTES_MAX || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(RegistryError::invalid(
                "Idempotency-Key",
                format!("phải có 1 đến {KEY_BYTES_MAX} ký tự ASCII, không có dấu cách; nên dùng UUID"),
                format!("must have 1 to {KEY_BYTES_MAX} visible ASCII characters; a UUID is best"),
            ));
        }
        match self.known.get(&(by.clone(), key.into())) {
            Some(known) if is_old(known.receipt.at, now) => Ok(None),
            Some(known) if known.is(deed, asked) => Ok(Some(known.receipt)),
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
        let (act, subject) = (entry.act.as_str().into(), entry.subject.as_str().into());
        let known = Known { act, subject, request: entry.key_request.as_deref().map(Box::from), receipt };
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
            key_request: None,
        }
    }

    fn find(
        keys: &Keys,
        by: &PersonId,
        asked: (&str, &str),
        now: Ts,
    ) -> Result<Option<Receipt>, RegistryError> {
        let key = asked.0.into();
        keys.find(by, &Deed { act: Act::GrantChange, agency: None, subject: asked.1, key: Some(&key) }, now)
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
        assert_eq!(find(&keys, &an, ("k", "grant/1"), almost).unwrap(), Some(first));
        assert!(matches!(find(&keys, &an, ("k", "grant/2"), almost), Err(RegistryError::KeyReused)));
        assert_eq!(find(&keys, &"binh".parse().unwrap(), ("k", "grant/2"), almost).unwrap(), None);
        let later = NOON.plus_secs(REMEMBERED_SECONDS);
        assert_eq!(find(&keys, &an, ("k", "grant/2"), later).unwrap(), None);
        keys.remember(&entry(2, later, "k"));
        let second = Receipt { from: 2, to: 3, at: later };
        assert_eq!(find(&keys, &an, ("k", "grant/1"), later).unwrap(), Some(second));
    }

    #[test]
    fn no_more_keys_are_kept_than_the_limit() {
        let an: PersonId = "an".parse().unwrap();
        let mut keys = Keys::default();
        for seq in 0..=i64::try_from(REMEMBERED_MAX).unwrap() {
            keys.remember(&entry(seq, NOON.plus_secs(seq % 2), &seq.to_string()));
        }
        assert_eq!((keys.known.len(), keys.order.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
        assert_eq!(find(&keys, &an, ("0", "grant/1"), NOON).unwrap(), None);
        assert!(find(&keys, &an, ("1", "grant/1"), NOON).unwrap().is_some());
    }

    #[test]
    fn a_key_of_another_form_is_refused() {
        let an: PersonId = "an".parse().unwrap();
        for key in ["", "a b", "ô", &"x".repeat(KEY_BYTES_MAX + 1)] {
            let refused = find(&Keys::default(), &an, (key, "grant/1"), NOON);
            assert!(matches!(refused, Err(RegistryError::Invalid(_))), "{key}");
        }
    }

    #[test]
    fn another_request_under_the_same_key_is_refused_and_old_entries_know_no_request() {
        let an: PersonId = "an".parse().unwrap();
        let mut keys = Keys::default();
        keys.remember(&Entry { key_request: Some("07".repeat(32)), ..entry(0, NOON, "new") });
        keys.remember(&entry(1, NOON, "old"));
        let find = |key: &str, request| {
            let key = IdempotencyKey { key: key.into(), request };
            let deed = Deed { act: Act::GrantChange, agency: None, subject: "grant/1", key: Some(&key) };
            keys.find(&an, &deed, NOON)
        };
        assert!(find("new", Some([7; 32])).unwrap().is_some());
        assert!(matches!(find("new", Some([8; 32])), Err(RegistryError::KeyReused)));
        assert!(find("old", Some([8; 32])).unwrap().is_some());
    }
}

//! Files that somebody handed in to be checked and has not confirmed yet: kept in memory, for an hour, one a person and kind.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base::Ts;
use bytes::Bytes;

/// Seconds for which a file waits.
const KEPT_S: i64 = 3600;
/// Bytes of all files together (100 MiB: five of the largest); the oldest makes room.
const ALL_BYTES_MAX: usize = 100 << 20;

/// A file that waits.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Names this very file, so that nobody confirms another than was shown.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its content.
    pub bytes: Bytes,
    at: Ts,
}

/// Person and kind.
type Owner = (String, &'static str);

/// The files of everybody.
#[derive(Default)]
pub struct Uploads(Mutex<HashMap<Owner, Waiting>>);

impl Uploads {
    /// Keeps a file, in the place of the person's last of this kind.
    pub fn keep(&self, owner: Owner, name: String, bytes: Bytes, now: Ts) -> Waiting {
        let waiting = Waiting { id: crate::form::new_key(), name, bytes, at: now };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&owner);
        all.retain(|_, kept| kept.at.plus_secs(KEPT_S) > now);
        let mut bytes = all.values().map(|kept| kept.bytes.len()).sum::<usize>() + waiting.bytes.len();
        while bytes > ALL_BYTES_MAX
            && let Some(oldest) = all.iter().min_by_key(|(_, kept)| kept.at).map(|(owner, _)| owner.clone())
        {
            bytes -= all.remove(&oldest).map_or(0, |kept| kept.bytes.len());
        }
        all.insert(owner, waiting.clone());
        waiting
    }

    /// The file with this id, if it still waits.
    pub fn find(&self, owner: &Owner, id: &str, now: Ts) -> Option<Waiting> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(owner).filter(|kept| kept.id == id && kept.at.plus_secs(KEPT_S) > now).cloned()
    }

    /// A file waits no more.
    pub fn end(&self, owner: &Owner) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Ts = Ts::from_secs(1_795_000_000);

    fn owner(person: &str) -> Owner {
        (person.to_owned(), "co-quan")
    }

    #[test]
    fn a_file_waits_for_its_person_until_another_comes_or_the_hour_is_over() {
        let uploads = Uploads::default();
        let first = uploads.keep(owner("an"), "a.csv".into(), "1".into(), NOW);
        assert!(uploads.find(&owner("an"), &first.id, NOW.plus_secs(KEPT_S - 1)).is_some());
        assert!(uploads.find(&owner("an"), &first.id, NOW.plus_secs(KEPT_S)).is_none());
        assert!(uploads.find(&owner("binh"), &first.id, NOW).is_none());
        let second = uploads.keep(owner("an"), "b.csv".into(), "2".into(), NOW);
        assert!(uploads.find(&owner("an"), &first.id, NOW).is_none());
        assert_eq!(uploads.find(&owner("an"), &second.id, NOW).map(|kept| kept.name), Some("b.csv".into()));
        uploads.end(&owner("an"));
        assert!(uploads.find(&owner("an"), &second.id, NOW).is_none());
    }

    #[test]
    fn the_oldest_file_makes_room() {
        let uploads = Uploads::default();
        let half = Bytes::from(vec![0; ALL_BYTES_MAX / 2]);
        let keep =
            |person: &str, s: i64| uploads.keep(owner(person), "a".into(), half.clone(), NOW.plus_secs(s)).id;
        let (oldest, second, third) = (keep("a", 0), keep("b", 1), keep("c", 2));
        let waits = |person: &str, id: &str| uploads.find(&owner(person), id, NOW).is_some();
        assert!(!waits("a", &oldest) && waits("b", &second) && waits("c", &third));
    }
}

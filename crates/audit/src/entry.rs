//! One line of the journal and its canonical text.

use std::fmt;

use base::Ts;
use evidence::merkle::leaf_hash;
use serde::{Deserialize, Serialize};
use store::JournalRow;

use crate::{AuditError, PersonId};

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done: the event says what happened.
    Done,
    /// It was refused; nothing changed.
    Refused {
        /// The error code, such as `EX-2004`.
        code: String,
        /// What the person was told.
        reason: String,
    },
}

/// An act of a person, done or refused, as it stands in the journal.
///
/// Its text is JSON without spaces, fields in the order in which they stand here, absent ones left out. What was
/// written once is never written again: the stored text counts, not what a later program would make of it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its place in the journal, counted from 0, without gaps.
    pub seq: i64,
    /// When.
    #[serde(with = "moment")]
    pub at: Ts,
    /// Who.
    pub by: PersonId,
    /// The role that allowed it; absent when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_role: Option<String>,
    /// The code of the agency at which the person acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// What was done, a word of the context's closed list.
    pub act: String,
    /// To what, such as an identifier.
    pub subject: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What happened, in the context's own words; absent when it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<serde_json::Value>,
    /// The idempotency key under which the person asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// SHA-256 of the request that came with the key, in hexadecimal; entries of before do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_request: Option<String>,
}

/// An entry that has no number yet.
#[derive(Clone, PartialEq)]
pub struct Draft {
    /// When.
    pub at: Ts,
    /// Who.
    pub by: PersonId,
    /// The role that allowed it.
    pub in_role: Option<String>,
    /// The code of the agency at which the person acts.
    pub agency: Option<String>,
    /// What is done.
    pub act: String,
    /// To what.
    pub subject: String,
    /// What comes of it.
    pub outcome: Outcome,
    /// What happens.
    pub event: Option<serde_json::Value>,
    /// The idempotency key.
    pub key: Option<String>,
    /// SHA-256 of the request that came with the key, in hexadecimal.
    pub key_request: Option<String>,
}

impl Draft {
    /// The entry with its number.
    pub(crate) fn numbered(self, seq: i64) -> Entry {
        let Self { at, by, in_role, agency, act, subject, outcome, event, key, key_request } = self;
        Entry { seq, at, by, in_role, agency, act, subject, outcome, event, key, key_request }
    }
}

impl Entry {
    /// Whether it was refused.
    pub fn is_refused(&self) -> bool {
        matches!(self.outcome, Outcome::Refused { .. })
    }

    /// The row that stands for it, and the entry as that row will be read.
    pub(crate) fn into_row(self) -> Result<(JournalRow, Self), AuditError> {
        let unwritable = |error: serde_json::Error| AuditError::Unwritable { what: error.to_string() };
        let text = serde_json::to_string(&self).map_err(unwritable)?;
        let entry: Self = serde_json::from_str(&text).map_err(unwritable)?;
        let row = JournalRow { seq: entry.seq, at: entry.at, leaf: leaf_hash(text.as_bytes()), text };
        Ok((row, entry))
    }

    /// Reads a row that must be number `expected`, and proves that its parts agree.
    pub(crate) fn of_row(row: &JournalRow, expected: i64) -> Result<Self, AuditError> {
        let damaged = |what: String| AuditError::Damaged { seq: expected, what };
        if row.seq != expected {
            return Err(damaged("it is missing".into()));
        }
        if row.leaf != leaf_hash(row.text.as_bytes()) {
            return Err(damaged("its text does not have its hash".into()));
        }
        let entry: Self = serde_json::from_str(&row.text).map_err(|error| damaged(error.to_string()))?;
        if entry.seq != row.seq {
            return Err(damaged(format!("its text is that of entry {}", entry.seq)));
        }
        if entry.at != row.at {
            return Err(damaged(format!("its row says {} and its text {}", row.at, entry.at)));
        }
        Ok(entry)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not who, not what happened: events name contact persons.
        f.debug_struct("Entry")
            .field("seq", &self.seq)
            .field("at", &self.at)
            .field("act", &self.act)
            .field("refused", &self.is_refused())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("at", &self.at).field("act", &self.act).finish_non_exhaustive()
    }
}

/// Moments as people read them: RFC 3339 in UTC, to the microsecond.
mod moment {
    use base::Ts;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(at: &Ts, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Ts, D::Error> {
        Ts::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn entry() -> Entry {
        Entry {
            seq: 7,
            at: Ts(1_795_230_000_500_000),
            by: "an@h17".parse().unwrap(),
            in_role: Some("data_owner".into()),
            agency: Some("000.00.00.H17".into()),
            act: "grant_change".into(),
            subject: "grant/9".into(),
            outcome: Outcome::Done,
            event: Some(serde_json::json!({"noun": "grant"})),
            key: Some("k-1".into()),
            key_request: Some("07".into()),
        }
    }

    #[test]
    fn the_text_has_its_fields_in_a_fixed_order() {
        let (row, _) = entry().into_row().unwrap();
        let wanted = r#"{"seq":7,"at":"2026-11-21T03:00:00.5Z","by":"an@h17","in_role":"data_owner","agency":"000.00.00.H17","act":"grant_change","subject":"grant/9","outcome":"done","event":{"noun":"grant"},"key":"k-1","key_request":"07"}"#;
        assert_eq!(row.text, wanted);
        let refused = Outcome::Refused { code: "EX-2004".into(), reason: "không".into() };
        let (event, key, key_request) = (None, None, None);
        let least =
            Entry { in_role: None, agency: None, outcome: refused, event, key, key_request, ..entry() };
        let (row, _) = least.into_row().unwrap();
        let wanted = r#"{"seq":7,"at":"2026-11-21T03:00:00.5Z","by":"an@h17","act":"grant_change","subject":"grant/9","outcome":{"refused":{"code":"EX-2004","reason":"không"}}}"#;
        assert_eq!(row.text, wanted);
    }

    #[test]
    fn an_entry_survives_its_row() {
        let mut strange = entry();
        strange.event = Some(serde_json::json!({
            "fraction": 0.1 + 0.2, "small": 1.797_693_134_862_315_7e-200, "text": "Đ\u{0}\n\"", "none": null
        }));
        strange.at = Ts(-1);
        let (row, read) = strange.clone().into_row().unwrap();
        assert_eq!(read, strange);
        assert_eq!(Entry::of_row(&row, 7).unwrap(), strange);
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let mut deep = serde_json::Value::Null;
        for _ in 0..130 {
            deep = serde_json::json!([deep]);
        }
        let refused = Entry { event: Some(deep), ..entry() }.into_row();
        assert!(matches!(refused, Err(AuditError::Unwritable { .. })), "{refused:?}");
    }

    #[test]
    fn a_row_whose_parts_disagree_is_named() {
        let check = |change: fn(&mut JournalRow), expected: i64, part: &str| {
            let (mut row, _) = entry().into_row().unwrap();
            change(&mut row);
            let error = Entry::of_row(&row, expected).unwrap_err().to_string();
            assert!(error.contains(&format!("entry {expected} ")) && error.contains(part), "{error}");
        };
        check(|_| (), 6, "missing");
        check(|row| row.text = row.text.replace("an@h17", "ba@h17"), 7, "hash");
        check(|row| row.at = Ts(0), 7, "its row says");
        check(|row| row.seq = 8, 8, "that of entry 7");
        check(
            |row| {
                row.text = row.text.replace("\"key\"", "\"kee\"");
                row.leaf = leaf_hash(row.text.as_bytes());
            },
            7,
            "unknown field",
        );
    }
}

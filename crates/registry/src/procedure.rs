//! What people with rights over others' work did in procedures, as the journal keeps it: before it is done, with their name.
//!
//! What became of it stands in the history of the process engine, which names them, too.

use audit::PersonId;
use serde::{Deserialize, Serialize};

/// Something that was done. Values of variables are personal data and never stand here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A model was taken in.
    Deployed {
        /// SHA-256 of its file, hexadecimal.
        sha256: String,
    },
    /// An instance was ended as it stood.
    Cancelled {
        /// Why.
        reason: String,
    },
    /// The clocks of an instance were let stand still.
    Paused {
        /// Why.
        reason: String,
    },
    /// They were let run on.
    Resumed {
        /// Why.
        reason: String,
    },
    /// An instance was moved to another version of its model.
    Migrated {
        /// Number of the model.
        to: i64,
    },
    /// Variables of an instance got new values.
    Set {
        /// Their names.
        names: Vec<String>,
    },
    /// A message was told.
    Messaged {
        /// Its name.
        name: String,
    },
    /// A signal was told.
    Signalled {
        /// Its name.
        name: String,
    },
    /// A step that stopped was tried again.
    Retried,
    /// A step that stopped was resolved by hand.
    Resolved {
        /// Names of the variables that it brought.
        names: Vec<String>,
    },
    /// Somebody looks after a step that stopped.
    Owned {
        /// Who.
        by: PersonId,
    },
    /// A task was given to somebody.
    Assigned {
        /// To whom.
        to: PersonId,
    },
}

//! What every other crate needs and nothing more: identifiers, time, error codes, cells of tables.
//!
//! **Invariant:** no input or output, no async, no knowledge of HTTP, databases or cryptography.

pub mod cell;
pub mod clock;
pub mod code;
pub mod id;
pub mod said;

pub use clock::{Clock, FakeClock, SystemClock, Ts};
pub use code::{Code, Fault};
pub use id::{GroupId, IdError, MemberId, NodeId, Part, PartyId, ServiceId, SubsystemId};
pub use said::{SAID_BYTES_MAX, can_be_said};

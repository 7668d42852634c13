//! The control plane: who there is, what they hold, what they share with whom and by which rule.
//!
//! What the registry knows is a value in memory, [`State`], folded from the journal of `audit`. A change is decided by a
//! pure function from state and moment to events; [`Registry::act`] alone commits them.
//!
//! **Invariant:** the nouns (`agency`, `inventory`, `service`, `request`, `grant`, `gate`, `publish`, `incident`, `procedure`) have no
//! input or output, no SQL, no HTTP and no clock; `api` has the only HTTP.

pub mod agency;
pub mod api;
pub mod error;
pub mod gate;
pub mod grant;
pub mod incident;
pub mod inventory;
pub(crate) mod party;
pub mod people;
pub mod print;
pub mod procedure;
pub mod publish;
pub mod registry;
pub mod request;
pub mod rules;
pub mod security_report;
pub mod service;
pub mod snapshot;
pub mod state;
pub mod text;

pub use error::{Mistake, RegistryError};
pub use registry::{Deed, Receipt, Registry};
pub use rules::Rules;
pub use state::{Event, Moment, Stamp, State};

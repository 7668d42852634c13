//! Data services made from a database that an agency already runs, without programming.
//!
//! [`inspect`] looks at the database and guesses what its columns mean, [`draft`] writes a [`definition`] that people
//! read and correct, [`check`] holds it against the database, and [`serve`] answers by it: read-only, cut to the declared
//! fields and filters, in the [`shape`] of the definition, within [`protect`]'s limits.
//!
//! [`passthrough`] offers services that exist already, and [`offer`] is a definition of either kind.
//!
//! What an engine does differently is in [`engine`]; everything else knows one SQL and rows of text.

pub mod bare;
pub mod changes;
pub mod check;
pub mod definition;
pub mod draft;
pub mod duplicates;
pub mod encoding;
pub mod engine;
pub mod error;
mod export;
pub mod file;
pub mod inspect;
pub mod key;
pub mod load;
mod masked;
pub mod meaning;
pub mod offer;
pub mod openapi;
mod order;
mod parquet;
pub mod passthrough;
pub mod password;
pub mod protect;
pub mod quality;
pub mod query;
pub mod scan;
pub mod serve;
pub mod shape;
pub mod value;
mod watch;

pub use definition::Definition;
pub use engine::{Address, Source};
pub use error::SourceError;
pub use masked::masked;
pub use offer::Offer;

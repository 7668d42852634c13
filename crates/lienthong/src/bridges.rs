//! Where two contexts meet; their number is the measure of our coupling.

pub mod directory;
pub mod rights;

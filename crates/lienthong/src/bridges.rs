//! Where two contexts meet; their number is the measure of our coupling.

pub mod rights;

//! The only files that know HTTP headers; both yield the same [`crate::message::Call`].

pub mod headers;
pub mod peer;
pub mod rest;

//! Services that exist already, over HTTP with JSON or over SOAP, offered with a description and within declared limits.
//!
//! A [`definition`] says what consumers may ask, what is sent to the service and what is given of its answer. Nothing
//! that it does not name gets through in either direction: undeclared parameters are refused, undeclared parts of an
//! answer are dropped, a value of another type is an error.

pub mod check;
pub mod definition;
pub mod draft;
mod http;
mod openapi;
pub mod serve;
mod soap;
mod tree;
pub mod wsdl;

pub use definition::{Definition, FORMAT};
pub use openapi::openapi;

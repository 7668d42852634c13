//! Procedures that cross agencies, drawn as BPMN 2.0 (ISO/IEC 19510): read, checked, executed.
//!
//! [`model`] turns a file into a [`model::Program`] or says everything that is wrong with it; [`engine`] decides, without
//! clock, store or network, what becomes of an instance; [`expression`] is FEEL (DMN 1.5); [`runner`] makes it durable.

pub mod decision;
pub mod engine;
pub mod expression;
pub mod model;
pub mod picture;
pub mod runner;
pub mod simulate;
pub mod timer;

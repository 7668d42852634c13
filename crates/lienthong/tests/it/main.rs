//! Whole nodes as processes: what an operator, an asking system and an attacker see.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, missing_docs, reason = "tests may panic")]
#![allow(clippy::disallowed_methods, reason = "tests wait for other processes")]

mod admin;
mod bad_input;
mod call;
mod console;
mod console_rights;
mod crash;
mod demo;
mod evidence;
mod existing;
mod faults;
mod gate;
mod harness;
mod newcomer;
mod operate;
mod process;
mod raw;
mod registry;
mod rest;
mod rig;
mod rights;
mod source;
mod source_care;
mod store;
mod tls;

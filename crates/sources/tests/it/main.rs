//! A database that somebody brought, on each engine: looked at, drafted, checked, answered by.

mod base;
mod faults;
mod service;
mod walk;

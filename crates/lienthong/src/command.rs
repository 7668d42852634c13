//! One file per command; each has its arguments and a `run`.

pub mod api;
pub mod authority;
pub mod call;
pub mod check_config;
pub mod demo;
pub mod directory;
pub mod doctor;
pub mod evidence;
pub mod file;
pub mod grants;
pub mod init;
pub mod keys;
mod passphrase;
pub mod process;
pub mod registry;
pub mod run;
pub mod sandbox;
pub mod source;
mod terminal;

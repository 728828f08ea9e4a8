//! The `parlor` command as people type it.
#![expect(clippy::unwrap_used, reason = "what is missing in a test fails the test")]

mod check_config;
mod health;
mod help;
mod log;
mod parlor;
mod roles;
mod solo;
mod token;

//! Whole writers over the in-process bus: on a SQLite store, and on one that fails as it is told to.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod duty;
mod failing;
mod heads;
mod house;
mod leaving;
mod moody;
mod opening;
mod reading;
mod sending;
mod witness;
mod words;

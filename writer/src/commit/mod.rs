//! From a submission to its verdicts: the committer and the way of a batch.

mod append;
mod committer;
mod notes;
#[cfg(test)]
mod tests;
mod trace;

pub(crate) use self::committer::{Committer, Parts};

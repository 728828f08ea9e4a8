//! How far people have come, as somebody sees it who conducts the run from outside.

use serde::{Deserialize, Serialize};

use crate::progress::Glimpse;

/// How far people have come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// How many have joined all of their rooms.
    pub(crate) arrived: u32,
    /// How many connections are open.
    pub(crate) connections: u32,
    pub(crate) glimpse: Glimpse,
    /// True once every sender has been told all that it is to send.
    pub(crate) told: bool,
    /// True if all have sent and seen everything.
    pub(crate) settled: bool,
    /// The last thing that went wrong with any connection.
    pub(crate) trouble: Option<String>,
    /// What makes the run impossible.
    pub(crate) fatal: Option<String>,
}

impl Standing {
    /// How far these and those are together.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            arrived: self.arrived + other.arrived,
            connections: self.connections + other.connections,
            glimpse: self.glimpse.with(other.glimpse),
            told: self.told && other.told,
            settled: self.settled && other.settled,
            trouble: self.trouble.or(other.trouble),
            fatal: self.fatal.or(other.fatal),
        }
    }
}

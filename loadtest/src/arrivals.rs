//! How long it takes to get in.

use serde::{Deserialize, Serialize};

use crate::tally::{Latencies, Reasons};

/// How long first connections took, counted from the time planned for each: whoever had to wait for its turn is
/// counted with the wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Arrivals {
    /// Until the handshake was done.
    pub(crate) connected: Latencies,
    /// Until all of the client's rooms were joined.
    pub(crate) joined: Latencies,
    /// Attempts that failed before anything was joined, by reason. They were made again.
    pub(crate) failed: Reasons,
}

impl Arrivals {
    pub(crate) fn new() -> Self {
        Self { connected: Latencies::new(), joined: Latencies::new(), failed: Reasons::default() }
    }

    /// Takes another worker's in.
    pub(crate) fn add(&mut self, other: &Self) {
        self.connected.add(&other.connected);
        self.joined.add(&other.joined);
        self.failed.add(&other.failed);
    }
}

//! `drain.*`: how a gateway goes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The phases between SIGTERM and the exit.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drain {
    /// How long the gateway is unready, but still serves, so that balancers notice. Time in which it was unready
    /// already counts.
    #[serde(with = "humantime_serde")]
    pub unready: Duration,
    /// Over how long the connections are dismissed, in waves.
    #[serde(with = "humantime_serde")]
    pub spread: Duration,
    /// How long, after that, the last ones may take; half of it, and at most 5 s, for the verdicts of their sends.
    #[serde(with = "humantime_serde")]
    pub grace: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            unready: Duration::from_secs(5),
            spread: Duration::from_secs(20),
            grace: Duration::from_secs(10),
        }
    }
}

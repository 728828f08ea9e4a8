//! What can be set of a store beside its URL.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a store is used: how many connections, and how long anything may take. Durations are written as `4s`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The most connections that append. Two keep a server with two cores busy. SQLite always has one.
    pub write_connections: NonZeroUsize,
    /// The most connections that read.
    pub read_connections: NonZeroUsize,
    /// A connection that nobody has used for this long is closed: what lies between may have forgotten it.
    #[serde(with = "humantime_serde")]
    pub idle: Duration,
    /// A connection older than this is closed after use, so that connections spread again after a failover.
    #[serde(with = "humantime_serde")]
    pub lifetime: Duration,
    /// Every call ends within this, whatever the server does.
    #[serde(with = "humantime_serde")]
    pub call_limit: Duration,
    /// The server gives up a statement after this. SQLite only waits so long for its write lock.
    #[serde(with = "humantime_serde")]
    pub statement_timeout: Duration,
    /// Postgres gives up waiting for a lock after this: much shorter than a statement may take, so that a room which
    /// somebody keeps locked holds up no other.
    #[serde(with = "humantime_serde")]
    pub lock_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            write_connections: NonZeroUsize::MIN.saturating_add(1),
            read_connections: NonZeroUsize::MIN.saturating_add(7),
            idle: Duration::from_secs(60),
            lifetime: Duration::from_secs(30 * 60),
            call_limit: Duration::from_secs(4),
            statement_timeout: Duration::from_secs(2),
            lock_timeout: Duration::from_millis(500),
        }
    }
}

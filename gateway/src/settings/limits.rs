//! `limits.*`: a bound on everything that a client can make grow.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What one client, one user or one room may take.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The largest frame that a client may send, in bytes.
    pub frame_bytes: usize,
    /// The longest body of a message, in bytes.
    pub body_bytes: usize,
    /// The most subscriptions of one connection.
    pub rooms_per_connection: usize,
    /// The most events that are sent again after a join with a position; older ones are left out (`truncated`).
    pub replay: u64,
    /// The most messages of a page of history.
    pub page: u16,
    /// How many bytes of live events wait for one connection's socket. What does not fit is read from the log once
    /// less than half of it is left.
    pub outbox_bytes: usize,
    /// How many sends a second one connection may make for long; 0 = any number.
    pub sends_per_s: u32,
    /// How many sends one connection may make at once; 0 = any number.
    pub sends_burst: u32,
    /// How many joins a second one connection may ask for, for long; 0 = any number.
    pub joins_per_s: u32,
    /// How many joins one connection may ask for at once: all its rooms when it comes back; 0 = any number.
    pub joins_burst: u32,
    /// The most connections of one user to one gateway; 0 = any number.
    pub connections_per_user: u32,
    /// How long a connection may take to identify itself.
    #[serde(with = "humantime_serde")]
    pub identify: Duration,
    /// The most sends of one connection that wait for their verdicts.
    pub sends_waiting: usize,
    /// How long a connection's socket may take nothing of what waits for it, at the most: within a second before
    /// that time is over, it is dismissed as `too_slow`.
    #[serde(with = "humantime_serde")]
    pub stalled: Duration,
    /// The most bytes of recent events that are kept for a room.
    pub ring_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 65_536,
            body_bytes: 16_384,
            rooms_per_connection: 100,
            replay: 1000,
            page: 200,
            outbox_bytes: 262_144,
            sends_per_s: 20,
            sends_burst: 40,
            joins_per_s: 20,
            joins_burst: 100,
            connections_per_user: 50,
            identify: Duration::from_secs(10),
            sends_waiting: 64,
            stalled: Duration::from_secs(10),
            ring_bytes: 65_536,
        }
    }
}

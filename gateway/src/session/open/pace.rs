//! How fast a client may go, and for how long it may ask for what it cannot have.

use std::time::Duration;

use chat::{Code, Refusal};
use tokio::time::Instant;

use crate::settings::{Limits, Presence};

/// How fast something may go on for long, and how much of it may come at once. Where either is 0 there is no bound.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    per_s: u32,
    burst: u32,
}

impl Pace {
    pub(super) const fn of_sends(limits: &Limits) -> Self {
        Self { per_s: limits.sends_per_s, burst: limits.sends_burst }
    }

    /// Every connection in the room is told of it.
    pub(super) const fn of_whispers(presence: &Presence) -> Self {
        Self { per_s: presence.whispers_per_s, burst: presence.whispers_burst }
    }

    /// A room that is joined costs a subscription on the bus, which lingers, a read, and perhaps a row in the store.
    pub(super) const fn of_joins(limits: &Limits) -> Self {
        Self { per_s: limits.joins_per_s, burst: limits.joins_burst }
    }
}

/// A bucket of requests, kept as the one moment at which it will be full again.
pub(super) struct Bucket {
    full_at: Instant,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes one request out.
    ///
    /// # Errors
    /// `too_many`, with the time at which there will be one.
    pub(super) fn take(&mut self, pace: Pace, now: Instant) -> Result<(), Refusal> {
        if pace.per_s == 0 || pace.burst == 0 {
            return Ok(());
        }
        let every = Duration::from_secs(1) / pace.per_s;
        let full_at = self.full_at.max(now);
        let wait = (full_at - now).saturating_sub(every * (pace.burst - 1));
        if wait.is_zero() {
            self.full_at = full_at + every;
            return Ok(());
        }
        Err(Refusal::new(Code::TooMany, "you ask faster than is allowed").retry_in(wait))
    }
}

/// How often a client may be refused, or put us to the work of checking a token, within [`Patience::WITHIN`].
pub(super) struct Patience {
    since: Instant,
    strikes: u16,
}

impl Patience {
    const WITHIN: Duration = Duration::from_secs(10);
    const STRIKES_MAX: u16 = 100;

    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, strikes: 0 }
    }

    /// Counts one.
    ///
    /// # Errors
    /// `too_many`, for the connection, once there are too many.
    pub(super) fn strike(&mut self, now: Instant) -> Result<(), Refusal> {
        if now.saturating_duration_since(self.since) > Self::WITHIN {
            *self = Self::new(now);
        }
        self.strikes += 1;
        if self.strikes <= Self::STRIKES_MAX {
            return Ok(());
        }
        Err(Refusal::new(Code::TooMany, "you went on with what was refused").retry_in(Self::WITHIN))
    }
}

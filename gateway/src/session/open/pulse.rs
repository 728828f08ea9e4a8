//! Signs of life, in both directions.

use std::time::Duration;

use chat::{Code, Refusal};
use dialect::{Heartbeat, Silence};
use tokio::time::Instant;

/// A longer pause between two ticks means that this process stood still, and not the client: what came meanwhile
/// may lie unread.
const STOOD_STILL: Duration = Duration::from_secs(5);

/// When each side was last heard.
pub(super) struct Pulse {
    heard: Instant,
    beaten: Instant,
    ticked: Instant,
}

impl Pulse {
    pub(super) fn new(now: Instant) -> Self {
        Self { heard: now, beaten: now, ticked: now }
    }

    /// Something came from the client.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// True if it is time for a sign of life of ours.
    ///
    /// # Errors
    /// `quiet` if the client has given none for too long.
    pub(super) fn on_tick(&mut self, heartbeat: &Heartbeat, now: Instant) -> Result<bool, Refusal> {
        let pause = now.saturating_duration_since(self.ticked);
        self.ticked = now;
        if pause > STOOD_STILL {
            self.heard = (self.heard + pause).min(now);
        }
        if now.saturating_duration_since(self.heard) >= heartbeat.quiet_after {
            return Err(Refusal::new(Code::Quiet, "nothing was heard of you for too long"));
        }
        let Some(every) = heartbeat.every else { return Ok(false) };
        let silent_since = match heartbeat.silence {
            Silence::OfClient => self.heard.max(self.beaten),
            Silence::OfServer => self.beaten,
        };
        let due = now.saturating_duration_since(silent_since) >= every;
        if due {
            self.beaten = now;
        }
        Ok(due)
    }
}

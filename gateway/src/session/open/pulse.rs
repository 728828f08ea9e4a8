//! Signs of life, in both directions.

use std::time::Duration;

use chat::{Code, Refusal};
use dialect::Heartbeat;
use tokio::time::Instant;

/// A longer pause between two ticks means that this process stood still, and not the client: what came meanwhile
/// may lie unread.
const STOOD_STILL: Duration = Duration::from_secs(5);
/// Half of the time between two ticks: what is due before the next one is nearer is done now.
const HALF_A_TICK: Duration = Duration::from_millis(500);

/// When each side was last heard.
pub(super) struct Pulse {
    heard: Instant,
    pinged: Instant,
    /// When the client last had a sign of life that its program sees, at the latest.
    spoken: Instant,
    ticked: Instant,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    /// A WebSocket ping, so that the client is heard.
    pub(super) ping: bool,
    /// The dialect's own sign of life, so that we are.
    pub(super) beat: bool,
}

impl Pulse {
    pub(super) fn new(now: Instant) -> Self {
        Self { heard: now, pinged: now, spoken: now, ticked: now }
    }

    /// Something came from the client.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Something was written to the client since the last tick: at its very moment, for all that is known.
    pub(super) fn spoken(&mut self) {
        self.spoken = self.ticked;
    }

    /// Time has passed: says what is due.
    ///
    /// # Errors
    /// `quiet` if the client has given no sign of life for too long.
    pub(super) fn on_tick(&mut self, heartbeat: &Heartbeat, now: Instant) -> Result<Due, Refusal> {
        let pause = now.saturating_duration_since(self.ticked);
        self.ticked = now;
        if pause > STOOD_STILL {
            self.heard = (self.heard + pause).min(now);
        }
        if now.saturating_duration_since(self.heard) >= heartbeat.quiet_after {
            return Err(Refusal::new(Code::Quiet, "nothing was heard of you for too long"));
        }
        let is_due = |every: Option<Duration>, since: Instant| {
            every.is_some_and(|every| now.saturating_duration_since(since) + HALF_A_TICK >= every)
        };
        let ping = is_due(heartbeat.ping_every, self.heard.max(self.pinged));
        let beat = is_due(heartbeat.beat_every, self.spoken);
        if ping {
            self.pinged = now;
        }
        if beat {
            self.spoken = now;
        }
        Ok(Due { ping, beat })
    }
}

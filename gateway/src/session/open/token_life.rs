//! How long the token lasts, on the monotonic clock: a wall clock that jumps ends nobody's connection.

use std::time::Duration;

use chat::Refusal;
use tokio::time::Instant;

/// How long before the end the client is warned, at the earliest: half of a short life.
const WARN_BEFORE: Duration = Duration::from_secs(60);

/// The rest of a token's life.
pub(super) struct TokenLife {
    ends: Instant,
    /// `None` once the client has been warned.
    warns: Option<Instant>,
}

impl TokenLife {
    pub(super) fn begin(lives: Duration, now: Instant) -> Self {
        let ends = now + lives;
        Self { ends, warns: Some(ends - WARN_BEFORE.min(lives / 2)) }
    }

    /// Whether it ends before that other one.
    pub(super) fn is_shorter_than(&self, other: &Self) -> bool {
        self.ends < other.ends
    }

    /// Tells, once, what is left when it is time to warn the client.
    ///
    /// # Errors
    /// `not_identified` once it has run out.
    pub(super) fn on_tick(&mut self, now: Instant) -> Result<Option<Duration>, Refusal> {
        if now >= self.ends {
            return Err(Refusal::expired("the token has expired"));
        }
        let due = self.warns.take_if(|warns| now >= *warns).is_some();
        Ok(due.then(|| self.ends - now))
    }
}

//! `writer.*`: how a writer works. Every queue in it has its bound here.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a writer works. Durations are written as `1s`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The most messages that are committed together.
    pub batch_messages: NonZeroUsize,
    /// The most bytes that are committed together; a message that is larger goes alone.
    pub batch_bytes: NonZeroUsize,
    /// The most messages that wait to be committed. What comes on top is answered `unavailable` at once.
    pub queue_messages: NonZeroUsize,
    /// The most bytes that wait to be committed.
    pub queue_bytes: NonZeroUsize,
    /// The most reads that the store does at once: more than its read connections buys nothing.
    pub reads_at_once: NonZeroUsize,
    /// The most askers whose reads wait. What comes on top is answered `unavailable` at once.
    pub reads_waiting: NonZeroUsize,
    /// How often the writer tells the others that it lives.
    #[serde(with = "humantime_serde")]
    pub beat: Duration,
    /// A writer that was not heard for this long counts as gone. At least twice `beat`.
    #[serde(with = "humantime_serde")]
    pub silence: Duration,
    /// How often the writer announces what it has committed, and looks in the store for what was committed
    /// and never told.
    #[serde(with = "humantime_serde")]
    pub heads: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch_messages: count(1000),
            batch_bytes: count(4 * 1024 * 1024),
            queue_messages: count(20_000),
            queue_bytes: count(64 * 1024 * 1024),
            reads_at_once: count(8),
            reads_waiting: count(10_000),
            beat: Duration::from_secs(1),
            silence: Duration::from_secs(3),
            heads: Duration::from_secs(1),
        }
    }
}

impl Settings {
    /// What cannot work although each value by itself is well formed: the key within `writer`, and why.
    #[must_use]
    pub fn mistakes(&self) -> Vec<(&'static str, String)> {
        let mut mistakes = Vec::new();
        for (key, duration) in [("beat", self.beat), ("heads", self.heads)] {
            if duration < Duration::from_millis(10) {
                mistakes.push((key, "must be at least 10ms".to_owned()));
            }
        }
        if self.silence < self.beat * 2 {
            mistakes.push(("silence", "must be at least twice writer.beat".to_owned()));
        }
        mistakes
    }
}

const fn count(n: usize) -> NonZeroUsize {
    match NonZeroUsize::new(n) {
        Some(n) => n,
        None => NonZeroUsize::MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_work() {
        assert_eq!(Settings::default().mistakes(), []);
    }

    #[test]
    fn beats_must_be_heard_before_silence_counts() {
        let settings = Settings { silence: Duration::from_millis(1500), ..Settings::default() };
        assert_eq!(settings.mistakes()[0].0, "silence");
        let settings = Settings { beat: Duration::ZERO, ..Settings::default() };
        assert_eq!(settings.mistakes()[0].0, "beat");
    }
}

//! Whether repeats are to be expected: which of the two statements for messages is worth trying first.
//!
//! Owned by the store. Looking every id up costs a quarter of an append and finds nothing for hours; not looking
//! costs a batch that holds a repeat a second attempt. Repeats come in bursts, when something has gone wrong: the
//! first of a burst pays, the rest are looked up.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long after a repeat the next one is expected.
const BURST: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Repeats(Mutex<Option<Instant>>);

impl Repeats {
    /// Whether a batch is likely to hold one.
    pub(super) fn expected(&self) -> bool {
        self.last().is_some_and(|last| last.elapsed() < BURST)
    }

    /// Notes that there was one.
    pub(super) fn met(&self) {
        *self.last() = Some(Instant::now());
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        // Nothing panics while it holds this; were it poisoned, the time would still be a time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_repeat_lets_others_be_expected_for_a_while() {
        let repeats = Repeats::default();
        assert!(!repeats.expected());
        repeats.met();
        assert!(repeats.expected());
        tokio::time::advance(BURST).await;
        assert!(!repeats.expected());
    }
}

//! How long a thread has had nothing to do: it waits for the system, and has nothing else to turn to.
//!
//! Written by the runtime's thread, as it goes to wait and comes back, and read by it: shared only because the runtime's
//! hooks have to be. What the thread waits for a processor that others use is no rest.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The rest of one thread.
#[derive(Debug)]
pub(crate) struct Rest {
    began: Instant,
    /// When the rest of now began, in nanoseconds after `began`; 0 while the thread works.
    since: AtomicU64,
    /// All rests before, in nanoseconds.
    all: AtomicU64,
}

impl Rest {
    /// The thread works.
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), since: AtomicU64::new(0), all: AtomicU64::new(0) }
    }

    /// The thread has nothing to do from now on.
    pub(crate) fn begin(&self, now: Instant) {
        self.since.store(self.nanos(now).max(1), Ordering::Relaxed);
    }

    /// The thread has something to do from now on.
    pub(crate) fn end(&self, now: Instant) {
        let since = self.since.swap(0, Ordering::Relaxed);
        if since > 0 {
            self.all.fetch_add(self.nanos(now).saturating_sub(since), Ordering::Relaxed);
        }
    }

    /// How long it has rested until the rest of now.
    pub(crate) fn so_far(&self) -> Duration {
        Duration::from_nanos(self.all.load(Ordering::Relaxed))
    }

    fn nanos(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.began).as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_begin_and_end_is_rest() {
        let rest = Rest::new();
        let at = |ms| rest.began + Duration::from_millis(ms);
        rest.end(at(10));
        assert_eq!(rest.so_far(), Duration::ZERO, "it worked");
        for ms in [20, 70] {
            rest.begin(at(ms));
            rest.end(at(ms + 3));
            rest.end(at(ms + 40));
        }
        assert_eq!(rest.so_far(), Duration::from_millis(6));
    }
}

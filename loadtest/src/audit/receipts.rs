//! How many receipts there were, for the one thread that waits for them: it sleeps until there are enough.
//!
//! Shared by all worker threads without a lock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

/// Nobody waits.
const NOBODY: u64 = u64::MAX;

/// A count of receipts.
#[derive(Debug)]
pub(super) struct Receipts {
    count: AtomicU64,
    /// From how many on the waiter is woken.
    awaited: AtomicU64,
    waiter: OnceLock<Thread>,
}

impl Receipts {
    pub(super) const fn new() -> Self {
        Self { count: AtomicU64::new(0), awaited: AtomicU64::new(NOBODY), waiter: OnceLock::new() }
    }

    /// There were so many more. Wakes the waiter if it has waited for the last of them.
    pub(super) fn add(&self, more: u64) {
        // Both sides write their own word before they read the other's, in one order for all threads: so either this
        // one sees that somebody waits, or the waiter sees these receipts.
        let count = self.count.fetch_add(more, Ordering::SeqCst) + more;
        if count >= self.awaited.load(Ordering::SeqCst)
            && let Some(waiter) = self.waiter.get()
        {
            waiter.unpark();
        }
    }

    /// Blocks until there were `needed`, or for this long; may also return earlier. Gives how many there were.
    ///
    /// The first thread that waits is the only one that may.
    pub(super) fn wait_for(&self, needed: u64, within: Duration) -> u64 {
        let waiter = self.waiter.get_or_init(thread::current);
        debug_assert_eq!(waiter.id(), thread::current().id(), "nobody else is woken");
        self.awaited.store(needed, Ordering::SeqCst);
        if self.count.load(Ordering::SeqCst) < needed {
            thread::park_timeout(within);
        }
        self.awaited.store(NOBODY, Ordering::SeqCst);
        self.count.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Instant;

    use super::*;

    /// Bounds a hang.
    const HANG: Duration = Duration::from_secs(30);

    #[test]
    fn who_waits_is_woken_by_the_last_receipt_that_it_waits_for() {
        const ROUNDS: u64 = 2000;
        let receipts = Receipts::new();
        let (turns, next) = mpsc::sync_channel(0);
        let begin = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| {
                // Two at a time, in two parts: the first of them is not enough.
                for () in next {
                    receipts.add(1);
                    receipts.add(1);
                }
            });
            for round in 1..=ROUNDS {
                turns.send(()).unwrap();
                while receipts.wait_for(2 * round, HANG) < 2 * round {
                    assert!(begin.elapsed() < HANG, "nobody has woken it in round {round}");
                }
            }
            drop(turns);
        });
        assert!(begin.elapsed() < HANG, "it woke by itself");
    }

    #[test]
    fn who_waits_in_vain_is_told_how_many_there_were() {
        let receipts = Receipts::new();
        receipts.add(3);
        assert_eq!(receipts.wait_for(3, HANG), 3);
        assert_eq!(receipts.wait_for(4, Duration::from_millis(1)), 3);
    }
}

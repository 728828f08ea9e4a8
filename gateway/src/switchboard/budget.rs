//! How many submissions may be tried a second time: a tenth of the last second's drafts. A slow disk must not
//! double its own load.

use std::time::Duration;

use tokio::time::Instant;

/// Counts drafts and second attempts in windows of a second.
#[derive(Debug)]
pub(super) struct Budget {
    window: Instant,
    drafts: u64,
    drafts_before: u64,
    retries: u64,
}

impl Budget {
    const WINDOW: Duration = Duration::from_secs(1);
    /// What is always allowed in a second, so that a quiet gateway gets its few messages through.
    const FLOOR: u64 = 10;

    pub(super) fn new(now: Instant) -> Self {
        Self { window: now, drafts: 0, drafts_before: 0, retries: 0 }
    }

    /// Counts drafts that are submitted for the first time.
    pub(super) fn count(&mut self, drafts: usize, now: Instant) {
        self.turn(now);
        self.drafts += drafts as u64;
    }

    /// Takes leave to submit as many drafts once more.
    pub(super) fn retry(&mut self, drafts: usize, now: Instant) -> bool {
        self.turn(now);
        let allowed = Self::FLOOR.max(self.drafts_before / 10);
        let granted = self.retries < allowed;
        if granted {
            self.retries += drafts as u64;
        }
        granted
    }

    fn turn(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.window);
        if passed >= Self::WINDOW {
            self.drafts_before = if passed < Self::WINDOW * 2 { self.drafts } else { 0 };
            (self.drafts, self.retries, self.window) = (0, 0, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_last_second_may_be_tried_again() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        budget.count(1000, now);
        let later = now + Duration::from_secs(1);
        let granted = (0..1000).filter(|_| budget.retry(1, later)).count();
        assert_eq!(granted, 100);
    }

    #[test]
    fn a_quiet_gateway_may_always_try_a_few_again() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        assert_eq!((0..50).filter(|_| budget.retry(1, now)).count(), 10);
        assert!(budget.retry(1, now + Duration::from_secs(5)));
    }
}

//! How fast a server lets one connection send. A person that comes back with much to repeat keeps to it, instead of
//! being refused and thrown out.

use std::time::Instant;

/// An allowance that fills up with time, to one second's worth at the most.
#[derive(Debug)]
pub(super) struct Pace {
    /// 0 for no limit.
    per_s: u32,
    saved: f64,
    since: Instant,
}

impl Pace {
    /// The pace of a new connection.
    pub(super) fn new(per_s: u32, now: Instant) -> Self {
        Self { per_s, saved: f64::from(per_s), since: now }
    }

    /// True if one more may be sent now; it is then taken from the allowance.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        if self.per_s == 0 {
            return true;
        }
        let per_s = f64::from(self.per_s);
        self.saved += per_s * now.saturating_duration_since(self.since).as_secs_f64();
        (self.saved, self.since) = (self.saved.min(per_s), now);
        let allowed = self.saved >= 1.0;
        if allowed {
            self.saved -= 1.0;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_second_may_be_sent_at_once_and_the_rest_in_its_time() {
        let begin = Instant::now();
        let mut pace = Pace::new(20, begin);
        let mut taken_at = |ms| (0..100).take_while(|_| pace.take(begin + Duration::from_millis(ms))).count();
        assert_eq!([0, 0, 200, 250, 60_000].map(&mut taken_at), [20, 0, 4, 1, 20]);
    }

    #[test]
    fn without_a_limit_everything_goes_at_once() {
        let begin = Instant::now();
        let mut pace = Pace::new(0, begin);
        assert!((0..10_000).all(|_| pace.take(begin)));
    }
}

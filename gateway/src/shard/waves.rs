//! How many connections each wave of a drain dismisses: evenly over its time, however few or many there are, and
//! however many come or go meanwhile.

use std::time::Duration;

use tokio::time::Instant;

use crate::settings::Drain;

/// How long a dismissed connection may wait for the verdicts of its sends, at the most.
const VERDICTS_WITHIN: Duration = Duration::from_secs(5);
/// What one connection counts in [`Waves::owed`].
const WHOLE: u128 = 1_000_000;

/// The waves of one shard's drain. Owned by its drain task.
#[derive(Debug)]
pub(crate) struct Waves {
    /// When the last wave is due.
    end: Instant,
    /// When the wave before was.
    last: Instant,
    /// What is due and was not dismissed yet because it is less than one connection, in millionths.
    owed: u128,
    verdicts_within: Duration,
}

impl Waves {
    pub(crate) fn new(drain: &Drain, now: Instant) -> Self {
        // Half of the grace for the verdicts: the other half is for the farewell to be read.
        let verdicts_within = VERDICTS_WITHIN.min(drain.grace / 2);
        Self { end: now + drain.spread, last: now, owed: 0, verdicts_within }
    }

    /// How many of those who are still there go now: the share of the time that has passed since the wave before in
    /// all the time that was left then. After the end that is everybody.
    pub(crate) fn next(&mut self, open: usize, now: Instant) -> usize {
        let left = self.end.saturating_duration_since(now);
        if left.is_zero() {
            return open;
        }
        let passed = now.saturating_duration_since(self.last);
        self.last = now;
        self.owed += open as u128 * WHOLE * passed.as_nanos() / (passed + left).as_nanos();
        let due = usize::try_from(self.owed / WHOLE).unwrap_or(usize::MAX).min(open);
        self.owed %= WHOLE;
        due
    }

    /// Until when one who is dismissed now may wait for verdicts.
    pub(crate) fn verdicts_until(&self, now: Instant) -> Instant {
        now + self.verdicts_within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPREAD: Duration = Duration::from_secs(20);
    const STEP: Duration = Duration::from_millis(50);

    fn drain() -> Drain {
        Drain { unready: Duration::ZERO, spread: SPREAD, grace: Duration::from_secs(10) }
    }

    /// How many go in each of so many equal parts of the spread. `late` makes a wave late, by its number.
    fn parts(mut open: usize, parts: usize, late: impl Fn(u32) -> Duration) -> Vec<usize> {
        let begin = Instant::now();
        let mut waves = Waves::new(&drain(), begin);
        let mut gone = vec![0; parts + 1];
        for wave in 0.. {
            let passed = STEP * wave + late(wave);
            let go = waves.next(open, begin + passed);
            // Who goes at the end of a part belongs to it.
            let part = passed.as_nanos().saturating_sub(1) * parts as u128 / SPREAD.as_nanos();
            gone[usize::try_from(part).unwrap().min(parts)] += go;
            open -= go;
            if open == 0 {
                return gone;
            }
        }
        gone
    }

    #[test]
    fn few_are_spread_over_all_of_the_time_as_many_are() {
        for (open, each) in [(10_000, 1000), (500, 50), (10, 1)] {
            let gone = parts(open, 10, |_| Duration::ZERO);
            assert!(gone[..10].iter().all(|gone| gone.abs_diff(each) <= 1), "{open}: {gone:?}");
            assert_eq!(gone[10], 0, "{open}: nobody is left");
        }
    }

    #[test]
    fn ten_thousand_go_in_waves_of_which_none_is_larger_than_the_others() {
        let gone = parts(10_000, 200, |_| Duration::ZERO);
        assert!(gone[..200].iter().all(|gone| (49..=51).contains(gone)), "in 100 ms each: {gone:?}");
    }

    #[test]
    fn a_wave_that_is_late_takes_those_along_who_were_due_meanwhile() {
        // Every tenth wave comes 40 ms late.
        let gone = parts(10_000, 10, |wave| if wave % 10 == 0 { STEP * 4 / 5 } else { Duration::ZERO });
        assert!(gone[..10].iter().all(|gone| gone.abs_diff(1000) <= 51), "{gone:?}");
    }

    #[test]
    fn one_who_comes_during_the_drain_goes_with_it_and_after_it_at_once() {
        let begin = Instant::now();
        let mut waves = Waves::new(&drain(), begin);
        assert_eq!(waves.next(0, begin + SPREAD / 2), 0, "nobody is there");
        let gone: usize = (0..200).map(|wave| waves.next(1, begin + SPREAD / 2 + STEP * wave)).sum();
        assert!(gone >= 1, "one who comes now goes before the end");
        assert_eq!(waves.next(7, begin + SPREAD), 7);
        assert_eq!(waves.next(3, begin + SPREAD * 2), 3);
    }

    #[test]
    fn without_time_everybody_goes_at_once() {
        let now = Instant::now();
        let mut waves = Waves::new(&Drain { spread: Duration::ZERO, ..drain() }, now);
        assert_eq!(waves.next(10_000, now), 10_000);
    }

    #[test]
    fn a_short_grace_leaves_time_for_the_farewell() {
        let now = Instant::now();
        let until = |grace| Waves::new(&Drain { grace, ..drain() }, now).verdicts_until(now) - now;
        assert_eq!(until(Duration::from_secs(10)), Duration::from_secs(5));
        assert_eq!(until(Duration::from_mins(1)), Duration::from_secs(5));
        assert_eq!(until(Duration::from_secs(2)), Duration::from_secs(1));
    }
}

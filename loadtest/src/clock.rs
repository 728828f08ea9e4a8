//! Moments that several processes of one machine mean alike.
//!
//! An [`Instant`] means nothing to another process. The system's monotonic clock is one for all of them: a moment is
//! told as its nanoseconds, and read back as an instant of whoever hears it.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How often both clocks are read to find a pair of readings that belong together.
const TRIES: u32 = 5;

/// A moment that can be told to other processes of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) Instant);

/// One moment by both clocks: our own, and the one of the machine.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    own: Instant,
    shared: Duration,
}

impl Anchor {
    /// The same for as long as the process lives: both clocks run alike.
    fn get() -> Self {
        static ANCHOR: OnceLock<Anchor> = OnceLock::new();
        *ANCHOR.get_or_init(|| {
            // Whoever loses the processor between two readings has another try.
            let mut tries: Vec<(Duration, Self)> = (0..TRIES).map(|_| Self::read()).collect();
            tries.sort_by_key(|(apart, _)| *apart);
            tries[0].1
        })
    }

    /// Reads both, and how far apart in time the readings may be.
    fn read() -> (Duration, Self) {
        let own = Instant::now();
        let time = clock_gettime(ClockId::Monotonic);
        let apart = own.elapsed();
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
        (apart, Self { own, shared: Duration::new(seconds, nanoseconds) })
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Anchor { own, shared } = Anchor::get();
        let (later, earlier) = (self.0.saturating_duration_since(own), own.saturating_duration_since(self.0));
        let nanoseconds = (shared + later).saturating_sub(earlier).as_nanos();
        u64::try_from(nanoseconds).unwrap_or(u64::MAX).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Anchor { own, shared } = Anchor::get();
        let told = Duration::from_nanos(u64::deserialize(deserializer)?);
        let moment = match told.checked_sub(shared) {
            Some(later) => own.checked_add(later),
            None => own.checked_sub(shared.saturating_sub(told)),
        };
        moment.map(Self).ok_or_else(|| serde::de::Error::custom("a moment out of all range"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_that_was_told_is_the_same_moment() {
        let now = Instant::now();
        for moment in
            [now, now + Duration::from_secs(3600), now.checked_sub(Duration::from_millis(5)).unwrap()]
        {
            let told = serde_json::to_string(&Moment(moment)).unwrap();
            assert_eq!(serde_json::from_str::<Moment>(&told).unwrap(), Moment(moment), "{told}");
        }
        assert!(serde_json::from_str::<Moment>("-1").is_err());
    }

    #[test]
    fn the_clock_of_the_machine_is_what_others_read() {
        let told: u64 = serde_json::to_string(&Moment(Instant::now())).unwrap().parse().unwrap();
        let (_, Anchor { shared, .. }) = Anchor::read();
        assert!(Duration::from_nanos(told) <= shared + Duration::from_millis(1));
        assert!(Duration::from_nanos(told) + Duration::from_secs(30) > shared);
    }
}

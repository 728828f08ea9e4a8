//! Wall-clock time. Timers run on the monotonic clock and never come here: what is here is shown to people
//! and compared with the times in tokens, nothing else, so that a clock that jumps changes no order (G10).

use std::fmt;

/// A moment, in microseconds since 1970-01-01T00:00:00Z. Displayed as RFC 3339 with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The first and the last moment that RFC 3339 can write with a year of four digits and any offset.
    const RANGE: (i64, i64) = (-62_135_596_800_000_000, 253_370_764_800_000_000);

    /// From microseconds since 1970, cut to the years 1 to 9999.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Self::RANGE.0, Self::RANGE.1))
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Reads an RFC 3339 time, as [`fmt::Display`] writes it. `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_microsecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = jiff::Timestamp::from_microsecond(self.0.div_euclid(1000) * 1000).unwrap_or_default();
        write!(f, "{whole:.3}")
    }
}

/// Where the wall-clock time comes from: given in, so that a test can move it.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_microsecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_with_milliseconds_and_a_z() {
        assert_eq!(Timestamp::from_micros(1_795_150_800_123_999).to_string(), "2026-11-20T05:00:00.123Z");
        assert_eq!(Timestamp::from_micros(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_micros(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_time_that_no_calendar_has_is_cut_to_one_that_it_has() {
        assert_eq!(&Timestamp::from_micros(i64::MAX).to_string()[..5], "9999-");
    }

    #[test]
    fn what_is_shown_can_be_read() {
        let shown = Timestamp::from_micros(1_795_150_800_123_000);
        assert_eq!(Timestamp::parse(&shown.to_string()), Some(shown));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}

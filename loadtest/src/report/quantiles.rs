//! The latencies of a run in a few numbers.

use std::time::Duration;

use serde::Serialize;

use crate::tally::Latencies;

/// Latencies in microseconds, to three digits; all 0 if there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Quantiles {
    pub(crate) count: u64,
    pub(crate) mean: u64,
    pub(crate) p50: u64,
    pub(crate) p90: u64,
    pub(crate) p99: u64,
    pub(crate) p99_9: u64,
    pub(crate) p99_99: u64,
    pub(crate) max: u64,
}

impl Quantiles {
    pub(crate) fn of(latencies: &Latencies) -> Self {
        let at = |percent| micros(latencies.percentile(percent));
        Self {
            count: latencies.count(),
            mean: micros(latencies.mean()),
            p50: at(50.0),
            p90: at(90.0),
            p99: at(99.0),
            p99_9: at(99.9),
            p99_99: at(99.99),
            max: micros(latencies.max()),
        }
    }

    /// The quantiles as columns of a table.
    pub(super) fn columns(&self) -> [(&'static str, u64); 6] {
        let Self { p50, p90, p99, p99_9, p99_99, max, .. } = *self;
        [("p50", p50), ("p90", p90), ("p99", p99), ("p99.9", p99_9), ("p99.99", p99_99), ("max", max)]
    }
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Microseconds as milliseconds, with as many digits as say something.
pub(super) fn millis(us: u64) -> String {
    let (whole, rest) = (us / 1000, us % 1000);
    if whole >= 100 { format!("{whole}") } else { format!("{whole}.{:02}", rest / 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_short() {
        assert_eq!(millis(0), "0.00");
        assert_eq!(millis(1_234), "1.23");
        assert_eq!(millis(99_999), "99.99");
        assert_eq!(millis(123_456), "123");
    }
}

//! How long something took, as a reader wants to know it.

use std::time::Duration;

use serde::Serialize;

/// In milliseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Quantiles {
    /// Of at least one time.
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let ms = |percent: usize| times[times.len() * percent / 100].as_secs_f64() * 1e3;
        Self { p50: ms(50), p99: ms(99) }
    }
}

//! What is promised about time and memory, and what a short experiment allows instead.

use std::time::Duration;

use super::memory::Growth;
use crate::audit::{Bounds, Times};
use crate::length::length;
use crate::patience::PATIENCE;

/// How long anything may take, and how much may stay behind. A short experiment only catches what hangs: two cores
/// may be busy with other tests.
#[derive(Debug, Clone, Copy)]
pub struct Promised {
    /// From a request to its answer: five seconds, and half of one for the client's side of it.
    pub answer: Duration,
    /// From an acknowledgement, a return or the heal to the moment at which a message is shown.
    pub shown: Duration,
    /// From the heal until everybody is ready and every gateway serves.
    pub recovery: Duration,
    /// How many per cent of memory a process may keep of it all, beyond [`Promised::MEMORY_SLACK`].
    pub memory_percent: f64,
}

impl Promised {
    /// What a process may keep besides: rings and pools that fill up once, whatever happens. Bytes.
    pub const MEMORY_SLACK: u64 = 8 << 20;

    /// Demands it.
    ///
    /// # Panics
    /// If something is not as promised.
    pub(super) fn check(&self, times: &Times, recovery: Option<Duration>, memory: Option<&Growth>) {
        let bounds = Bounds { answer: self.answer, shown: self.shown };
        let late: Vec<String> = times.findings(&bounds).iter().map(ToString::to_string).collect();
        assert!(late.is_empty(), "{}", late.join("\n"));
        if let Some(recovery) = recovery {
            assert!(recovery <= self.recovery, "recovery took {recovery:?}, more than {:?}", self.recovery);
        }
        if let Some(growth) = memory {
            let bound = self.memory_percent;
            assert!(growth.percent <= bound, "{} kept {:.0} % more memory", growth.whose, growth.percent);
        }
    }
}

impl Default for Promised {
    fn default() -> Self {
        Self {
            answer: length(PATIENCE, Duration::from_millis(5500)),
            shown: length(PATIENCE, Duration::from_secs(10)),
            recovery: length(2 * PATIENCE, PATIENCE),
            memory_percent: length(f64::INFINITY, 10.0),
        }
    }
}

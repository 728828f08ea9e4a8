//! What a worker counts and times. One a worker thread, put together at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

/// The longest latency that is told apart from longer ones.
const LATENCY_MAX: Duration = Duration::from_secs(3600);
/// How many different reasons are told apart; servers make them up.
const REASONS_MAX: usize = 32;

/// Latencies in microseconds, to three digits.
#[derive(Debug, Clone)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    fn new() -> Self {
        let max = u64::try_from(LATENCY_MAX.as_micros()).unwrap_or(u64::MAX);
        // The bounds are constants that the library takes: 1 to max, 3 digits.
        Self(Histogram::new_with_max(max, 3).unwrap_or_else(|error| unreachable!("constant bounds: {error}")))
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1));
    }

    /// Takes the others' in.
    fn add(&mut self, other: &Self) {
        // Both have the same bounds, so nothing can be out of range.
        let _ = self.0.add(&other.0);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    pub(crate) fn max(&self) -> Duration {
        Duration::from_micros(self.0.max())
    }

    pub(crate) fn mean(&self) -> Duration {
        Duration::try_from_secs_f64(self.0.mean() / 1e6).unwrap_or_default()
    }

    /// The latency that this share of all did not exceed, such as 99.9.
    pub(crate) fn percentile(&self, percent: f64) -> Duration {
        Duration::from_micros(self.0.value_at_percentile(percent))
    }
}

/// How often something happened, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reasons(pub(crate) BTreeMap<String, u64>);

impl Reasons {
    pub(crate) fn count(&mut self, reason: &str) {
        let known = self.0.len() < REASONS_MAX || self.0.contains_key(reason);
        *self.0.entry(if known { reason } else { "other" }.to_owned()).or_insert(0) += 1;
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    fn add(&mut self, other: &Self) {
        for (reason, count) in &other.0 {
            *self.0.entry(reason.clone()).or_insert(0) += count;
        }
    }
}

/// What one worker has counted.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// From the planned time to the acknowledgement.
    pub(crate) acknowledged: Latencies,
    /// From the planned time to each receipt.
    pub(crate) delivered: Latencies,
    /// From the planned time to our own first write: how late the load tester itself was.
    pub(crate) behind: Latencies,
    /// Messages sent, repeats not counted.
    pub(crate) sent: u64,
    /// How often a message was sent again under the same id.
    pub(crate) repeated: u64,
    /// Messages refused, certainly not stored, by code.
    pub(crate) refused: Reasons,
    /// Connections that broke, by reason.
    pub(crate) broken: Reasons,
    /// Connections that came back.
    pub(crate) reconnects: u64,
    /// Events of rooms that the connection had not joined, or whose message belongs to another room.
    pub(crate) wrong_room: u64,
    /// Joins after a position that were told that something is left out.
    pub(crate) truncated: u64,
    /// Joins that found another history than the one before.
    pub(crate) other_epoch: u64,
    /// Frames that made no sense.
    pub(crate) unreadable: u64,
}

impl Tally {
    pub(crate) fn new() -> Self {
        let [acknowledged, delivered, behind] = [Latencies::new(), Latencies::new(), Latencies::new()];
        Self {
            acknowledged,
            delivered,
            behind,
            sent: 0,
            repeated: 0,
            refused: Reasons::default(),
            broken: Reasons::default(),
            reconnects: 0,
            wrong_room: 0,
            truncated: 0,
            other_epoch: 0,
            unreadable: 0,
        }
    }

    /// Takes another worker's in.
    pub(crate) fn add(&mut self, other: &Self) {
        self.acknowledged.add(&other.acknowledged);
        self.delivered.add(&other.delivered);
        self.behind.add(&other.behind);
        self.sent += other.sent;
        self.repeated += other.repeated;
        self.refused.add(&other.refused);
        self.broken.add(&other.broken);
        self.reconnects += other.reconnects;
        self.wrong_room += other.wrong_room;
        self.truncated += other.truncated;
        self.other_epoch += other.other_epoch;
        self.unreadable += other.unreadable;
    }
}

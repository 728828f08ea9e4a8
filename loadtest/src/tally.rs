//! What a worker counts and times. One a worker thread, put together at the end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::arrivals::Arrivals;
use crate::clock::Moment;
use crate::counted;
use crate::series::Series;

/// The longest latency that is told apart from longer ones.
const LATENCY_MAX: Duration = Duration::from_secs(3600);
/// How many different reasons are told apart; servers make them up.
const REASONS_MAX: usize = 32;

/// Latencies in microseconds, to three digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub(crate) struct Latencies(Histogram<u64>);

impl From<Vec<(u64, u64)>> for Latencies {
    fn from(counts: Vec<(u64, u64)>) -> Self {
        let mut latencies = Self::new();
        counted::count(&mut latencies.0, &counts);
        latencies
    }
}

impl From<Latencies> for Vec<(u64, u64)> {
    fn from(latencies: Latencies) -> Self {
        counted::counts(&latencies.0)
    }
}

impl Latencies {
    pub(crate) fn new() -> Self {
        let max = u64::try_from(LATENCY_MAX.as_micros()).unwrap_or(u64::MAX);
        // The bounds are constants that the library takes: 1 to max, 3 digits.
        Self(Histogram::new_with_max(max, 3).unwrap_or_else(|error| unreachable!("constant bounds: {error}")))
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1));
    }

    /// Takes the others' in.
    pub(crate) fn add(&mut self, other: &Self) {
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

    /// All of them, in microseconds.
    pub(crate) const fn histogram(&self) -> &Histogram<u64> {
        &self.0
    }

    /// The latency that this share of all did not exceed, such as 99.9.
    pub(crate) fn percentile(&self, percent: f64) -> Duration {
        Duration::from_micros(self.0.value_at_percentile(percent))
    }
}

/// How long those were away whose connections broke.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Absences {
    /// From the break of a connection to the moment at which its client had all that there was when it came back.
    pub(crate) each: Latencies,
    /// The first of the breaks, and the last of the returns.
    all: Option<(Moment, Moment)>,
    /// How often somebody came again who had left by choice; these are not among the others.
    pub(crate) chosen: u64,
}

impl Absences {
    fn new() -> Self {
        Self { each: Latencies::new(), all: None, chosen: 0 }
    }

    /// Somebody was away.
    pub(crate) fn add(&mut self, from: Instant, until: Instant) {
        self.each.record(until.saturating_duration_since(from));
        self.stretch(Moment(from), Moment(until));
    }

    /// From the first break to the last return, if there was one.
    pub(crate) fn all(&self) -> Option<Duration> {
        self.all.map(|(Moment(from), Moment(until))| until.saturating_duration_since(from))
    }

    fn take_in(&mut self, other: &Self) {
        self.each.add(&other.each);
        self.chosen += other.chosen;
        if let Some((from, until)) = other.all {
            self.stretch(from, until);
        }
    }

    fn stretch(&mut self, from: Moment, until: Moment) {
        let (first, last) = self.all.unwrap_or((from, until));
        self.all = Some((first.min(from), last.max(until)));
    }
}

/// How often something happened, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reasons(pub(crate) BTreeMap<String, u64>);

impl Reasons {
    pub(crate) fn count(&mut self, reason: &str) {
        let known = self.0.len() < REASONS_MAX || self.0.contains_key(reason);
        *self.0.entry(if known { reason } else { "other" }.to_owned()).or_insert(0) += 1;
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Takes the others' in.
    pub(crate) fn add(&mut self, other: &Self) {
        for (reason, count) in &other.0 {
            *self.0.entry(reason.clone()).or_insert(0) += count;
        }
    }
}

/// What is timed from the moment at which a message was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timed {
    Delivery,
    Acknowledgement,
}

/// What one worker has counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// How long it took to get in.
    pub(crate) arrivals: Arrivals,
    /// Connections that broke, by reason.
    pub(crate) broken: Reasons,
    /// How long these were away until they came back.
    pub(crate) absences: Absences,
    /// From asking for a page of history to having it.
    pub(crate) history: Latencies,
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
    /// Bytes that had come in when the run ended, and were never read.
    pub(crate) unread_bytes: u64,
    /// Events that came twice or after a later one: for those who watch the run. The audit counts by subscription.
    pub(crate) astray: u64,
    /// What happened when, the warm-up included.
    pub(crate) series: Series,
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
            arrivals: Arrivals::new(),
            broken: Reasons::default(),
            absences: Absences::new(),
            history: Latencies::new(),
            reconnects: 0,
            wrong_room: 0,
            truncated: 0,
            other_epoch: 0,
            unreadable: 0,
            unread_bytes: 0,
            astray: 0,
            series: Series::new(),
        }
    }

    /// A message was received or acknowledged, this late, as seen at `at` from the start of the run.
    pub(crate) fn time(&mut self, what: Timed, at: Duration, latency: Duration, measured: bool) {
        let latencies = match what {
            Timed::Delivery => {
                self.series.deliver(at, latency);
                &mut self.delivered
            }
            Timed::Acknowledgement => {
                self.series.acknowledge(at);
                &mut self.acknowledged
            }
        };
        if measured {
            latencies.record(latency);
        }
    }

    /// How often something was seen so far that should not be, whether or not it makes the run unclean.
    pub(crate) fn amiss(&self) -> u64 {
        let counts = [self.astray, self.wrong_room, self.truncated, self.other_epoch, self.unreadable];
        counts.iter().sum::<u64>() + self.refused.total() + self.broken.total()
    }

    /// Takes another worker's in.
    pub(crate) fn add(&mut self, other: &Self) {
        self.acknowledged.add(&other.acknowledged);
        self.delivered.add(&other.delivered);
        self.behind.add(&other.behind);
        self.sent += other.sent;
        self.repeated += other.repeated;
        self.refused.add(&other.refused);
        self.arrivals.add(&other.arrivals);
        self.broken.add(&other.broken);
        self.absences.take_in(&other.absences);
        self.history.add(&other.history);
        self.reconnects += other.reconnects;
        self.wrong_room += other.wrong_room;
        self.truncated += other.truncated;
        self.other_epoch += other.other_epoch;
        self.unreadable += other.unreadable;
        self.unread_bytes += other.unread_bytes;
        self.astray += other.astray;
        self.series.add(&other.series);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_that_was_told_is_the_same_tally() {
        let (mut tally, ms) = (Tally::new(), Duration::from_millis);
        for at in 0..3000 {
            tally.time(Timed::Delivery, ms(at), ms(at % 97), at > 500);
            tally.time(Timed::Acknowledgement, ms(at), ms(at % 7), true);
        }
        tally.absences.add(Instant::now(), Instant::now() + ms(70));
        tally.refused.count("too_many");
        tally.arrivals.joined.record(ms(12));
        tally.series.look(ms(1500), 7);
        tally.sent = 3000;
        let told = serde_json::to_string(&tally).unwrap();
        assert_eq!(serde_json::from_str::<Tally>(&told).unwrap(), tally);
    }

    #[test]
    fn absences_of_several_workers_are_one() {
        let begin = Instant::now();
        let after = |ms| begin + Duration::from_millis(ms);
        let (mut one, mut other, nobody) = (Absences::new(), Absences::new(), Absences::new());
        one.add(after(100), after(300));
        other.add(after(50), after(60));
        other.add(after(200), after(900));
        one.take_in(&other);
        one.take_in(&nobody);
        assert_eq!((one.each.count(), one.all()), (3, Some(Duration::from_millis(850))));
        assert_eq!(nobody.all(), None);
    }
}

//! What the run took of the load tester itself: whether its figures are those of the servers or its own.
//!
//! A worker thread looks at itself all the time: how much of it it had nothing to do and waited, which the system's other
//! work on the same processor cannot make look better; and how long what comes in waits until it is read, which a probe
//! tells that waits in the same line. One a worker, put together at the end.

mod rest;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::report::Quantiles;
use crate::tally::Latencies;
pub(crate) use rest::Rest;

/// A thread that works for more than this part of the time reads as fast as it can, and no faster.
const BUSY_MAX: f64 = 0.95;
/// Less than this is not late.
const LATE_US: u64 = 5_000;
/// What is late and at least this part of the latencies has made them.
const LATE_PART: u64 = 4;

/// A worker's look at itself.
#[derive(Debug, Clone)]
pub(crate) struct Effort {
    /// When it looked first, and last: the moment, and how long it had rested by then.
    first: Option<(Instant, Duration)>,
    last: Option<(Instant, Duration)>,
    /// How long what had come waited.
    late: Latencies,
}

/// What it took of one worker in all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spent {
    /// The part of the time that it worked.
    busy: f64,
    late: Latencies,
}

/// What it took of all workers.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Efforts {
    /// The part of the time that the busiest worker thread did not wait for anything.
    busy: f64,
    /// How long what had come in waited until it was read, in microseconds.
    late: Quantiles,
    /// Bytes that had come in and were never read.
    unread_bytes: u64,
}

impl Effort {
    pub(crate) fn new() -> Self {
        Self { first: None, last: None, late: Latencies::new() }
    }

    /// The worker looks at itself: it is `now`, and it has rested for so long since its thread began.
    pub(crate) fn look(&mut self, now: Instant, rested: Duration) {
        self.first.get_or_insert((now, rested));
        self.last = Some((now, rested));
    }

    /// It is `now`, and only now the worker comes to what it was asked for at `due`, behind everything that had come before.
    pub(crate) fn reached(&mut self, due: Instant, now: Instant) {
        self.late.record(now.saturating_duration_since(due));
    }

    /// What it took in all.
    pub(crate) fn spent(&self) -> Spent {
        Spent { busy: self.busy(), late: self.late.clone() }
    }

    /// The part of the time between its looks that it did not rest.
    fn busy(&self) -> f64 {
        let Some(((first, before), (last, after))) = self.first.zip(self.last) else { return 0.0 };
        let time = last.saturating_duration_since(first).as_secs_f64();
        if time > 0.0 { 1.0 - after.saturating_sub(before).as_secs_f64() / time } else { 0.0 }
    }
}

impl Efforts {
    /// Puts together what the workers have seen of themselves.
    pub(crate) fn of<'a>(workers: impl Iterator<Item = &'a Spent>, unread_bytes: u64) -> Self {
        let (mut busy, mut late) = (0.0_f64, Latencies::new());
        for worker in workers {
            busy = busy.max(worker.busy);
            late.add(&worker.late);
        }
        Self { busy, late: Quantiles::of(&late), unread_bytes }
    }

    /// Why the figures say little about the servers, if they do. `sent_late` and `delivered` are 99 % of the delays of
    /// planned messages and of the latencies, in microseconds; `lost` are receipts.
    pub(crate) fn doubts(&self, sent_late: u64, delivered: u64, lost: u64) -> Vec<&'static str> {
        let reads_late = self.late.p99 > LATE_US && self.late.p99 > delivered / LATE_PART;
        let all = [
            (sent_late > LATE_US, "The load tester itself was late: it sent after the planned time."),
            (
                self.busy > BUSY_MAX,
                "The load tester itself was at its limit: a thread of it had not a moment's rest.",
            ),
            (
                reads_late,
                "The load tester itself was late: a good part of the latencies is the time until it read.",
            ),
            (
                self.unread_bytes > 0 && lost > 0,
                "The load tester had not read everything: what it calls lost may have been there.",
            ),
        ];
        all.into_iter().filter_map(|(applies, doubt)| applies.then_some(doubt)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A worker that looked ten times, 20 ms apart, worked so much between two looks, and read so late.
    fn worker(busy: Duration, late: Duration) -> Effort {
        let (begin, mut effort) = (Instant::now(), Effort::new());
        for look in 0..10 {
            let due = begin + Duration::from_millis(20) * look;
            effort.look(due + late, (Duration::from_millis(20) - busy) * look);
            effort.reached(due, due + late);
        }
        effort
    }

    fn doubts(busy_ms: u64, late_ms: u64, delivered_ms: u64) -> usize {
        let easy = worker(Duration::ZERO, Duration::ZERO);
        let hard = worker(Duration::from_millis(busy_ms), Duration::from_millis(late_ms));
        Efforts::of([easy.spent(), hard.spent()].iter(), 0).doubts(0, delivered_ms * 1000, 0).len()
    }

    #[test]
    fn one_worker_without_rest_is_enough_for_a_doubt() {
        assert_eq!((doubts(10, 0, 1), doubts(20, 0, 1)), (0, 1));
    }

    #[test]
    fn reading_late_is_a_doubt_where_it_makes_the_latencies() {
        assert_eq!((doubts(0, 4, 1), doubts(0, 20, 30), doubts(0, 20, 1000)), (0, 1, 0));
    }

    #[test]
    fn sending_late_and_losing_what_was_not_read_are_doubts() {
        let none = Efforts::of(std::iter::empty(), 100);
        assert_eq!((none.doubts(5_001, 0, 0).len(), none.doubts(0, 0, 1).len()), (1, 1));
        assert_eq!(none.doubts(5_000, 0, 0), [""; 0], "bytes after the last receipt are no loss");
    }
}

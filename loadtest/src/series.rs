//! What happened when: a run cut into slices of equal length.
//!
//! One a worker thread, and one for what is seen from outside; put together at the end. Bound: [`SLICES_MAX`] slices
//! of 13 kB each, however long the run is. When they are used up, each two become one that is twice as long.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::counted;

/// The length of a slice while there are enough of them: whole seconds.
const SLICE: Duration = Duration::from_secs(1);
/// Enough for five minutes of seconds, or for a day of slices of five minutes.
const SLICES_MAX: usize = 300;
/// The longest latency that a slice tells apart from longer ones, in microseconds.
const LATENCY_MAX_US: u64 = 3_600_000_000;

/// The slices of a run, counted from the moment at which its first message was planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    length: Duration,
    slices: Vec<Slice>,
}

/// What happened in one slice.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Slice {
    /// Receipts, none of them twice.
    pub(crate) deliveries: u64,
    /// Messages that were acknowledged.
    pub(crate) acknowledged: u64,
    /// The fewest connections that were open, if anybody looked.
    pub(crate) connections: Option<u32>,
    /// Of the receipts, in microseconds to two digits; `None` if there were none.
    #[serde(serialize_with = "tell", deserialize_with = "hear")]
    latency: Option<Histogram<u32>>,
}

impl Series {
    pub(crate) const fn new() -> Self {
        Self { length: SLICE, slices: Vec::new() }
    }

    /// A message was received, this long after the run had begun and after it had been planned.
    pub(crate) fn deliver(&mut self, at: Duration, latency: Duration) {
        self.slice(at).deliver(latency);
    }

    /// A message was acknowledged.
    pub(crate) fn acknowledge(&mut self, at: Duration) {
        self.slice(at).acknowledged += 1;
    }

    /// Somebody has counted the open connections.
    pub(crate) fn look(&mut self, at: Duration, connections: u32) {
        let slice = self.slice(at);
        slice.connections = Some(slice.connections.map_or(connections, |fewest| fewest.min(connections)));
    }

    /// Takes the others' in.
    pub(crate) fn add(&mut self, other: &Self) {
        let mut other = other.clone();
        while self.length < other.length {
            self.coarsen();
        }
        while other.length < self.length {
            other.coarsen();
        }
        if self.slices.len() < other.slices.len() {
            self.slices.resize_with(other.slices.len(), Slice::default);
        }
        for (slice, other) in self.slices.iter_mut().zip(&other.slices) {
            slice.add(other);
        }
    }

    /// How long each slice is.
    pub(crate) const fn length(&self) -> Duration {
        self.length
    }

    pub(crate) fn slices(&self) -> &[Slice] {
        &self.slices
    }

    fn slice(&mut self, at: Duration) -> &mut Slice {
        let index = loop {
            // Truncated: the slice that has begun. Slices are whole seconds, so seconds are enough to tell. A time too
            // long for a number is too long for the slices.
            let index = usize::try_from(at.as_secs() / self.length.as_secs()).unwrap_or(usize::MAX);
            if index < SLICES_MAX {
                break index;
            }
            self.coarsen();
        };
        if self.slices.len() <= index {
            self.slices.resize_with(index + 1, Slice::default);
        }
        &mut self.slices[index]
    }

    /// Makes one of each two slices.
    fn coarsen(&mut self) {
        let merge = |pair: &[Slice]| {
            let mut one = pair[0].clone();
            pair.iter().skip(1).for_each(|other| one.add(other));
            one
        };
        self.slices = self.slices.chunks(2).map(merge).collect();
        self.length *= 2;
    }
}

impl Slice {
    /// The latency that this share of the slice's receipts did not exceed, such as 99.0, in microseconds.
    pub(crate) fn percentile(&self, percent: f64) -> Option<u64> {
        self.latency.as_ref().map(|latency| latency.value_at_percentile(percent))
    }

    /// The longest latency in microseconds.
    pub(crate) fn max(&self) -> Option<u64> {
        self.latency.as_ref().map(Histogram::max)
    }

    fn deliver(&mut self, latency: Duration) {
        self.deliveries += 1;
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1);
        self.latency.get_or_insert_with(histogram).saturating_record(us);
    }

    fn add(&mut self, other: &Self) {
        self.deliveries += other.deliveries;
        self.acknowledged += other.acknowledged;
        self.connections = match (self.connections, other.connections) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        if let Some(other) = &other.latency {
            // Both have the same bounds, so nothing can be out of range.
            let _ = self.latency.get_or_insert_with(histogram).add(other);
        }
    }
}

fn histogram() -> Histogram<u32> {
    // The bounds are constants that the library takes: 1 to max, 2 digits.
    Histogram::new_with_max(LATENCY_MAX_US, 2)
        .unwrap_or_else(|error| unreachable!("constant bounds: {error}"))
}

fn tell<S: Serializer>(latency: &Option<Histogram<u32>>, serializer: S) -> Result<S::Ok, S::Error> {
    latency.as_ref().map(counted::counts).serialize(serializer)
}

fn hear<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Histogram<u32>>, D::Error> {
    let counts: Option<Vec<(u64, u64)>> = Option::deserialize(deserializer)?;
    Ok(counts.map(|counts| {
        let mut latency = histogram();
        counted::count(&mut latency, &counts);
        latency
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn deliveries(series: &Series) -> Vec<u64> {
        series.slices().iter().map(|slice| slice.deliveries).collect()
    }

    #[test]
    fn a_second_holds_what_happened_in_it() {
        let mut series = Series::new();
        for ms in 1..=100 {
            series.deliver(900 * MS, ms * MS);
        }
        series.deliver(2_000 * MS, 7 * MS);
        series.acknowledge(2_999 * MS);
        series.look(2_100 * MS, 12);
        series.look(2_200 * MS, 9);
        series.look(2_300 * MS, 11);
        assert_eq!(deliveries(&series), [100, 0, 1]);
        let [first, nothing, last] = series.slices() else { panic!("three seconds") };
        assert_eq!((first.percentile(50.0).unwrap() / 1000, first.max().unwrap() / 1000), (50, 100));
        assert_eq!((nothing.percentile(50.0), nothing.connections), (None, None));
        assert_eq!((last.acknowledged, last.connections), (1, Some(9)));
    }

    #[test]
    fn a_long_run_has_longer_slices_and_not_more_of_them() {
        let mut series = Series::new();
        let day = 24 * 3600;
        for second in 0..day {
            series.deliver(Duration::from_secs(second), MS);
            series.look(Duration::from_secs(second), 5);
        }
        assert!(series.slices().len() <= SLICES_MAX);
        assert_eq!(series.length(), Duration::from_secs(512), "the smallest power of two that is enough");
        assert_eq!(deliveries(&series).iter().sum::<u64>(), day);
        assert_eq!(deliveries(&series)[..2], [512, 512]);
        assert!(series.slices().iter().all(|slice| slice.connections == Some(5)));
    }

    #[test]
    fn series_of_different_lengths_are_put_together() {
        let (mut short, mut long) = (Series::new(), Series::new());
        short.deliver(500 * MS, MS);
        short.deliver(1_500 * MS, MS);
        short.look(600 * MS, 8);
        short.look(1_600 * MS, 5);
        long.look(1_700 * MS, 6);
        long.deliver(1_000 * MS, 80 * MS);
        long.deliver(400_000 * MS, MS);
        for (one, other) in [(&short, &long), (&long, &short)] {
            let mut both = one.clone();
            both.add(other);
            assert_eq!(both.length(), Duration::from_secs(2));
            assert_eq!((both.slices()[0].deliveries, both.slices()[200].deliveries), (3, 1));
            assert_eq!(both.slices()[0].max().unwrap() / 1000, 80);
            assert_eq!(both.slices()[0].connections, Some(5), "the fewest of all");
        }
    }
}

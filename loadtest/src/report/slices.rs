//! The run over time, for the plots and for programs.

use std::time::Duration;

use serde::Serialize;

use crate::series::Series;

/// The slices of a run, the warm-up and the waiting at the end included.
#[derive(Debug, Serialize)]
pub(crate) struct OverTime {
    /// How long each slice is: a second, and twice as long each time a run has used up 300 of them.
    pub(super) slice_s: f64,
    /// The first begins when the first message was planned.
    pub(super) slices: Vec<Row>,
}

/// A slice. Latencies are of the receipts in it, in microseconds from the planned time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    pub(super) deliveries: u64,
    pub(super) acknowledged: u64,
    /// The fewest that were open; null if nobody looked.
    pub(super) connections: Option<u32>,
    /// Null, like the next two, if nothing was received.
    pub(super) p50: Option<u64>,
    pub(super) p99: Option<u64>,
    pub(super) max: Option<u64>,
}

impl OverTime {
    /// The series of a run whose messages were planned for this long. What comes later counts if anything happened.
    pub(super) fn of(series: &Series, planned: Duration) -> Self {
        let length = series.length();
        let rows = series.slices().iter().map(|slice| Row {
            deliveries: slice.deliveries,
            acknowledged: slice.acknowledged,
            connections: slice.connections,
            p50: slice.percentile(50.0),
            p99: slice.percentile(99.0),
            max: slice.max(),
        });
        let mut slices: Vec<Row> = rows.collect();
        let within = |index: usize| length.as_secs_f64() * (index as f64) < planned.as_secs_f64();
        while slices
            .last()
            .is_some_and(|row| (row.deliveries, row.acknowledged) == (0, 0) && !within(slices.len() - 1))
        {
            slices.pop();
        }
        Self { slice_s: length.as_secs_f64(), slices }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_in_which_nothing_happens_is_left_out() {
        let ms = Duration::from_millis;
        let mut series = Series::new();
        series.deliver(ms(100), ms(3));
        for second in 0..9 {
            series.look(ms(1000 * second + 10), 7);
        }
        let rows = |planned, series: &Series| OverTime::of(series, planned).slices.len();
        assert_eq!(rows(ms(4000), &series), 4, "the plan counts, even where nothing came");
        series.acknowledge(ms(6500));
        assert_eq!(rows(ms(4000), &series), 7, "and whatever came late");
        let first = &OverTime::of(&series, ms(4000)).slices[0];
        assert_eq!((first.deliveries, first.connections), (1, Some(7)));
        assert_eq!((first.p50, first.p99), (first.max, first.max));
    }
}

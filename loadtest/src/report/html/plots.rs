//! The plots of a report.

use super::time::Time;
use crate::report::Report;
use crate::report::slices::Row;
use crate::tally::{Latencies, Tally};
use plot::{Axis, Chart, Labels, number};

/// In units of the plot, which are about pixels.
const WIDE: (f64, f64) = (1080.0, 330.0);
const NARROW: (f64, f64) = (540.0, 250.0);
/// Where the highest value is more than this many times the lowest, a linear axis would hide the lower ones.
const LINEAR_UP_TO: f64 = 40.0;
/// How many points of a curve there are for each halving of what is left to 100 %.
const POINTS_PER_HALVING: u32 = 12;

/// Latency by percentile, with each further nine as wide as the one before.
pub(super) fn percentiles(tally: &Tally) -> String {
    // The acknowledgements are dashed and above: where both are the same, both are seen.
    let both = [(&tally.delivered, "delivered"), (&tally.acknowledged, "acknowledged")];
    let curves = both.map(|(latencies, class)| (curve(latencies), class));
    let values = curves.iter().flat_map(|(points, _)| points.iter().filter_map(|(_, ms)| *ms));
    let count = tally.delivered.count().max(tally.acknowledged.count());
    let labels = Labels { title: "Latency by percentile", x: "percentile", y: "ms" };
    let mut chart = Chart::new(WIDE, Axis::percentiles(count), latency_axis(values), labels);
    for (points, class) in &curves {
        chart.line(points, class);
    }
    chart.finish()
}

/// 1/(1 - percentile) and milliseconds.
fn curve(latencies: &Latencies) -> Vec<(f64, Option<f64>)> {
    // The slowest of n is at 1 - 1/n: what the histogram has beyond that is the slowest again.
    #[expect(clippy::cast_precision_loss, reason = "a place in a plot")]
    let last = latencies.count() as f64;
    let steps = latencies.histogram().iter_quantiles(POINTS_PER_HALVING);
    let points =
        steps.map(|step| (1.0 / (1.0 - step.quantile_iterated_to()), Some(ms(step.value_iterated_to()))));
    let slowest = (last, Some(ms(latencies.histogram().max())));
    points.take_while(|(inverse, _)| *inverse < last).chain((last > 0.0).then_some(slowest)).collect()
}

/// Median, 99th percentile and maximum of each slice.
pub(super) fn latency_over_time(report: &Report) -> String {
    let time = Time::of(report);
    let values = time.rows.iter().flat_map(|row| [row.p50, row.p99, row.max]).flatten().map(ms);
    let mut chart = time.chart(WIDE, "Latency over time", latency_axis(values), "ms");
    let line = |which: fn(&Row) -> Option<u64>| -> Vec<(f64, Option<f64>)> {
        time.points().map(|(middle, row)| (middle, which(row).map(ms))).collect()
    };
    let ends = |row: &Row| row.p50.zip(row.p99).map(|(low, high)| (ms(low), ms(high)));
    let band: Vec<_> = time.points().map(|(middle, row)| (middle, ends(row))).collect();
    chart.band(&band, "delivered");
    chart.line(&line(|row| row.max), "max");
    chart.line(&line(|row| row.p99), "p99");
    chart.line(&line(|row| row.p50), "delivered");
    time.hints(&mut chart, |row, _| match (row.p50, row.p99, row.max) {
        (Some(p50), Some(p99), Some(max)) => {
            let [p50, p99, max] = [p50, p99, max].map(|us| number(ms(us)));
            format!("p50 {p50} ms, p99 {p99} ms, max {max} ms")
        }
        _ => "nothing received".to_owned(),
    });
    chart.finish()
}

/// Deliveries a second.
pub(super) fn deliveries(report: &Report) -> String {
    let time = Time::of(report);
    #[expect(clippy::cast_precision_loss, reason = "a rate in a plot")]
    let rate = |row: &Row, seconds: f64| row.deliveries as f64 / seconds.max(0.001);
    let step = |((from, to), row)| (time.place(from), time.place(to), rate(row, to - from));
    let steps: Vec<(f64, f64, f64)> = time.stretches().zip(time.rows).map(step).collect();
    let top = steps.iter().map(|(_, _, rate)| *rate).fold(0.0, f64::max);
    let mut chart = time.chart(NARROW, "Deliveries a second", Axis::from_zero(top), "deliveries/s");
    chart.steps(&steps, "delivered");
    time.hints(&mut chart, |row, seconds| {
        format!("{} deliveries/s, {} acknowledged", number(rate(row, seconds)), row.acknowledged)
    });
    chart.finish()
}

/// Open connections: the fewest of each slice.
pub(super) fn connections(report: &Report) -> String {
    let time = Time::of(report);
    let step = |((from, to), row): ((f64, f64), &Row)| {
        Some((time.place(from), time.place(to), f64::from(row.connections?)))
    };
    let steps: Vec<(f64, f64, f64)> = time.stretches().zip(time.rows).filter_map(step).collect();
    let top = steps.iter().map(|(_, _, count)| *count).fold(f64::from(report.plan.subscribers), f64::max);
    let mut chart = time.chart(NARROW, "Open connections", Axis::from_zero(top), "connections");
    chart.steps(&steps, "connections");
    time.hints(&mut chart, |row, _| {
        row.connections.map_or_else(|| "nobody looked".to_owned(), |count| format!("{count} connections"))
    });
    chart.finish()
}

fn latency_axis(values: impl Iterator<Item = f64>) -> Axis {
    let ends = values.fold(None, |ends: Option<(f64, f64)>, value| {
        Some(ends.map_or((value, value), |(min, max)| (min.min(value), max.max(value))))
    });
    match ends {
        Some((min, max)) if max > min * LINEAR_UP_TO => Axis::logarithmic(min.max(0.001), max),
        Some((_, max)) => Axis::from_zero(max),
        None => Axis::from_zero(1.0),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a place in a plot")]
fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

//! The plots of a report.

use super::axis::{Axis, number};
use super::chart::{Chart, Labels};
use crate::report::Report;
use crate::report::slices::Row;
use crate::tally::{Latencies, Tally};

/// In units of the plot, which are about pixels.
const WIDE: (f64, f64) = (1080.0, 330.0);
const NARROW: (f64, f64) = (540.0, 250.0);
/// Where the highest value is more than this many times the lowest, a linear axis would hide the lower ones.
const LINEAR_UP_TO: f64 = 40.0;
/// What is delivered after the plan has ended is shown if it is more than one in so many of what a slice has had.
const LATE_SHARE: u64 = 20;
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
    let mut chart = Chart::new(WIDE.0, WIDE.1, Axis::percentiles(count), latency_axis(values), labels);
    for (points, class) in &curves {
        chart.line(points, class);
    }
    chart.finish()
}

/// 1/(1 - percentile) and milliseconds.
fn curve(latencies: &Latencies) -> Vec<(f64, Option<f64>)> {
    if latencies.count() == 0 {
        return Vec::new();
    }
    let steps = latencies.histogram().iter_quantiles(POINTS_PER_HALVING);
    let end = |step: &f64| *step < 1.0;
    let mut points: Vec<(f64, Option<f64>)> = steps
        .map(|step| (step.quantile_iterated_to(), ms(step.value_iterated_to())))
        .filter(|(quantile, _)| end(quantile))
        .map(|(quantile, ms)| (1.0 / (1.0 - quantile), Some(ms)))
        .collect();
    // The slowest of n is at 1 - 1/n.
    #[expect(clippy::cast_precision_loss, reason = "a place in a plot")]
    let last = latencies.count() as f64;
    points.retain(|(inverse, _)| *inverse < last);
    points.push((last, Some(ms(latencies.histogram().max()))));
    points
}

/// Median, 99th percentile and maximum of each slice.
pub(super) fn latency_over_time(report: &Report) -> String {
    let time = Time::of(report);
    let rows = &report.over_time.slices;
    let values = rows.iter().flat_map(|row| [row.p50, row.p99, row.max]).flatten().map(ms);
    let labels = Labels { title: "Latency over time", x: "seconds from the first message", y: "ms" };
    let mut chart = time.chart(WIDE, latency_axis(values), labels);
    let line = |which: fn(&Row) -> Option<u64>| -> Vec<(f64, Option<f64>)> {
        time.middles().zip(rows).map(|(middle, row)| (middle, which(row).map(ms))).collect()
    };
    let ends = |row: &Row| row.p50.zip(row.p99).map(|(low, high)| (ms(low), ms(high)));
    let band: Vec<_> = time.middles().zip(rows).map(|(middle, row)| (middle, ends(row))).collect();
    chart.band(&band, "delivered");
    chart.line(&line(|row| row.max), "max");
    chart.line(&line(|row| row.p99), "p99");
    chart.line(&line(|row| row.p50), "delivered");
    time.hints(&mut chart, rows, |row| match (row.p50, row.p99, row.max) {
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
    let rows = &report.over_time.slices;
    #[expect(clippy::cast_precision_loss, reason = "a rate in a plot")]
    let rates = time
        .stretches()
        .zip(rows)
        .map(|((from, to), row)| (from, to, row.deliveries as f64 / (to - from).max(0.001)));
    let rates: Vec<(f64, f64, f64)> = rates.collect();
    let top = rates.iter().map(|(_, _, rate)| *rate).fold(0.0, f64::max);
    let labels =
        Labels { title: "Deliveries a second", x: "seconds from the first message", y: "deliveries/s" };
    let mut chart = time.chart(NARROW, Axis::from_zero(top), labels);
    chart.steps(&rates, "delivered");
    for ((from, to, rate), row) in rates.iter().zip(rows) {
        let acknowledged = row.acknowledged;
        let text =
            format!("{} s: {} deliveries/s, {acknowledged} acknowledged", number(*from), number(*rate));
        chart.hint(*from, *to, &text);
    }
    chart.finish()
}

/// Open connections: the fewest of each slice.
pub(super) fn connections(report: &Report) -> String {
    let time = Time::of(report);
    let rows = &report.over_time.slices;
    let counts = time
        .stretches()
        .zip(rows)
        .filter_map(|((from, to), row)| Some((from, to, f64::from(row.connections?))));
    let counts: Vec<(f64, f64, f64)> = counts.collect();
    let top = counts.iter().map(|(_, _, count)| *count).fold(f64::from(report.plan.subscribers), f64::max);
    let labels = Labels { title: "Open connections", x: "seconds from the first message", y: "connections" };
    let mut chart = time.chart(NARROW, Axis::from_zero(top), labels);
    chart.steps(&counts, "connections");
    time.hints(&mut chart, rows, |row| {
        row.connections.map_or_else(String::new, |count| format!("{count} connections"))
    });
    chart.finish()
}

/// The slices of a run as stretches of time, in seconds.
struct Time {
    slice: f64,
    count: usize,
    warm_up: f64,
    /// When the last message was planned.
    planned: f64,
    /// Where the plots end.
    end: f64,
}

impl Time {
    fn of(report: &Report) -> Self {
        let (slice, rows) = (report.over_time.slice_s, &report.over_time.slices);
        let planned = report.plan.warm_up_s + report.plan.duration_s;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and is not negative"
        )]
        let in_plan = ((planned / slice).ceil() as usize).min(rows.len());
        let (plan, late) = rows.split_at(in_plan);
        // The last messages of any run arrive a little after the plan has ended. A plot goes on only for more than these.
        let sum = |rows: &[Row]| rows.iter().map(|row| row.deliveries).sum::<u64>();
        let goes_on = sum(late) * LATE_SHARE * plan.len() as u64 > sum(plan);
        let count = if goes_on { rows.len() } else { in_plan };
        let end = if goes_on { rows.len() as f64 * slice } else { planned };
        Self { slice, count, warm_up: report.plan.warm_up_s, planned, end }
    }

    fn stretches(&self) -> impl Iterator<Item = (f64, f64)> {
        (0..self.count)
            .map(|index| (index as f64 * self.slice, ((index + 1) as f64 * self.slice).min(self.end)))
    }

    fn middles(&self) -> impl Iterator<Item = f64> {
        self.stretches().map(|(from, to)| f64::midpoint(from, to))
    }

    /// An empty plot over time, with what was not measured told from what was.
    fn chart(&self, (width, height): (f64, f64), y: Axis, labels: Labels) -> Chart {
        let mut chart = Chart::new(width, height, Axis::up_to(self.end), y, labels);
        if self.warm_up > 0.0 {
            chart.stretch(0.0, self.warm_up, "warm-up");
        }
        if self.end > self.planned {
            chart.stretch(self.planned, self.end, "after the last message");
        }
        chart
    }

    fn hints(&self, chart: &mut Chart, rows: &[Row], say: impl Fn(&Row) -> String) {
        for ((from, to), row) in self.stretches().zip(rows) {
            chart.hint(from, to, &format!("{} s: {}", number(from), say(row)));
        }
    }
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

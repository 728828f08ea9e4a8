//! The slices of a run as stretches of the axis of time.

use crate::report::Report;
use crate::report::slices::Row;
use plot::{Axis, Chart, Labels, number};

/// What is delivered after the plan has ended is shown if it is more than one in so many of what a slice has had.
const LATE_SHARE: u64 = 20;

/// What time is counted in.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Unit {
    seconds: f64,
    short: &'static str,
    label: &'static str,
}

const SECONDS: Unit = Unit { seconds: 1.0, short: "s", label: "seconds from the first message" };
const MINUTES: Unit = Unit { seconds: 60.0, short: "min", label: "minutes from the first message" };
const HOURS: Unit = Unit { seconds: 3600.0, short: "h", label: "hours from the first message" };

/// The time of a run. What it gives is in seconds.
pub(super) struct Time<'a> {
    slice: f64,
    /// What is shown.
    pub(super) rows: &'a [Row],
    warm_up: f64,
    /// When the last message was planned.
    planned: f64,
    /// Where the plots end.
    end: f64,
    unit: Unit,
}

impl<'a> Time<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let (slice, rows) = (report.over_time.slice_s, report.over_time.slices.as_slice());
        let planned = report.plan.warm_up_s + report.plan.duration_s;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and is not negative"
        )]
        let in_plan = ((planned / slice).ceil() as usize).min(rows.len());
        let (plan, late) = rows.split_at(in_plan);
        // The last messages of any run arrive a little after its plan has ended: a plot goes on only for more.
        let sum = |rows: &[Row]| rows.iter().map(|row| row.deliveries).sum::<u64>();
        let goes_on = sum(late) * LATE_SHARE * plan.len() as u64 > sum(plan);
        let (rows, end) =
            if goes_on { (rows, rows.len() as f64 * slice) } else { (plan, planned.max(slice)) };
        Self { slice, rows, warm_up: report.plan.warm_up_s, planned, end, unit: unit_for(end) }
    }

    /// From when to when each slice goes.
    pub(super) fn stretches(&self) -> impl Iterator<Item = (f64, f64)> {
        let begin = |index: usize| index as f64 * self.slice;
        (0..self.rows.len()).map(move |index| (begin(index), begin(index + 1).min(self.end)))
    }

    /// The middle of each slice, where a line passes, and the slice.
    pub(super) fn points(&self) -> impl Iterator<Item = (f64, &'a Row)> {
        self.stretches().map(|(from, to)| self.place(f64::midpoint(from, to))).zip(self.rows)
    }

    /// Where a moment is on the axis.
    pub(super) fn place(&self, seconds: f64) -> f64 {
        seconds / self.unit.seconds
    }

    /// An empty plot over time, with what was not measured told from what was.
    pub(super) fn chart(&self, size: (f64, f64), title: &'static str, y: Axis, unit: &'static str) -> Chart {
        let labels = Labels { title, x: self.unit.label, y: unit };
        let mut chart = Chart::new(size, Axis::up_to(self.place(self.end)), y, labels);
        if self.warm_up > 0.0 {
            chart.stretch(0.0, self.place(self.warm_up), "warm-up");
        }
        if self.end > self.planned {
            chart.stretch(self.place(self.planned), self.place(self.end), "after the last message");
        }
        chart
    }

    /// Says something of each slice to those who point at it.
    pub(super) fn hints(&self, chart: &mut Chart, say: impl Fn(&Row, f64) -> String) {
        for ((from, to), row) in self.stretches().zip(self.rows) {
            let (from, to, length) = (self.place(from), self.place(to), to - from);
            chart.hint(from, to, &format!("{} {}: {}", number(from), self.unit.short, say(row, length)));
        }
    }
}

fn unit_for(seconds: f64) -> Unit {
    match seconds {
        long if long > 3.0 * HOURS.seconds => HOURS,
        middling if middling > 10.0 * MINUTES.seconds => MINUTES,
        _ => SECONDS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_are_counted_in_longer_units() {
        assert_eq!([30.0, 600.0, 1800.0, 14_400.0].map(|s| unit_for(s).short), ["s", "s", "min", "h"]);
    }
}

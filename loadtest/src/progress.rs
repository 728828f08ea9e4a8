//! The line that somebody who waits can see: what is going on, and whether it goes well. Only on a terminal.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

use crate::crowd::Standing;
use crate::plan::Plan;
use crate::series::Series;
use crate::tally::Tally;

const STYLE: &str = "{spinner:.cyan} {prefix:<12} {bar:24.cyan/black.bright} {msg}";

/// What one worker has seen so far. A worker shows it now and then, so that nobody asks it while it is busy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Glimpse {
    delivered: u64,
    p99: Duration,
    amiss: u64,
}

impl Glimpse {
    /// A worker looks at its own counts no more often.
    pub(crate) const EVERY: Duration = Duration::from_millis(500);

    pub(crate) fn of(tally: &Tally) -> Self {
        Self {
            delivered: tally.series.slices().iter().map(|slice| slice.deliveries).sum(),
            p99: tally.delivered.percentile(99.0),
            amiss: tally.amiss(),
        }
    }

    /// Puts it where others see it.
    pub(crate) fn show(self, place: &Mutex<Self>) {
        *place.lock().unwrap_or_else(PoisonError::into_inner) = self;
    }

    /// What both have seen. The 99th percentile of all together is at most the highest of them.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            delivered: self.delivered + other.delivered,
            p99: self.p99.max(other.p99),
            amiss: self.amiss + other.amiss,
        }
    }
}

/// Watches a run from outside: draws the line, and counts the open connections.
pub(crate) struct Progress {
    plan: Plan,
    bar: ProgressBar,
    begin: Instant,
    /// What the bar is drawn from: when, and how much had been delivered by then.
    drawn: (Instant, u64),
    /// The open connections over time.
    series: Series,
}

impl Progress {
    /// Nobody has joined yet.
    pub(crate) fn new(plan: &Plan) -> Self {
        let bar = ProgressBar::new(u64::from(plan.people));
        // The template is a constant that the library takes; without it the line is only less handsome.
        if let Ok(style) = ProgressStyle::with_template(STYLE) {
            bar.set_style(style.progress_chars("━╸━"));
        }
        bar.set_prefix("connecting");
        let now = Instant::now();
        Self { plan: plan.clone(), bar, begin: now, drawn: (now, 0), series: Series::new() }
    }

    /// Shows how many have joined.
    pub(crate) fn joining(&self, standing: &Standing) {
        self.bar.set_position(u64::from(standing.arrived));
        self.bar.set_message(format!("{} of {} joined", standing.arrived, self.plan.people));
    }

    /// Everybody has joined; the first message is planned for `begin`.
    pub(crate) fn begin(&mut self, begin: Instant) {
        (self.begin, self.drawn) = (begin, (begin, 0));
        self.bar.set_length(millis(self.plan.warm_up + self.plan.duration));
    }

    /// Looks at the run.
    pub(crate) fn look(&mut self, standing: &Standing) {
        let now = Instant::now();
        let at = now.saturating_duration_since(self.begin);
        self.series.look(at, standing.connections);
        if self.bar.is_hidden() || now < self.drawn.0 + Glimpse::EVERY {
            return;
        }
        let seen = standing.glimpse;
        let since = now.saturating_duration_since(self.drawn.0);
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = seen.delivered.saturating_sub(self.drawn.1) as f64 / since.as_secs_f64();
        self.bar.set_position(millis(at));
        self.bar.set_prefix(phase(at, &self.plan));
        self.bar.set_message(line(at, &self.plan, rate, seen));
        self.drawn = (now, seen.delivered);
    }

    /// How many connections were open, over time.
    pub(crate) fn into_series(mut self) -> Series {
        std::mem::replace(&mut self.series, Series::new())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn phase(at: Duration, plan: &Plan) -> &'static str {
    if at < plan.warm_up {
        "warming up"
    } else if at < plan.warm_up + plan.duration {
        "measuring"
    } else {
        "waiting"
    }
}

fn line(at: Duration, plan: &Plan, rate: f64, seen: Glimpse) -> String {
    let whole = plan.warm_up + plan.duration;
    let time = if at < whole {
        format!("{:.0} of {:.0} s", at.as_secs_f64(), whole.as_secs_f64())
    } else {
        "for the last".to_owned()
    };
    let amiss = match seen.amiss {
        0 => "nothing wrong".to_owned(),
        count => format!("{count} wrong"),
    };
    // Nothing is measured while the servers warm up.
    let p99 = if seen.p99.is_zero() {
        String::new()
    } else {
        format!(" · p99 {:.2} ms", seen.p99.as_secs_f64() * 1e3)
    };
    format!("{time} · {rate:.0} deliveries/s{p99} · {amiss}")
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Timed;

    #[test]
    fn the_line_says_what_is_going_on() {
        let seconds = Duration::from_secs;
        let plan = Plan { warm_up: seconds(1), duration: seconds(9), ..Plan::idle("r".into(), 2, 1) };
        assert_eq!(
            [0, 1, 9, 10].map(|s| phase(seconds(s), &plan)),
            ["warming up", "measuring", "measuring", "waiting"]
        );
        let mut tally = Tally::new();
        assert_eq!(
            line(seconds(0), &plan, 7.0, Glimpse::of(&tally)),
            "0 of 10 s · 7 deliveries/s · nothing wrong"
        );
        tally.time(Timed::Delivery, seconds(2), Duration::from_millis(4), true);
        let seen = Glimpse::of(&tally);
        let said = line(seconds(2), &plan, 1_234.4, seen);
        assert!(said.starts_with("2 of 10 s · 1234 deliveries/s · p99 4.0"), "{said}");
        assert!(said.ends_with("nothing wrong"), "{said}");
        tally.astray += 3;
        let said = line(seconds(11), &plan, 0.0, Glimpse::of(&tally));
        assert!(said.starts_with("for the last") && said.ends_with("3 wrong"), "{said}");
    }
}

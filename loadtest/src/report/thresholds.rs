//! The run against the thresholds of the command line.

use std::time::Duration;

use serde::Serialize;

use super::quantiles::{Quantiles, micros, millis};
use super::{Audit, Report};
use crate::args::ThresholdArgs;

/// A threshold and what came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Threshold {
    /// The option of the command line, without its dashes.
    name: &'static str,
    unit: Unit,
    bound: u64,
    /// Null if there is nothing to be seen: no message was measured.
    value: Option<u64>,
    /// False also where there is no value: what was not measured has kept nothing.
    pub(crate) held: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    Microseconds,
    Count,
}

impl Threshold {
    /// Judges a report.
    pub(super) fn all(args: &ThresholdArgs, report: &Report) -> Vec<Self> {
        let ThresholdArgs {
            max_p50,
            max_p90,
            max_p99,
            max_p999,
            max_p9999,
            max_ack_p50,
            max_ack_p99,
            max_ack_p999,
            max_lost,
            max_doubled,
            max_out_of_order,
            max_disconnected,
            max_refused,
            max_unknown,
        } = *args;
        let (delivered, acknowledged) = (&report.delivered, &report.acknowledged);
        let audit: &Audit = &report.audit;
        let all = [
            Self::time("max-p50", max_p50, delivered, |q| q.p50),
            Self::time("max-p90", max_p90, delivered, |q| q.p90),
            Self::time("max-p99", max_p99, delivered, |q| q.p99),
            Self::time("max-p999", max_p999, delivered, |q| q.p99_9),
            Self::time("max-p9999", max_p9999, delivered, |q| q.p99_99),
            Self::time("max-ack-p50", max_ack_p50, acknowledged, |q| q.p50),
            Self::time("max-ack-p99", max_ack_p99, acknowledged, |q| q.p99),
            Self::time("max-ack-p999", max_ack_p999, acknowledged, |q| q.p99_9),
            Self::count("max-lost", max_lost, audit.lost),
            Self::count("max-doubled", max_doubled, audit.doubled),
            Self::count("max-out-of-order", max_out_of_order, audit.out_of_order),
            Self::count("max-disconnected", max_disconnected, audit.broken),
            Self::count("max-refused", max_refused, audit.refused),
            Self::count("max-unknown", max_unknown, audit.unknown),
        ];
        all.into_iter().flatten().collect()
    }

    fn time(
        name: &'static str,
        bound: Option<Duration>,
        seen: &Quantiles,
        which: impl FnOnce(&Quantiles) -> u64,
    ) -> Option<Self> {
        let (bound, value) = (micros(bound?), (seen.count > 0).then(|| which(seen)));
        Some(Self::judge(name, Unit::Microseconds, bound, value))
    }

    fn count(name: &'static str, bound: Option<u64>, value: u64) -> Option<Self> {
        Some(Self::judge(name, Unit::Count, bound?, Some(value)))
    }

    fn judge(name: &'static str, unit: Unit, bound: u64, value: Option<u64>) -> Self {
        Self { name, unit, bound, value, held: value.is_some_and(|value| value <= bound) }
    }

    /// The option, what it allows and what came out, for people.
    pub(super) fn in_words(&self) -> (String, String, String) {
        let show = |value: u64| match self.unit {
            Unit::Microseconds => format!("{} ms", millis(value)),
            Unit::Count => value.to_string(),
        };
        let value = self.value.map_or_else(|| "nothing measured".to_owned(), show);
        (format!("--{}", self.name), show(self.bound), value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantiles(count: u64) -> Quantiles {
        Quantiles { count, mean: 9, p50: 10, p90: 20, p99: 1_500, p99_9: 40, p99_99: 50, max: 60 }
    }

    #[test]
    fn a_threshold_is_held_up_to_its_bound() {
        let bound = |us| Some(Duration::from_micros(us));
        let judge = |us| Threshold::time("max-p99", bound(us), &quantiles(5), |q| q.p99).unwrap();
        assert!(judge(1_500).held && !judge(1_499).held);
        assert_eq!(judge(1_000).in_words(), ("--max-p99".into(), "1.00 ms".into(), "1.50 ms".into()));
        assert!(Threshold::count("max-lost", Some(0), 0).unwrap().held);
        assert!(!Threshold::count("max-lost", Some(0), 1).unwrap().held);
        assert_eq!(Threshold::count("max-lost", None, 1), None);
    }

    #[test]
    fn nothing_measured_holds_nothing() {
        let none = Threshold::time("max-p50", Some(Duration::MAX), &quantiles(0), |q| q.p50).unwrap();
        assert!(!none.held);
        assert_eq!((none.value, none.in_words().2.as_str()), (None, "nothing measured"));
    }
}

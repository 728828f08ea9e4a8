//! A histogram of the writer's metrics, as its admin port shows it.

use anyhow::{Context as _, Result};

/// How many values were at most so large; and how many there were, and their sum.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    /// Bounds in order with the counts up to each.
    buckets: Vec<(f64, f64)>,
    count: f64,
    sum: f64,
}

impl Histogram {
    /// Finds one that has no labels in the text of `/metrics`.
    pub(crate) fn read(metrics: &str, name: &str) -> Result<Self> {
        let value = |line: &str| line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
        let beginning = format!("{name}_bucket{{le=\"");
        let bucket = |line: &str| {
            let bound = line.strip_prefix(&beginning)?.split('"').next()?;
            Some((bound.parse().ok()?, value(line)?))
        };
        let single = |suffix: &str| {
            let beginning = format!("{name}_{suffix} ");
            let found = metrics.lines().find(|line| line.starts_with(&beginning)).and_then(value);
            found.with_context(|| format!("there is no {name}_{suffix}"))
        };
        let buckets = metrics.lines().filter_map(bucket).filter(|(bound, _): &(f64, f64)| bound.is_finite());
        Ok(Self { buckets: buckets.collect(), count: single("count")?, sum: single("sum")? })
    }

    /// What came since an earlier look.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let buckets = self.buckets.iter().zip(&before.buckets);
        Self {
            buckets: buckets.map(|((bound, now), (_, then))| (*bound, now - then)).collect(),
            count: self.count - before.count,
            sum: self.sum - before.sum,
        }
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum / self.count
    }

    /// The value that a part of all does not exceed. Within a bucket values count as spread evenly, as Prometheus
    /// does it; what is beyond the last bound counts as that.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let rank = part * self.count;
        let (mut lower, mut below) = (0.0, 0.0);
        for &(bound, up_to) in &self.buckets {
            if up_to >= rank {
                let within = if up_to > below { (rank - below) / (up_to - below) } else { 1.0 };
                return lower + (bound - lower) * within;
            }
            (lower, below) = (bound, up_to);
        }
        lower
    }
}

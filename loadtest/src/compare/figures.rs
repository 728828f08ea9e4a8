//! What the runs of a comparison have in common: a few figures of each, their medians, and their ratios.

use serde::Serialize;
use serde_json::Value;

/// The figures that are taken out of a report: what they are called, where they stand, and by how much they are
/// divided to be in the unit of their name.
const FIGURES: [(&str, &str, f64); 8] = [
    ("CPU µs a delivery", "/servers/cpu_us_per_delivery", 1.0),
    ("p50 ms", "/delivered/p50", 1000.0),
    ("p99 ms", "/delivered/p99", 1000.0),
    ("p99.9 ms", "/delivered/p99_9", 1000.0),
    ("max ms", "/delivered/max", 1000.0),
    ("deliveries/s", "/deliveries_per_s", 1.0),
    ("memory kB", "/servers/resident_bytes", 1024.0),
    ("memory B a client", "/servers/resident_bytes_per_client", 1.0),
];

/// One figure in all the runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    /// In every run, in their order; null where it was not measured.
    a: Vec<Option<f64>>,
    b: Vec<Option<f64>>,
    pub(super) a_median: Option<f64>,
    pub(super) b_median: Option<f64>,
    /// A over B of each pair: the middle, the least and the most of them. Null if no pair has both.
    pub(super) ratio: Option<Ratio>,
}

/// A over B.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Ratio {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

/// The figures of these pairs of reports.
pub(super) fn figures(pairs: &[[Value; 2]]) -> Vec<Figure> {
    let figure = |(name, place, divisor)| {
        let of = |report: &Value| report.pointer(place)?.as_f64().map(|value| value / divisor);
        Figure::new(name, pairs.iter().map(|[a, b]| (of(a), of(b))).collect())
    };
    FIGURES.into_iter().map(figure).collect()
}

impl Figure {
    fn new(name: &'static str, pairs: Vec<(Option<f64>, Option<f64>)>) -> Self {
        let ratio = |(a, b): &(Option<f64>, Option<f64>)| a.zip(*b).map(|(a, b)| a / b);
        // What is nothing on both sides has no ratio.
        let ratios: Vec<f64> = pairs.iter().filter_map(ratio).filter(|ratio| ratio.is_finite()).collect();
        let (a, b): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let ratio = median(ratios.clone()).map(|median| Ratio {
            median,
            min: ratios.iter().copied().fold(f64::INFINITY, f64::min),
            max: ratios.iter().copied().fold(0.0, f64::max),
        });
        let middle = |values: &[Option<f64>]| median(values.iter().copied().flatten().collect());
        Self { name, a_median: middle(&a), b_median: middle(&b), a, b, ratio }
    }
}

/// The middle one; of an even number, the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (upper, lower) = (values.len() / 2, values.len().checked_sub(1)? / 2);
    Some(f64::midpoint(values[lower], values[upper]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![9.0, 1.0, 2.0, 4.0]), Some(3.0));
    }

    #[test]
    fn a_ratio_is_that_of_pairs_and_not_of_medians() {
        let report =
            |cpu: f64, p50: u64| json!({"servers": {"cpu_us_per_delivery": cpu}, "delivered": {"p50": p50}});
        let pairs = [
            [report(2.0, 4000), report(1.0, 2000)],
            [report(30.0, 4000), report(10.0, 0)],
            [report(4.0, 4000), report(4.0, 1000)],
        ];
        let figures = figures(&pairs);
        let cpu = &figures[0];
        assert_eq!((cpu.a_median, cpu.b_median), (Some(4.0), Some(4.0)));
        assert_eq!(cpu.ratio, Some(Ratio { median: 2.0, min: 1.0, max: 3.0 }));
        assert_eq!((figures[1].a_median, figures[1].b_median), (Some(4.0), Some(1.0)), "in ms");
        assert_eq!(figures[1].ratio, Some(Ratio { median: 3.0, min: 2.0, max: 4.0 }), "nothing has no ratio");
        assert_eq!((figures[5].a_median, figures[5].ratio), (None, None), "not measured");
    }
}

//! Latencies in the text format of HdrHistogram, which its plotter reads.

use std::fmt::Write as _;

use crate::tally::Latencies;

/// How many lines there are for each halving of what is left to 100 %: as the format's other writers have it.
const TICKS_PER_HALVING: u32 = 5;
const US_PER_MS: f64 = 1000.0;

/// The file: milliseconds, percentile, how many were no slower, and 1/(1 - percentile), which is the plotter's axis.
pub(super) fn text(latencies: &Latencies) -> String {
    let histogram = latencies.histogram();
    let mut text =
        format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    let mut count = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALVING) {
        count += step.count_since_last_iteration();
        let (value, quantile) = (ms(step.value_iterated_to()), step.quantile_iterated_to());
        // Writing to a string does not fail.
        let _ = write!(text, "{value:12.3} {quantile:.12} {count:10}");
        let _ =
            if quantile < 1.0 { writeln!(text, " {:14.2}", 1.0 / (1.0 - quantile)) } else { writeln!(text) };
    }
    let (mean, deviation) = (histogram.mean() / US_PER_MS, histogram.stdev() / US_PER_MS);
    let (max, total) = (ms(histogram.max()), histogram.len());
    let (buckets, sub_buckets) = (histogram.buckets(), 2048);
    let _ = writeln!(text, "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]");
    let _ = writeln!(text, "#[Max     = {max:12.3}, Total count    = {total:12}]");
    let _ = writeln!(text, "#[Buckets = {buckets:12}, SubBuckets     = {sub_buckets:12}]");
    text
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people, and an hour is exact")]
fn ms(us: u64) -> f64 {
    us as f64 / US_PER_MS
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The numbers of each line, as the plotter takes them: comments and the head left out.
    fn parse(text: &str) -> Vec<Vec<f64>> {
        let lines = text.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(|line| line.split_whitespace().map(|word| word.parse().unwrap()).collect()).collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut latencies = Latencies::new();
        (1..=1000).for_each(|ms| latencies.record(Duration::from_millis(ms)));
        let text = text(&latencies);
        let head: Vec<&str> = text.lines().next().unwrap().split_whitespace().collect();
        assert_eq!(head, ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]);
        let rows = parse(&text);
        for row in &rows {
            let (value, percentile, count) = (row[0], row[1], row[2]);
            assert!((value - count).abs() <= value / 500.0, "of 1 to 1000 ms the nth is n ms: {row:?}");
            assert!(count >= (percentile * 1000.0).floor(), "{row:?}");
            let inverse = 1.0 / (1.0 - percentile);
            assert!(row.get(3).is_none_or(|axis| (axis - inverse).abs() <= inverse / 100.0), "{row:?}");
        }
        assert!(rows.is_sorted_by(|a, b| a[0] <= b[0] && a[1] < b[1] && a[2] <= b[2]));
        let last = rows.last().unwrap();
        assert_eq!((last.len(), last[1], last[2]), (3, 1.0, 1000.0), "the last has no place on the axis");
        assert!(text.contains("Total count    =         1000]"), "{text}");
    }

    #[test]
    fn without_latencies_there_is_a_file_without_lines() {
        assert!(parse(&text(&Latencies::new())).len() <= 1);
    }
}

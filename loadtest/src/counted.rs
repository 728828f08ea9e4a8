//! Histograms on their way from one process to another: how often each value was counted. What comes out is what went
//! in, to the precision that both have.

use hdrhistogram::{Counter, Histogram};

/// The values that were counted, each with how often.
pub(crate) fn counts<T: Counter>(histogram: &Histogram<T>) -> Vec<(u64, u64)> {
    histogram.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value().as_u64())).collect()
}

/// Counts these values, each so often.
pub(crate) fn count<T: Counter + TryFrom<u64>>(histogram: &mut Histogram<T>, counts: &[(u64, u64)]) {
    for (value, count) in counts {
        // It was counted by such a number: it is one.
        if let Ok(count) = T::try_from(*count) {
            histogram.saturating_record_n(*value, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_is_what_went_in() {
        let mut before: Histogram<u32> = Histogram::new_with_max(3_600_000_000, 2).unwrap();
        for value in [1, 1, 1, 17, 999, 12_345, 12_346, 3_000_000_000] {
            before.saturating_record(value);
        }
        let mut after: Histogram<u32> = Histogram::new_with_max(3_600_000_000, 2).unwrap();
        count(&mut after, &counts(&before));
        assert_eq!(before, after);
        assert_eq!((after.max(), after.len()), (before.max(), 8));
        assert!((after.mean() - before.mean()).abs() < 1e-9);
    }
}

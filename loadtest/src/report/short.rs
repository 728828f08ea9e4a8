//! A report in a few words, for those who make many runs.

use super::Report;
use super::quantiles::millis;

impl Report {
    /// Everything that was wrong and every threshold that was missed, in words.
    pub(crate) fn shortcomings(&self) -> Vec<String> {
        let missed = self.thresholds.iter().filter(|threshold| !threshold.held).map(|threshold| {
            let (option, bound, value) = threshold.in_words();
            format!("{value} with {option} {bound}")
        });
        self.problems.iter().cloned().chain(missed).collect()
    }

    /// True if the load tester itself was so late, or had so much to do, that the figures say little about the servers.
    pub(crate) const fn load_tester_was_late(&self) -> bool {
        !self.valid
    }

    /// How fast it was.
    pub(crate) fn in_short(&self) -> String {
        let (delivered, acknowledged) = (&self.delivered, &self.acknowledged);
        format!(
            "{:.0} deliveries/s, p99 {} ms delivered, {} ms acknowledged",
            self.deliveries_per_s,
            millis(delivered.p99),
            millis(acknowledged.p99)
        )
    }
}

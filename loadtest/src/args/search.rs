//! The search for the highest rate.

use clap::Args;

use super::RunArgs;
use super::run::rate;

/// A run again and again, each time with another rate.
#[derive(Debug, Clone, Args)]
pub(crate) struct SearchArgs {
    /// The run: its rate is the first that is tried, its thresholds are those that a rate must hold.
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// The highest rate that is tried.
    #[arg(long, default_value_t = 1_000_000.0, value_parser = rate, value_name = "N")]
    pub(crate) up_to: f64,
    /// How far the lowest rate that did not hold may be above the highest that did, in percent, when the search ends.
    #[arg(long, default_value_t = 5, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) precision: u8,
}

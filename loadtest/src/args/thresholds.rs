//! What a run may show at the most. A run that shows more ends with code 99.

use std::time::Duration;

use clap::Args;

use super::run::duration;

/// What a run may show at the most.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Thresholds (exit code 99 when one is missed)")]
pub(crate) struct ThresholdArgs {
    /// The median of the latencies of the deliveries, from the planned time.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_p50: Option<Duration>,
    /// What 90 % of the deliveries must not exceed.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_p90: Option<Duration>,
    /// What 99 % of the deliveries must not exceed.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_p99: Option<Duration>,
    /// What 99.9 % of the deliveries must not exceed.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_p999: Option<Duration>,
    /// What 99.99 % of the deliveries must not exceed.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_p9999: Option<Duration>,
    /// The median of the acknowledgements, from the planned time.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_ack_p50: Option<Duration>,
    /// What 99 % of the acknowledgements must not exceed.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_ack_p99: Option<Duration>,
    /// What 99.9 % of the acknowledgements must not exceed.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_ack_p999: Option<Duration>,
    /// Receipts that never came.
    #[arg(long, value_name = "N")]
    pub(crate) max_lost: Option<u64>,
    /// Receipts that came more than once.
    #[arg(long, value_name = "N")]
    pub(crate) max_doubled: Option<u64>,
    /// Receipts that came after a later one.
    #[arg(long, value_name = "N")]
    pub(crate) max_out_of_order: Option<u64>,
    /// Connections that broke, whether or not they came back.
    #[arg(long, value_name = "N")]
    pub(crate) max_disconnected: Option<u64>,
    /// Messages that were refused.
    #[arg(long, value_name = "N")]
    pub(crate) max_refused: Option<u64>,
    /// Messages without a final answer.
    #[arg(long, value_name = "N")]
    pub(crate) max_unknown: Option<u64>,
}

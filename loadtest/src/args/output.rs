//! Where the report goes, besides the terminal.

use std::path::PathBuf;

use clap::Args;

/// Where the report goes, besides the terminal.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Write the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the report as a page with plots to this file: one file that needs no other and opens offline.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write the latencies of the deliveries to this file, in the text format that the plotter of HdrHistogram
    /// reads: milliseconds by percentile.
    #[arg(long, value_name = "FILE")]
    pub(crate) hgrm: Option<PathBuf>,
}

//! The idle scenario.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::ConnectArgs;
use super::run::duration;

/// Idle clients, for the server's memory.
#[derive(Debug, Clone, Args)]
pub(crate) struct IdleArgs {
    /// Where to connect.
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
    /// How many clients join.
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) clients: u32,
    /// How many rooms there are. Client I is at home in room I modulo N; the rooms are made on joining.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rooms: u32,
    /// In how many of the rooms each client is; all rooms have about as many clients.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rooms_per_client: u32,
    /// The process whose memory is read, from /proc; repeated, their memory is added up.
    #[arg(long = "server-pid", value_name = "PID", required = true)]
    pub(crate) server_pids: Vec<u32>,
    /// How long everybody sits still while processor time is counted, before the memory is read again.
    #[arg(long, default_value = "3s", value_parser = duration, value_name = "TIME")]
    pub(crate) hold: Duration,
    /// Write the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

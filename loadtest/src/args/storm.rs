//! The storm of handshakes.

use std::time::Duration;

use clap::Args;

use super::ConnectArgs;
use super::run::duration;

/// Many clients that all want in.
#[derive(Debug, Clone, Args)]
pub(crate) struct StormArgs {
    /// Where to connect.
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
    /// How many clients join.
    #[arg(long, default_value_t = 5000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) clients: u32,
    /// How many rooms there are. Client I is at home in room I modulo N; the rooms are made on joining.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rooms: u32,
    /// In how many of the rooms each client is; all rooms have about as many clients. 0: nobody joins anything, and a
    /// client is in when it is welcome. Dialects without a word of welcome have none to wait for.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) rooms_per_client: u32,
    /// A process of the servers: the processor time that it takes for a client's handshake and joins is reported, from
    /// /proc; repeated, they are added up.
    #[arg(long = "server-pid", value_name = "PID")]
    pub(crate) server_pids: Vec<u32>,
    /// How long everybody stays after the last has joined.
    #[arg(long, default_value = "1s", value_parser = duration, value_name = "TIME")]
    pub(crate) hold: Duration,
    /// Write the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<std::path::PathBuf>,
}

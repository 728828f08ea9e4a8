//! The clients who are not let in.

use std::path::PathBuf;

use clap::Args;

use crate::target::Target;

/// Clients who are not let in, again and again.
#[derive(Debug, Clone, Args)]
pub(crate) struct RefusedArgs {
    /// Where they knock, with what is refused in the path: `ws://HOST:PORT/socket/websocket?vsn=2.0.0&token=nonsense`;
    /// repeated, they knock at all of them in turn.
    #[arg(long = "target", value_name = "URL", required = true)]
    pub(crate) targets: Vec<Target>,
    /// A subprotocol that they offer; repeated, all of them.
    #[arg(long = "subprotocol", value_name = "NAME")]
    pub(crate) subprotocols: Vec<String>,
    /// How often somebody knocks.
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) clients: u32,
    /// How many knock at once.
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) handshakes: u16,
    /// A process of the servers: the processor time that a refusal takes is reported, from /proc; repeated, they are
    /// added up.
    #[arg(long = "server-pid", value_name = "PID")]
    pub(crate) server_pids: Vec<u32>,
    /// Write the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

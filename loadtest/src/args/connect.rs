//! Where to connect, as whom, and how fast.

use std::time::Duration;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::TokenArgs;
use super::dialect::DialectArgs;
use super::run::duration;
use crate::target::Target;

/// Where to connect, as whom, and how fast.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(crate) struct ConnectArgs {
    /// The address of a gateway, `ws://HOST:PORT[/ws]`; repeated, clients are spread over all of them.
    #[arg(long = "target", value_name = "URL", required = true)]
    pub(crate) targets: Vec<Target>,
    /// As whom.
    #[command(flatten)]
    pub(crate) tokens: TokenArgs,
    /// How the target speaks.
    #[command(flatten)]
    pub(crate) dialect: DialectArgs,
    /// How many connections are opened a second at the most, all targets together.
    #[arg(long, default_value_t = 2000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    ramp_per_s: u32,
    /// Over how long the connections are opened, evenly. Instead of --ramp-per-s.
    #[arg(long, value_parser = duration, value_name = "TIME", conflicts_with = "ramp_per_s")]
    ramp: Option<Duration>,
    /// How many handshakes are under way at once at the most.
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) handshakes: u16,
    /// How many joins are under way at once at the most. A client joins all of its rooms together, and waits for its turn
    /// if that is more than is left.
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) joins: u32,
    /// How long everybody together may take to connect and join, beyond what the ramp takes.
    #[arg(long, default_value = "60s", value_parser = duration, value_name = "TIME")]
    pub(crate) join_timeout: Duration,
    /// How many processes the clients share; they divide the threads, the handshakes and the joins among them. [default:
    /// as many as the limit of open files asks for: one for about 19 900 clients where a process may have 20 000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) processes: Option<u32>,
    /// How many threads the clients share; each process has one at least.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) threads: u16,
}

impl ConnectArgs {
    /// The time from one connection to the next, where so many are opened.
    pub(crate) fn step(&self, people: u32) -> Duration {
        self.ramp.map_or(Duration::from_secs(1) / self.ramp_per_s, |ramp| ramp / people)
    }
}

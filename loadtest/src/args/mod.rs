//! The command line.

mod compare;
mod connect;
mod dialect;
mod idle;
mod limit;
mod output;
mod presets;
mod refused;
mod run;
mod search;
mod storm;
mod thresholds;
mod tokens;

use clap::{Parser, Subcommand};

pub(crate) use compare::{CompareArgs, SideArgs};
pub(crate) use connect::ConnectArgs;
pub(crate) use idle::IdleArgs;
pub(crate) use limit::{LIMIT_SERVER, LimitArgs, LimitServerArgs};
pub(crate) use output::OutputArgs;
use presets::{CHAT, CONNECT, FANOUT, RECONNECT, ROOMS, SEARCH, SOAK, preset};
pub(crate) use refused::RefusedArgs;
pub(crate) use run::RunArgs;
pub(crate) use search::SearchArgs;
pub(crate) use storm::StormArgs;
pub(crate) use thresholds::ThresholdArgs;
pub(crate) use tokens::TokenArgs;

/// The word that makes this program a process with a share of another one's people.
pub(crate) const PART: &str = "part";

/// An open-loop load tester for Parlor that audits what it receives.
///
/// Subscribers join rooms over one or more targets; some of them send at a fixed total rate. Every subscription is
/// audited: each message exactly once and in order. Exit code 0: clean; 3: something was lost, doubled, out of
/// order or otherwise wrong; 4: the load tester itself was the bottleneck; 99: a threshold was missed; 1: the run could not be made.
#[derive(Debug, Parser)]
#[command(
    name = "parlor-loadtest",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(crate) struct Cli {
    /// Another scenario than the run.
    #[command(subcommand)]
    pub(crate) scenario: Option<Scenario>,
    /// The run.
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// What to do instead of a run, or a run with other defaults.
#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// A run with one room and many who listen.
    #[command(mut_args(preset(FANOUT)))]
    Fanout(RunArgs),
    /// A run with many small rooms.
    #[command(mut_args(preset(ROOMS)))]
    Rooms(RunArgs),
    /// A moderate run that lasts for hours; connections that break come back.
    #[command(mut_args(preset(SOAK)))]
    Soak(RunArgs),
    /// A run with people who come, read what was said, write, leave, and come again.
    #[command(mut_args(preset(CHAT)))]
    Chat(RunArgs),
    /// A run in which the load tester breaks all connections at once, to see how long they take to come back.
    #[command(mut_args(preset(RECONNECT)))]
    Reconnect(RunArgs),
    /// The highest rate that holds: short runs, doubling and then halving, with what broke above it.
    #[command(mut_args(preset(SEARCH)))]
    Search(SearchArgs),
    /// A storm of handshakes: how long clients take to connect and join when many come at once.
    #[command(mut_args(preset(CONNECT)))]
    Connect(StormArgs),
    /// Clients who are not let in: how many the servers send away in a second, and what each costs them.
    Refused(RefusedArgs),
    /// Join idle clients and print the server's resident memory before, after and per client.
    Idle(IdleArgs),
    /// The same run against a server that does nothing but write: what the system itself asks for it.
    Limit(LimitArgs),
    /// That server alone.
    #[command(name = LIMIT_SERVER)]
    LimitServer(LimitServerArgs),
    /// Make two runs in turns and print their figures side by side.
    Compare(CompareArgs),
    /// A share of another load tester's clients, which tells it what to do.
    #[command(name = PART, hide = true)]
    Part,
    /// Try the audit on a built-in server that drops, doubles and swaps: each must be counted exactly.
    Selftest,
}

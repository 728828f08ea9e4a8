//! `parlor-loadtest`: an open-loop load tester that audits what it receives.
//!
//! * [`args`], [`target`], [`token`], [`plan`], [`layout`]: what is to happen, before anything does.
//! * [`everybody`] is a [`crowd`] here, or one in each of several [`processes`]. A crowd gathers people ([`person`],
//!   [`socket`], [`speech`]) on worker threads; [`pacer`] tells them when to send. What comes for them, [`ears`] read;
//!   what they see goes to the [`audit`] and the [`tally`].
//! * [`run`], [`search`], [`storm`], [`refused`], [`idle`]: the scenarios. [`meter`], [`servers`]: what they cost the
//!   servers, and [`effort`]: the load tester itself. [`report`]: what came out.
//! * [`limit`]: a run against a server that only writes. [`compare`]: two runs in turns. [`selftest`]: the audit
//!   against a server that makes mistakes ([`broadcaster`]).
//!
//! Latency is counted from the moment at which a message was *planned* to be sent: a server that stalls is charged
//! for every message that should have gone out meanwhile.

mod args;
mod arrivals;
mod audit;
mod broadcaster;
mod child;
mod clock;
mod compare;
mod counted;
mod crowd;
mod ears;
mod effort;
mod environment;
mod everybody;
mod idle;
mod layout;
mod limit;
mod limits;
mod meter;
mod pacer;
mod person;
mod plan;
mod processes;
mod progress;
mod refused;
mod report;
mod run;
mod search;
mod selftest;
mod series;
mod servers;
mod socket;
mod speech;
mod stamp;
mod storm;
mod surroundings;
mod tally;
mod target;
mod token;
mod window;
mod worker;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Scenario};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.scenario {
        None => run::run(&cli.run),
        Some(
            Scenario::Fanout(args)
            | Scenario::Rooms(args)
            | Scenario::Chat(args)
            | Scenario::Reconnect(args)
            | Scenario::Soak(args),
        ) => run::run(args),
        Some(Scenario::Search(args)) => search::run(args),
        Some(Scenario::Connect(args)) => storm::run(args),
        Some(Scenario::Refused(args)) => refused::run(args),
        Some(Scenario::Idle(args)) => idle::run(args),
        Some(Scenario::Limit(args)) => limit::run(args),
        Some(Scenario::LimitServer(args)) => {
            limit::server::serve(args.listen).map(|()| report::Verdict::Clean)
        }
        Some(Scenario::Part) => processes::serve().map(|()| report::Verdict::Clean),
        Some(Scenario::Compare(args)) => compare::run(args),
        Some(Scenario::Selftest) => selftest::run(),
    };
    match outcome {
        Ok(verdict) => verdict.code(),
        Err(error) => {
            eprintln!("parlor-loadtest: {error:#}");
            ExitCode::FAILURE
        }
    }
}

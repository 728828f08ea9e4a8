//! The `parlor` command.

mod admin;
mod cli;
mod commands;
mod config;
mod data;
mod failure;
mod log;
mod open_files;
mod signals;
mod telemetry;
mod terminal;
mod vitals;

use std::panic::resume_unwind;
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};
use tokio_util::sync::CancellationToken;

use crate::cli::{Cli, Command};
use crate::commands::{check_config, gateway, health, migrate, solo, token, writer};
use crate::config::Config;
use crate::failure::Failure;
use crate::signals::Signals;
use crate::telemetry::{Tally, Telemetry};
use crate::terminal::{complain, say};
use crate::vitals::Vitals;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let Cli { command, given } = Cli::parse();
    let command = command.unwrap_or(Command::Solo);
    let config = Config::load(command.role(), &given.into_sources());
    match config.map_err(Failure::from).and_then(|config| run(command, config)) {
        Ok(code) => code,
        Err(failure) => {
            complain(failure);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, config: Config) -> Result<ExitCode, Failure> {
    let (log, traces) = (config.log.clone(), config.telemetry.clone());
    let serve_as = |role| Serving { role, log, traces };
    match command {
        Command::Solo => serve(serve_as("solo"), |vitals, stop| solo::run(config, vitals, stop)),
        Command::Gateway => serve(serve_as("gateway"), |vitals, stop| gateway::run(config, vitals, stop)),
        Command::Writer(args) => {
            serve(serve_as("writer"), |vitals, stop| writer::run(args, config, vitals, stop))
        }
        Command::Migrate(args) => serve(serve_as("migrate"), |_, stop| migrate::run(args, config, stop)),
        Command::Token(args) => {
            say(token::run(args, config)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Health => {
            say(health::run(&config)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::CheckConfig(args) => {
            say(check_config::run(&args, &config)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// What runs for long, and how it tells of itself.
struct Serving {
    role: &'static str,
    log: config::Log,
    traces: config::Telemetry,
}

/// Runs what takes long: until it has ended by itself, in order after a first signal, or at once after a second
/// one. All of it works on this one thread, gateways' shards and SQLite apart: handing a message on to another thread
/// costs more than what is done with it there.
fn serve<F>(
    serving: Serving,
    work: impl FnOnce(Vitals, CancellationToken) -> F + 'static,
) -> Result<ExitCode, Failure>
where
    F: Future<Output = Result<(), Failure>> + 'static,
{
    let Serving { role, log, traces } = serving;
    let spans = Tally::new()?;
    let telemetry = Telemetry::start(&traces, role, &spans)?;
    let writing = log::start(&log, &telemetry).map_err(Failure::Log)?;
    let vitals = Vitals { role, lost_lines: writing.lost.clone(), spans };
    let ended = block_on(|stop| work(vitals, stop));
    if !matches!(ended, Ok(Ended::AtOnce(_))) {
        telemetry.flush();
    }
    // The log goes last: it may have to tell that traces are lost.
    drop((telemetry, writing));
    ended.map(|ended| match ended {
        Ended::InOrder => ExitCode::SUCCESS,
        Ended::AtOnce(code) => code,
    })
}

/// How a process has ended that was not failing.
enum Ended {
    /// By itself, or because it was asked to.
    InOrder,
    /// Because it was told to for the second time: nothing more is waited for.
    AtOnce(ExitCode),
}

fn block_on<F>(work: impl FnOnce(CancellationToken) -> F + 'static) -> Result<Ended, Failure>
where
    F: Future<Output = Result<(), Failure>> + 'static,
{
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    // A task of its own: what is run beside the tasks of a set is looked at whenever any of them is.
    let ended = LocalSet::new().block_on(&runtime, async { spawn_local(until_it_ends(work)).await });
    // What still blocks a thread (a name that is being looked up) is not waited for.
    runtime.shutdown_background();
    ended.unwrap_or_else(|failed| resume_unwind(failed.into_panic()))
}

async fn until_it_ends<F>(work: impl FnOnce(CancellationToken) -> F) -> Result<Ended, Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let signals = Signals::take().map_err(Failure::Runtime)?;
    let stop = CancellationToken::new();
    tokio::select! {
        code = signals.pass_to(stop.clone()) => Ok(Ended::AtOnce(code)),
        ended = work(stop.clone()) => ended.map(|()| Ended::InOrder),
    }
}

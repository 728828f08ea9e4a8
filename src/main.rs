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
mod terminal;

use std::panic::resume_unwind;
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};
use tokio_util::sync::CancellationToken;

use crate::cli::{Cli, Command};
use crate::commands::{check_config, gateway, health, migrate, solo, token, writer};
use crate::config::{Config, Log};
use crate::failure::Failure;
use crate::signals::Signals;
use crate::terminal::{complain, say};

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
    let log = config.log.clone();
    match command {
        Command::Solo => serve(&log, |stop| solo::run(config, stop)),
        Command::Gateway => serve(&log, |stop| gateway::run(config, stop)),
        Command::Writer(args) => serve(&log, |stop| writer::run(args, config, stop)),
        Command::Migrate(args) => serve(&log, |stop| migrate::run(args, config, stop)),
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

/// Runs what takes long: until it has ended by itself, in order after a first signal, or at once after a second
/// one. All of it works on this one thread, gateways' shards and SQLite apart: handing a message on to another thread
/// costs more than what is done with it there.
fn serve<F>(log: &Log, work: impl FnOnce(CancellationToken) -> F + 'static) -> Result<ExitCode, Failure>
where
    F: Future<Output = Result<(), Failure>> + 'static,
{
    log::start(log).map_err(Failure::Log)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    // A task of its own: what is run beside the tasks of a set is looked at whenever any of them is.
    let ended = LocalSet::new().block_on(&runtime, async { spawn_local(until_it_ends(work)).await });
    // What still blocks a thread (a name that is being looked up) is not waited for.
    runtime.shutdown_background();
    ended.unwrap_or_else(|failed| resume_unwind(failed.into_panic()))
}

async fn until_it_ends<F>(work: impl FnOnce(CancellationToken) -> F) -> Result<ExitCode, Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let signals = Signals::take().map_err(Failure::Runtime)?;
    let stop = CancellationToken::new();
    tokio::select! {
        code = signals.pass_to(stop.clone()) => Ok(code),
        ended = work(stop.clone()) => ended.map(|()| ExitCode::SUCCESS),
    }
}

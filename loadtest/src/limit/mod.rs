//! The limit: what the same deliveries cost a server that does nothing but write them.
//!
//! The server ([`server`]) is a process of its own, this program once more, so that what it costs is read like that of
//! any other. The people who read and send are those of every run.

mod connection;
pub(crate) mod server;

use std::env::current_exe;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::args::{LimitArgs, RunArgs};
use crate::report::Verdict;
use crate::run;

/// Makes the run against the bare server.
///
/// # Errors
/// If the server cannot be started, or the run cannot be made.
pub(crate) fn run(args: &LimitArgs) -> Result<Verdict> {
    let server = Server::start()?;
    let run: RunArgs = args.run_against(&server.url, server.process.id())?;
    run::run(&run)
}

/// The server's process. It ends when this is dropped, and also if this process is killed.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Result<Self> {
        let mut command = Command::new(current_exe()?);
        command.arg(crate::args::LIMIT_SERVER).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().context("the bare server cannot be started")?;
        let mut url = String::new();
        if let Some(said) = process.stdout.take() {
            BufReader::new(said).read_line(&mut url)?;
        }
        let server = Self { process, url: url.trim().to_owned() };
        ensure!(!server.url.is_empty(), "the bare server has not started");
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Without its standard input it ends.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

//! A NATS server of one's own.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::Signal;

use crate::home::Home;
use crate::process::{PATIENCE, Process};
use crate::{program, spawner};

const PORT_TAKEN: &str = "address already in use";

/// A NATS server (core only, no JetStream) on a free port. Dropping it kills it.
pub struct Nats {
    process: Option<Process>,
    port: u16,
    home: Home,
}

impl Nats {
    /// Starts a server. Takes a few milliseconds.
    ///
    /// # Errors
    /// If NATS is not installed, or does not start: with the end of its log.
    pub async fn start() -> Result<Self> {
        let mut server = Self { process: None, port: 0, home: Home::new("nats", None)? };
        server.port = server.run("-1").await?;
        Ok(server)
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its pid.
    ///
    /// # Errors
    /// If it does not run.
    pub fn pid(&self) -> Result<u32> {
        self.process.as_ref().map(Process::pid).context("NATS does not run")
    }

    /// Kills it (`kill -9`). Returns when it is gone.
    pub fn kill9(&mut self) {
        self.process = None;
    }

    /// Stops it in order (SIGINT).
    ///
    /// # Errors
    /// If it has not stopped after 30 s: it is then killed.
    pub async fn stop(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.stop(Signal::INT).await?;
        }
        Ok(())
    }

    /// Starts it again on the same port, after stopping it if it runs.
    ///
    /// # Errors
    /// If it does not start, or somebody else has taken the port and keeps it for 30 s.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        let (port, start) = (self.port.to_string(), Instant::now());
        loop {
            match self.run(&port).await {
                Err(error) if error.to_string().contains(PORT_TAKEN) && start.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                done => return done.map(|_| ()),
            }
        }
    }

    /// Freezes it: connections stay open and nothing answers.
    pub fn pause(&mut self) {
        if let Some(process) = &self.process {
            process.pause();
        }
    }

    /// Lets it go on.
    pub fn resume(&mut self) {
        if let Some(process) = &self.process {
            process.resume();
        }
    }

    /// Runs it on a port, or on one of its own choice for `-1`; gives the port.
    async fn run(&mut self, port: &str) -> Result<u16> {
        let mut command = spawner::guarded(None)?;
        command.arg(program::nats_server()?).args(["--addr", "127.0.0.1", "--port", port]);
        command.arg("--ports_file_dir").arg(self.home.path()).current_dir(self.home.path());
        let log = self.home.join("log");
        let _ = fs::remove_file(&log);
        let mut process = Process::start(command, &log)?;
        // NATS writes this file when it listens and removes it when it stops; it is named by the pid, so that one
        // left by a server that was killed is not taken for ours.
        let file = fs::canonicalize(self.home.path())?.join(format!("nats-server_{}.ports", process.pid()));
        process.until(|| listens_on(&file).is_some()).await?;
        self.process = Some(process);
        listens_on(&file).context("NATS has stopped again")
    }
}

/// From `{"nats":["nats://127.0.0.1:4222"]}`.
fn listens_on(file: &Path) -> Option<u16> {
    let ports = fs::read_to_string(file).ok()?;
    let (_, rest) = ports.split_once("nats://127.0.0.1:")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

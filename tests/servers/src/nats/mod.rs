//! A NATS server of one's own, and a cluster of them.

mod cluster;
mod monitor;
mod ports;
mod roles;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::Signal;

use crate::home::Home;
use crate::process::{PATIENCE, Process};
use crate::{program, spawner};
use ports::Ports;
use roles::Roles;

pub use cluster::NatsCluster;

const PORT_TAKEN: &str = "address already in use";

/// A lame duck takes its time: a second in which it says so, then thirty in which it closes its clients.
const CONFIGURATION: &str = "lame_duck_grace_period: 1s\nlame_duck_duration: 30s\n";

/// A NATS server (core only, no JetStream) on a free port. Dropping it kills it.
pub struct Nats {
    process: Option<Process>,
    /// All zero before its first start: NATS then chooses.
    ports: Ports,
    /// The ports of the other nodes of its cluster, if it is in one.
    routes: Option<Vec<u16>>,
    /// Who may log in, if not everybody.
    roles: Option<Roles>,
    home: Home,
}

impl Nats {
    /// Starts a server. Takes a few milliseconds.
    ///
    /// # Errors
    /// If NATS is not installed, or does not start: with the end of its log.
    pub async fn start() -> Result<Self> {
        Self::start_with(None, None).await
    }

    /// Starts a server at which these roles log in, each to say and hear what the file `permissions` lets it: a piece of a
    /// configuration of NATS that takes the password of `gateway` from `$NATS_GATEWAY_PASSWORD`.
    ///
    /// # Errors
    /// As [`Nats::start`], and if the file cannot be read.
    pub async fn start_guarded(permissions: &Path, roles: &[&'static str]) -> Result<Self> {
        Self::start_with(None, Some(Roles::read(permissions, roles)?)).await
    }

    async fn start_with(routes: Option<Vec<u16>>, roles: Option<Roles>) -> Result<Self> {
        let home = Home::new("nats", None)?;
        let mut configuration = CONFIGURATION.to_owned();
        if let Some(roles) = &roles {
            configuration.push_str(&roles.included_in(home.path())?);
        }
        fs::write(home.join("configuration"), configuration)?;
        let mut server = Self { process: None, ports: Ports::default(), routes, roles, home };
        server.run().await?;
        Ok(server)
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.ports.clients)
    }

    /// Its URL for one of its roles. Where everybody may log in, that is the same for all.
    #[must_use]
    pub fn url_for(&self, role: &str) -> String {
        match &self.roles {
            Some(_) => format!("nats://{role}:{}@127.0.0.1:{}", roles::password(role), self.ports.clients),
            None => self.url(),
        }
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.ports.clients
    }

    /// True from its start until it was killed or stopped on purpose.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.process.is_some()
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

    /// Asks it to go as one does in a roll-out (SIGUSR2, "lame duck"): it takes no new connections, says so to its
    /// clients, closes them one by one and ends. Returns when it has ended; that takes up to half a minute, less the
    /// fewer clients there are.
    ///
    /// # Errors
    /// If it has not ended after a minute: it is then killed.
    pub async fn retire(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.stop_within(Signal::USR2, PATIENCE * 2).await?;
        }
        Ok(())
    }

    /// Starts it again on the same ports, after stopping it if it runs.
    ///
    /// # Errors
    /// If it does not start, or somebody else has taken a port and keeps it for 30 s.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        let start = Instant::now();
        loop {
            match self.run().await {
                Err(error) if error.to_string().contains(PORT_TAKEN) && start.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                done => return done,
            }
        }
    }

    /// What its clients are subscribed to now: a subject for each subscription.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn subjects(&self) -> Result<Vec<String>> {
        let seen = monitor::look(self.ports.monitoring, "/connz?subs=1").await?;
        let clients = seen["connections"].as_array().context("no connections")?;
        let subjects = clients.iter().flat_map(|client| client["subscriptions_list"].as_array());
        Ok(subjects.flatten().filter_map(|subject| Some(subject.as_str()?.to_owned())).collect())
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

    /// Runs it on its ports, or on ports of its own choice the first time.
    async fn run(&mut self) -> Result<()> {
        let mut command = spawner::guarded(None)?;
        command.arg(program::nats_server()?).arg("-c").arg(self.home.join("configuration"));
        command.args(["--addr", "127.0.0.1"]).args(self.ports.arguments());
        if let Some(roles) = &self.roles {
            command.envs(roles.environment());
        }
        if let Some(routes) = &self.routes {
            command.args(cluster::arguments(self.ports, routes));
        }
        command.arg("--ports_file_dir").arg(self.home.path()).current_dir(self.home.path());
        let log = self.home.join("log");
        let _ = fs::remove_file(&log);
        let mut process = Process::start(command, &log)?;
        // NATS writes this file when it listens and removes it when it stops; it is named by the pid, so that one
        // left by a server that was killed is not taken for ours.
        let file = fs::canonicalize(self.home.path())?.join(format!("nats-server_{}.ports", process.pid()));
        process.until(|| Ports::read(&file).is_some()).await?;
        self.ports = Ports::read(&file).context("NATS has stopped again")?;
        self.process = Some(process);
        Ok(())
    }
}

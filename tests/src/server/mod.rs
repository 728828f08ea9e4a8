//! A process of Parlor: a gateway, a writer, or both in one.
//!
//! It belongs to its town, which stops it in order at the end. Killed or stopped on purpose it stays where it
//! was: a restart gives it the same addresses, settings and folder.

mod log;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;

use anyhow::{Result, bail};
use rustix::process::Signal;

use crate::patience::{PATIENCE, until};
use crate::probe::{self, Reply};
use crate::process::Process;
use crate::program::program;
use crate::settings::Settings;
use log::Log;

/// How a process says where its public port is.
const LISTENS: &str = "Parlor is open: http://";
/// How a process says where its port for probes and metrics is.
const ADMIN_LISTENS: &str = "admin: http://";

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `parlor gateway`
    Gateway,
    /// `parlor writer --migrate`
    Writer,
    /// `parlor solo`
    Solo,
}

impl Role {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Gateway => &["gateway"],
            Self::Writer => &["writer", "--migrate"],
            Self::Solo => &["solo"],
        }
    }

    /// True if clients connect to it.
    fn has_gateway(self) -> bool {
        self != Self::Writer
    }
}

/// A process of Parlor.
#[derive(Debug)]
pub struct Server {
    name: String,
    role: Role,
    settings: Settings,
    /// The program, if it is not that of this version.
    program: Option<PathBuf>,
    folder: PathBuf,
    log: Log,
    process: Option<Process>,
    listen: Option<SocketAddr>,
    admin: Option<SocketAddr>,
}

impl Server {
    /// A process that does not run yet. `folder` is its working directory.
    #[must_use]
    pub fn new(name: String, role: Role, settings: Settings, folder: PathBuf) -> Self {
        let log = Log::new(folder.join(format!("{name}.log")));
        Self { name, role, settings, program: None, folder, log, process: None, listen: None, admin: None }
    }

    /// Its next lives are those of this program, `None` for that of this version.
    pub fn becomes(&mut self, program: Option<PathBuf>) {
        self.program = program;
    }

    /// Its next lives have these ports, instead of free ones: where clients connect, and the one for probes.
    pub fn settles(&mut self, listen: SocketAddr, admin: SocketAddr) {
        (self.listen, self.admin) = (Some(listen), Some(admin));
    }

    /// Starts it, and returns as soon as its ports are open. It need not be ready.
    ///
    /// # Panics
    /// If it ends instead, with the end of its log.
    pub async fn start(&mut self) {
        self.launch();
        self.opens().await;
    }

    /// Waits until its ports are open.
    ///
    /// # Panics
    /// If it ends instead, with the end of its log.
    pub async fn opens(&mut self) {
        let what = format!("{} opens its ports", self.name);
        let opened = until(what, async || self.has_opened().transpose()).await;
        opened.unwrap_or_else(|e| panic!("{e:#}"));
    }

    /// True from its start until it was killed or has stopped on purpose.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// Starts it and returns at once.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn launch(&mut self) {
        assert!(self.process.is_none(), "{} runs already", self.name);
        let started = self.spawn();
        self.process = Some(started.unwrap_or_else(|e| panic!("{}: {e:#}", self.name)));
    }

    /// Starts it again after it was killed or stopped, on the same ports, and waits until it is ready.
    ///
    /// # Panics
    /// If it does not become ready.
    pub async fn restart(&mut self) {
        self.start().await;
        self.is_ready().await;
    }

    /// Waits until it can serve.
    ///
    /// # Panics
    /// If it cannot for too long.
    pub async fn is_ready(&self) {
        until(format!("{} is ready", self.name), async || {
            (self.readiness().await?.status == 200).then_some(())
        })
        .await;
    }

    /// Waits until it cannot serve and gives this word among its reasons.
    ///
    /// # Panics
    /// If that does not come.
    pub async fn is_unready(&self, reason: &str) {
        until(format!("{} is not ready because of {reason}", self.name), async || {
            let reply = self.readiness().await.filter(|reply| reply.status == 503)?;
            reply.json()["reasons"].to_string().contains(reason).then_some(())
        })
        .await;
    }

    /// What the probe for readiness says, if it answers.
    pub async fn readiness(&self) -> Option<Reply> {
        probe::get(self.admin(), "/readyz").await.ok()
    }

    /// The value of a metric, the sum of all its labels. 0 if it is not there.
    ///
    /// # Panics
    /// If the process does not answer.
    pub async fn metric(&self, name: &str) -> f64 {
        self.metric_with(name, "").await
    }

    /// The same, of those with this label: `outcome="failed"`.
    ///
    /// # Panics
    /// If the process does not answer.
    pub async fn metric_with(&self, name: &str, label: &str) -> f64 {
        let reply = probe::get(self.admin(), "/metrics").await;
        let reply = reply.unwrap_or_else(|e| panic!("{} shows no metrics: {e:#}", self.name));
        let lines = reply.body.lines().filter_map(|line| line.strip_prefix(name));
        let ours = lines.filter(|rest| rest.starts_with([' ', '{']) && rest.contains(label));
        ours.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// How many bytes of memory it uses.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.unwrap_or_else(|| panic!("{} has no memory", self.name)) * 1024
    }

    /// Its name: `gateway-0`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where clients connect.
    ///
    /// # Panics
    /// If it is a writer, or has never run.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or_else(|| panic!("{} has no public port", self.name))
    }

    /// Where probes and metrics are.
    ///
    /// # Panics
    /// If it has never run.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin.unwrap_or_else(|| panic!("{} has never run", self.name))
    }

    /// Its pid.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.running().pid()
    }

    /// All that it has written since its latest start.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.life()
    }

    /// Kills it (`kill -9`); returns when it is gone.
    ///
    /// # Panics
    /// If it does not run.
    pub fn kill9(&mut self) {
        assert!(self.running_mut().ended().is_none(), "{} had ended before it was killed", self.name);
        self.running_mut().kill();
        self.process = None;
    }

    /// Asks it to stop (SIGTERM), and returns at once.
    ///
    /// # Panics
    /// If it does not run.
    pub fn terminate(&self) {
        self.running().signal(Signal::TERM);
    }

    /// Waits until it has ended; gives its exit code, `None` if a signal ended it.
    ///
    /// # Panics
    /// If it goes on.
    pub async fn exit(&mut self) -> Option<i32> {
        let what = format!("{} has ended", self.name);
        let status: ExitStatus = until(what, async || self.running_mut().ended()).await;
        self.process = None;
        status.code()
    }

    /// Stops it in order.
    ///
    /// # Panics
    /// If it does not end with code 0.
    pub async fn stop(&mut self) {
        self.terminate();
        assert_eq!(self.exit().await, Some(0), "the exit code of {}", self.name);
    }

    /// Freezes it (SIGSTOP): its connections stay open and nothing answers.
    ///
    /// # Panics
    /// If it does not run.
    pub fn freeze(&self) {
        self.running().signal(Signal::STOP);
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// If it does not run.
    pub fn thaw(&self) {
        self.running().signal(Signal::CONT);
    }

    /// Asks it to stop, for the end of a town: nothing if it does not run.
    pub(crate) fn dismiss(&self) {
        if let Some(process) = &self.process {
            process.signal(Signal::CONT);
            process.signal(Signal::TERM);
        }
    }

    /// What is wrong with how it has ended, after [`Server::dismiss`]. Blocks.
    pub(crate) fn farewell(&mut self) -> Option<String> {
        let mut process = self.process.take()?;
        match process.wait(PATIENCE) {
            Some(status) if status.success() => None,
            Some(status) => Some(format!("{} ended with {status}", self.name)),
            None => Some(format!("{} does not stop", self.name)),
        }
    }

    /// Kills it without a word.
    pub(crate) fn abandon(&mut self) {
        self.process = None;
    }

    /// True if it has ended although nobody asked it to.
    pub(crate) fn has_died(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| process.ended().is_some())
    }

    /// Lines in its log that tell of errors and panics.
    pub(crate) fn complaints(&self, forgiven: &[String]) -> Vec<String> {
        self.log.complaints(forgiven).into_iter().map(|line| format!("{}: {line}", self.name)).collect()
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        format!("--- {}\n{}", self.name, self.log.end(30))
    }

    fn spawn(&mut self) -> Result<Process> {
        let (out, err) = self.log.outputs()?;
        let mut settings = self.settings.clone();
        for (key, address) in [("gateway.listen", self.listen), ("admin.listen", self.admin)] {
            if let Some(address) = address {
                settings.set(key, address);
            }
        }
        let program = self.program.clone().map_or_else(|| program("parlor"), Ok)?;
        Process::start(&program, |command| {
            command.args(self.role.arguments()).current_dir(&self.folder);
            settings.give_to(command);
            command.stdout(out).stderr(err);
        })
    }

    /// Learns the addresses from what it has printed. `None` as long as they do not all stand there.
    fn has_opened(&mut self) -> Result<Option<()>> {
        let admin = self.log.address(ADMIN_LISTENS);
        let listen = if self.role.has_gateway() { self.log.address(LISTENS) } else { None };
        if admin.is_some() && (listen.is_some() || !self.role.has_gateway()) {
            (self.admin, self.listen) = (admin, listen);
            return Ok(Some(()));
        }
        if self.has_died() {
            self.process = None;
            bail!("{} has ended at its start:\n{}", self.name, self.log.end(30));
        }
        Ok(None)
    }

    fn running(&self) -> &Process {
        self.process.as_ref().unwrap_or_else(|| panic!("{} does not run", self.name))
    }

    fn running_mut(&mut self) -> &mut Process {
        self.process.as_mut().unwrap_or_else(|| panic!("{} does not run", self.name))
    }
}

//! One server process and its children: started, watched, stopped, frozen, killed.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::spawner;

/// How long a server may take to start, to stop, or to vanish once it has been killed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(2);

/// A running server. Dropping it kills it and its children.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a server whose output goes to the end of the file `log`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn start(mut command: Command, log: &Path) -> Result<Self> {
        let out = OpenOptions::new().create(true).append(true).open(log)?;
        let err: File = out.try_clone()?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        Ok(Self { child: spawner::spawn(command)?, log: log.to_owned() })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` says so.
    ///
    /// # Errors
    /// With the end of the log, if the server exits or is not ready within [`PATIENCE`].
    ///
    /// Cancel safe: the process goes on.
    pub(crate) async fn until(&mut self, ready: impl Fn() -> bool) -> Result<()> {
        let start = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}:\n{}", self.end_of_log());
            }
            if start.elapsed() > PATIENCE {
                bail!("the server is not ready after {PATIENCE:?}:\n{}", self.end_of_log());
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// If it has not within [`PATIENCE`].
    ///
    /// Dropped before it is done, the process goes on stopping.
    pub(crate) async fn stop(&mut self, how: Signal) -> Result<ExitStatus> {
        self.stop_within(how, PATIENCE).await
    }

    /// The same for a server that may take its time.
    pub(crate) async fn stop_within(&mut self, how: Signal, patience: Duration) -> Result<ExitStatus> {
        self.resume();
        self.signal(how)?;
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if start.elapsed() > patience {
                bail!("the server has not stopped after {patience:?}:\n{}", self.end_of_log());
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Freezes the server and its children: connections stay open and nothing answers. Returns when all of their
    /// threads have stopped, which a signal alone does not wait for.
    pub(crate) fn pause(&self) {
        // The parent first, so that no child is born behind our back.
        let _ = self.signal(Signal::STOP);
        wait_until(|| is_frozen(Pid::from_child(&self.child)));
        let children = self.children();
        for child in &children {
            let _ = kill_process(*child, Signal::STOP);
        }
        wait_until(|| children.iter().all(|child| is_frozen(*child)));
    }

    /// Lets them go on.
    pub(crate) fn resume(&self) {
        for child in self.children() {
            let _ = kill_process(child, Signal::CONT);
        }
        let _ = self.signal(Signal::CONT);
    }

    /// Kills the server and its children at once, and returns when all are gone: a second server may then take
    /// the port and the data.
    pub(crate) fn kill9(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // Stopped first, so that no child is born behind our back.
        let _ = self.signal(Signal::STOP);
        wait_until(|| is_frozen(Pid::from_child(&self.child)));
        let children = self.children();
        let _ = self.child.kill();
        let _ = self.child.wait();
        for child in &children {
            let _ = kill_process(*child, Signal::KILL);
        }
        wait_until(|| children.iter().all(|child| is_gone(*child)));
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(Pid::from_child(&self.child), signal).context("cannot signal the server")
    }

    /// Postgres makes each child the leader of a group of its own, so no group reaches them all: they are found
    /// by their parent. They have no children themselves.
    fn children(&self) -> Vec<Pid> {
        let pid = self.child.id();
        let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        list.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
    }

    fn end_of_log(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// A process that has ended but that nobody has waited for (state Z) holds nothing any more.
fn is_gone(pid: Pid) -> bool {
    state(&format!("/proc/{}/stat", pid.as_raw_nonzero())).is_none_or(|state| state == 'Z')
}

/// True if no thread of it runs.
fn is_frozen(pid: Pid) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())) else { return true };
    threads.flatten().all(|thread| {
        state(&format!("{}/stat", thread.path().display())).is_none_or(|state| matches!(state, 'T' | 'Z'))
    })
}

/// The letter for a thread's state: it follows the name in brackets, which may itself hold anything.
fn state(stat: &str) -> Option<char> {
    fs::read_to_string(stat).ok()?.rsplit_once(')')?.1.trim_start().chars().next()
}

/// Waits for what a signal brings about, for [`PATIENCE`] at most.
#[expect(clippy::disallowed_methods, reason = "killing also happens in Drop, where nothing can be awaited")]
fn wait_until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() && start.elapsed() < PATIENCE {
        std::thread::sleep(GLANCE);
    }
}

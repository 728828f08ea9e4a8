//! One operating system process: started, signalled, killed, waited for.

use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};

const GLANCE: Duration = Duration::from_millis(5);

/// A process that ends with this one, however that ends; at the latest when it is dropped.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts a program, as `prepare` says. The kernel kills it when the calling thread ends.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(program: &Path, prepare: impl FnOnce(&mut Command)) -> Result<Self> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(program).stdin(Stdio::null());
        prepare(&mut command);
        Ok(Self(command.spawn().context("cannot start setpriv (package util-linux)")?))
    }

    /// Its standard input, once, if it was piped.
    pub fn stdin(&mut self) -> Option<ChildStdin> {
        self.0.stdin.take()
    }

    /// Its pid.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        // It may have ended already; whoever waits for it sees that.
        let _ = kill_process(Pid::from_child(&self.0), signal);
    }

    /// Kills it, and returns when it is gone.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// How it has ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// Waits for its end in a place where nothing can be awaited.
    #[expect(clippy::disallowed_methods, reason = "for Drop; clients run on other threads meanwhile")]
    pub(crate) fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            let ended = self.ended();
            if ended.is_some() || start.elapsed() > patience {
                return ended;
            }
            std::thread::sleep(GLANCE);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended().is_none() {
            self.kill();
        }
    }
}

//! A server that a comparison starts for one run.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::NamedTempFile;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::environment::masked_line;
use crate::target::Target;

/// A server that does not listen by then has failed.
const STARTS_WITHIN: Duration = Duration::from_secs(60);
/// A server that has not ended by then is killed.
const ENDS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running server. Dropping it kills it.
pub(super) struct Served {
    process: Child,
    pub(super) pid: u32,
}

impl Served {
    /// Starts a server with this command, in the words of a shell, and waits until it listens at all targets.
    ///
    /// # Errors
    /// If it ends before that or takes too long; with what it said.
    ///
    /// Cancel safe: it is killed.
    pub(super) async fn start(command: &str, targets: &[Target]) -> Result<Self> {
        let said = NamedTempFile::new().context("no place for what a server says")?;
        // `env` takes variables in front of the program, and leaves the server in place of the shell: one process,
        // whose number is known.
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("exec env {command}")).stdin(Stdio::null()).kill_on_drop(true);
        shell.stdout(File::create(said.path())?).stderr(File::options().append(true).open(said.path())?);
        let shown = masked_line(command);
        let mut process = shell.spawn().with_context(|| format!("cannot start {shown}"))?;
        let pid = process.id().ok_or_else(|| anyhow!("{shown} has ended at once"))?;
        let failed = |why: &str| {
            let said = std::fs::read_to_string(said.path()).unwrap_or_default();
            anyhow!("{shown}: {why}\n{}", said.trim_end())
        };
        let listens = async {
            for target in targets {
                while TcpStream::connect(&target.authority).await.is_err() {
                    sleep(LOOK_EVERY).await;
                }
            }
        };
        tokio::select! {
            listens = timeout(STARTS_WITHIN, listens) => listens.map_err(|_| failed("does not listen"))?,
            status = process.wait() => bail!(failed(&format!("has ended: {}", status?))),
        }
        Ok(Self { process, pid })
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// If it cannot be waited for.
    pub(super) async fn stop(mut self) -> Result<()> {
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            // Whoever has ended by itself cannot be asked.
            let _ = kill_process(pid, Signal::TERM);
        }
        if let Ok(status) = timeout(ENDS_WITHIN, self.process.wait()).await {
            status?;
            return Ok(());
        }
        self.process.kill().await.context("a server cannot be ended")
    }
}

//! One of the processes, as the one sees it that has started it.

use std::env::current_exe;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::Share;
use super::words::{Answer, Order};
use crate::args::PART;

/// A process that has closed its output is given so long until it is asked why.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// A process of the load tester. Dropping it kills it.
pub(super) struct Member {
    share: Share,
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Member {
    /// Starts the process. What it prints as an error comes out here.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(super) fn start(share: Share) -> Result<Self> {
        let mut command = Command::new(current_exe()?);
        command.arg(PART).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().context("no other process of the load tester can be started")?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (orders, answers) = pipes.context("a process without pipes")?;
        Ok(Self { share, process, orders, answers: BufReader::new(answers) })
    }

    /// Tells it to do something.
    ///
    /// # Errors
    /// If it has ended.
    ///
    /// Not cancel safe: half an order makes no sense.
    pub(super) async fn tell(&mut self, order: &Order) -> Result<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        match self.orders.write_all(&line).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.why_it_ended().await),
        }
    }

    /// What it answers, within this time.
    ///
    /// # Errors
    /// If it has ended, cannot do it, or takes longer.
    ///
    /// Not cancel safe: half an answer would be left.
    pub(super) async fn answer(&mut self, within: Duration) -> Result<Answer> {
        // As long as what the process has to tell: the plan bounds it.
        let mut line = String::new();
        let read = timeout(within, self.answers.read_line(&mut line)).await;
        let read = read.with_context(|| format!("{} has not answered for {within:?}", self.name()))?;
        if !read.is_ok_and(|bytes| bytes > 0) {
            return Err(self.why_it_ended().await);
        }
        match serde_json::from_str(&line).with_context(|| format!("{} makes no sense", self.name()))? {
            Answer::Failed(why) => bail!(why),
            answer => Ok(answer),
        }
    }

    /// Waits until it has ended, after its last answer.
    pub(super) async fn end(mut self) {
        drop(self.orders);
        // One that does not end is killed.
        let _ = timeout(ENDS_WITHIN, self.process.wait()).await;
    }

    async fn why_it_ended(&mut self) -> anyhow::Error {
        let how = match timeout(ENDS_WITHIN, self.process.wait()).await {
            Ok(Ok(status)) => format!("has ended, with {status}"),
            _ => "says nothing any more".to_owned(),
        };
        anyhow!("{} {how}: the run is void without its clients", self.name())
    }

    fn name(&self) -> String {
        let pid = self.process.id().map_or_else(String::new, |pid| format!(" (pid {pid})"));
        format!("process {} of {} of the load tester{pid}", self.share.number + 1, self.share.of)
    }
}

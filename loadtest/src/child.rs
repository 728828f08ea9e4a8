//! The load tester as a process of its own, told by another one what to do.

use std::env::current_exe;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::process::Command;

/// What such a process left behind.
#[derive(Debug)]
pub(crate) struct Done {
    /// Its exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it printed.
    pub(crate) said: String,
    /// Its report, if it came to write one.
    pub(crate) report: Option<Value>,
}

/// Runs a load tester with these options, in the words of a shell, and waits for its end.
///
/// The shell is what splits them, so that quotes and variables mean what they mean anywhere else.
///
/// # Errors
/// If it cannot be started. What it fails at itself is in [`Done`].
///
/// Cancel safe: it is killed.
pub(crate) async fn run(options: &str) -> Result<Done> {
    let report = NamedTempFile::new().context("no place for a report")?;
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("exec \"$0\" {options} --json \"$1\""));
    command.arg(current_exe()?).arg(report.path()).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.context("no load tester can be started")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stderr) + &text(&output.stdout);
    let report = std::fs::read(report.path())?;
    Ok(Done { code: output.status.code(), said, report: serde_json::from_slice(&report).ok() })
}

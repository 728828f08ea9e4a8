//! What processes use of the processor.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The kernel counts in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// The time that a process and its children, as far as they still live, have used of the processor so far, in user
/// space and in the kernel.
///
/// # Errors
/// If there is no such process.
pub fn cpu_time(pid: u32) -> Result<Duration> {
    let own = ticks(pid).with_context(|| format!("there is no process {pid}"))?;
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    // One that has just ended has nothing to say any more.
    let theirs = children.split_whitespace().filter_map(|child| ticks(child.parse().ok()?));
    Ok(TICK * (own + theirs.sum::<u32>()))
}

fn ticks(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which is in brackets: user time is the 12th field, system time the 13th.
    let fields = stat.rsplit(')').next()?.split_whitespace().skip(11).take(2);
    Some(fields.filter_map(|field| field.parse::<u32>().ok()).sum())
}

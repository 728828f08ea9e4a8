//! What the servers' processes use, as `/proc` tells it.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// What a tick of `/proc/PID/stat` is: the kernel shows programs 100 a second, whatever its own clock does.
const TICK: Duration = Duration::from_millis(10);

/// What processes have used, added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Usage {
    /// By all threads since the processes began, in user and kernel mode.
    pub(crate) cpu: Duration,
    /// What is in memory now.
    pub(crate) resident_bytes: u64,
}

impl Usage {
    /// Looks at these processes.
    ///
    /// # Errors
    /// If one of them is not there.
    pub(crate) fn of(pids: &[u32]) -> Result<Self> {
        let mut usage = Self::default();
        for pid in pids {
            usage.cpu += cpu_of(*pid)?;
            usage.resident_bytes += resident_bytes_of(*pid)?;
        }
        Ok(usage)
    }
}

fn cpu_of(pid: u32) -> Result<Duration> {
    let file = format!("/proc/{pid}/stat");
    let stat = read(&file, pid)?;
    // The name of the program comes second, in brackets, and may hold anything; user and kernel time are 14th and 15th.
    let after_name = stat.rsplit_once(')').map(|(_, rest)| rest);
    let times = after_name.and_then(|rest| {
        let mut numbers = rest.split_whitespace().skip(11).map(str::parse::<u32>);
        Some(numbers.next()?.ok()?.saturating_add(numbers.next()?.ok()?))
    });
    times.map(|ticks| TICK * ticks).with_context(|| format!("{file} says nothing about time"))
}

fn resident_bytes_of(pid: u32) -> Result<u64> {
    let file = format!("/proc/{pid}/status");
    let status = read(&file, pid)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kb.map(|kb| kb * 1024).with_context(|| format!("{file} says nothing about resident memory"))
}

fn read(file: &str, pid: u32) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {file}: is there a process {pid}?"))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn memory_is_read_and_added_up() {
        let own = std::process::id();
        let once = Usage::of(&[own]).unwrap();
        assert!(once.resident_bytes > 100_000, "{once:?}");
        assert!(Usage::of(&[own; 2]).unwrap().resident_bytes > once.resident_bytes);
        assert!(Usage::of(&[u32::MAX]).unwrap_err().to_string().contains("is there a process"));
    }

    #[test]
    fn time_of_all_threads_is_counted() {
        let own = std::process::id();
        let before = Usage::of(&[own]).unwrap().cpu;
        let begin = Instant::now();
        let work = move || while Usage::of(&[own]).unwrap().cpu < before + 5 * TICK {};
        std::thread::spawn(work).join().unwrap();
        let spent = Usage::of(&[own]).unwrap().cpu - before;
        let threads = u32::try_from(std::thread::available_parallelism().unwrap().get()).unwrap();
        assert!(spent >= 5 * TICK && spent <= (begin.elapsed() + TICK) * (threads + 1), "{spent:?}");
    }
}

//! Where a report was made: figures mean little without it.

use std::fs;

use chat::{Clock as _, SystemClock};
use serde::Serialize;

/// The machine and the program that ran the load tester.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Environment {
    /// When the run ended, RFC 3339.
    at: String,
    version: &'static str,
    /// A build without optimisation: the figures say nothing about anything but the audit.
    pub(crate) debug_build: bool,
    os: &'static str,
    arch: &'static str,
    kernel: Option<String>,
    cpu: Option<String>,
    cpus: usize,
    memory_kb: Option<u64>,
}

impl Environment {
    pub(crate) fn look() -> Self {
        let first = |file: &str, name: &str| {
            let text = fs::read_to_string(file).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim_start_matches([':', ' ', '\t']).to_owned())
        };
        let memory = first("/proc/meminfo", "MemTotal");
        Self {
            at: SystemClock.now().to_string(),
            version: env!("CARGO_PKG_VERSION"),
            debug_build: cfg!(debug_assertions),
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
            kernel: first("/proc/sys/kernel/osrelease", ""),
            cpu: first("/proc/cpuinfo", "model name"),
            cpus: std::thread::available_parallelism().map_or(0, usize::from),
            memory_kb: memory.and_then(|memory| memory.split_whitespace().next()?.parse().ok()),
        }
    }
}

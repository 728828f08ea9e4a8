//! Where a report was made: figures mean little without it.

use std::fs;

use chat::{Clock as _, SystemClock};
use serde::Serialize;

/// The machine and the program that ran the load tester.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Environment {
    /// When the run ended, RFC 3339.
    pub(crate) at: String,
    pub(crate) version: &'static str,
    /// What the load tester was built from, where the build said so (`PARLOR_COMMIT`).
    pub(crate) commit: Option<&'static str>,
    /// The command line, with `***` for what is secret.
    pub(crate) command: Vec<String>,
    /// A build without optimisation: the figures say nothing about anything but the audit.
    pub(crate) debug_build: bool,
    pub(crate) os: &'static str,
    pub(crate) arch: &'static str,
    pub(crate) kernel: Option<String>,
    pub(crate) cpu: Option<String>,
    pub(crate) cpus: usize,
    pub(crate) memory_kb: Option<u64>,
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
            commit: option_env!("PARLOR_COMMIT"),
            command: masked(std::env::args_os().map(|word| word.to_string_lossy().into_owned())),
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

/// Options whose values nobody may see; a command that gets tokens may hold a key of its own.
const SECRET: [&str; 3] = ["--secret", "--token-command", "--app-secret"];

/// A command line that can be shown.
fn masked(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut hide = false;
    let mask = |word: String| {
        if std::mem::take(&mut hide) {
            return "***".to_owned();
        }
        hide = SECRET.contains(&word.as_str());
        match word.split_once('=') {
            Some((option, _)) if SECRET.contains(&option) => format!("{option}=***"),
            _ if word.contains(' ') => masked_line(&word),
            _ => word,
        }
    };
    words.map(mask).collect()
}

/// The same for a command line that is one word of another, and may set variables. Nobody has taken it apart yet: a
/// secret in quotes is hidden up to the end of these.
pub(crate) fn masked_line(line: &str) -> String {
    let mut words = line.split_whitespace();
    let mut shown = Vec::new();
    while let Some(word) = words.next() {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        let is_secret = SECRET.contains(&name) || (value.is_some() && name.ends_with("SECRET"));
        if !is_secret {
            shown.push(word.to_owned());
            continue;
        }
        shown.push(if value.is_some() { format!("{name}=***") } else { format!("{name} ***") });
        let value = value.or_else(|| words.next()).unwrap_or_default();
        let quote = value.chars().next().filter(|first| matches!(first, '\'' | '"'));
        if let Some(quote) = quote.filter(|quote| value.len() == 1 || !value.ends_with(*quote)) {
            let _ = words.find(|word| word.ends_with(quote));
        }
    }
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_shown_without_its_secrets() {
        let line =
            "parlor-loadtest --secret s3cret --rate 5 --secret=s3cret --token-command s3cret --json a=b";
        let shown = masked(line.split(' ').map(str::to_owned)).join(" ");
        assert_eq!(
            shown,
            "parlor-loadtest --secret *** --rate 5 --secret=*** --token-command *** --json a=b"
        );
        let line = "limit --secret 'a b c' --rate=5 --token-command=\"get me\" --rooms 3";
        assert_eq!(masked_line(line), "limit --secret *** --rate=5 --token-command=*** --rooms 3");
        assert_eq!(
            masked_line("A=b PARLOR__AUTH__SECRET=abc parlor --x"),
            "A=b PARLOR__AUTH__SECRET=*** parlor --x"
        );
        assert_eq!(masked(["--a".into(), "--secret s3cret".into()].into_iter()), ["--a", "--secret ***"]);
    }
}

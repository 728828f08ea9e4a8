//! What a process has written: lines for people on standard output, its log as JSON on standard error.

use std::fs::{self, File, OpenOptions};
use std::io::Result;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

/// The output of one process and of its later lives, in one file.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    /// Where the present life begins.
    life: usize,
}

impl Log {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, life: 0 }
    }

    /// Both outputs of the next life.
    pub(super) fn outputs(&mut self) -> Result<(Stdio, Stdio)> {
        self.life = self.text().len();
        let out: File = OpenOptions::new().create(true).append(true).open(&self.path)?;
        let err = out.try_clone()?;
        Ok((out.into(), err.into()))
    }

    /// Everything since the first start.
    pub(super) fn text(&self) -> String {
        fs::read(&self.path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Everything since the latest start.
    pub(super) fn life(&self) -> String {
        self.text().split_off(self.life)
    }

    /// The address in the line that begins like this, once the process has printed it.
    pub(super) fn address(&self, begins: &str) -> Option<SocketAddr> {
        let life = self.life();
        // A line that is being written has no end yet.
        let whole = life.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        whole.filter_map(|line| line.strip_prefix(begins)).find_map(|rest| rest.trim().parse().ok())
    }

    /// Lines that no process should write: errors and panics, unless they hold a text that is forgiven.
    pub(super) fn complaints(&self, forgiven: &[String]) -> Vec<String> {
        self.text()
            .lines()
            .filter(|line| is_complaint(line) && !forgiven.iter().any(|text| line.contains(text)))
            .map(str::to_owned)
            .collect()
    }

    /// The last lines.
    pub(super) fn end(&self, lines: usize) -> String {
        let text = self.text();
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

fn is_complaint(line: &str) -> bool {
    line.contains("panicked at") || line.contains(r#""level":"ERROR""#) || line.contains("RUST_BACKTRACE")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str) -> (tempfile::TempDir, Log) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, text).unwrap();
        (folder, Log::new(path))
    }

    #[test]
    fn an_address_is_that_of_the_present_life() {
        let (_folder, mut log) = log("warming up\nhere: 127.0.0.1:1\n");
        assert_eq!(log.address("here: ").unwrap().port(), 1);
        log.outputs().unwrap();
        assert_eq!(log.address("here: "), None);
        fs::write(&log.path, log.text() + "here: 127.0.0.1:23").unwrap();
        assert_eq!(log.address("here: "), None, "the line has no end yet");
        fs::write(&log.path, log.text() + "4\n").unwrap();
        assert_eq!(log.address("here: ").unwrap().port(), 234);
    }

    #[test]
    fn errors_and_panics_are_complaints_unless_forgiven() {
        let error = r#"{"level":"ERROR","message":"the disk is full"}"#;
        let (_folder, log) =
            log(&format!("{{\"level\":\"WARN\"}}\nthread 'a' panicked at b.rs:1\n{error}\n"));
        assert_eq!(log.complaints(&[]).len(), 2);
        assert_eq!(log.complaints(&["disk".to_owned()]).len(), 1);
    }
}

//! What came out of an experiment: a row of `docs/guarantees.md`.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::{fmt, fs};

use serde_json::{Value, json};

use crate::audit::{Audit, Kind, Times};
use crate::crowd::Told;
use crate::length::length;
use crate::program::workspace;

/// One row. What was not measured is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    name: String,
    row: Value,
}

impl Outcome {
    /// What the audit has counted.
    #[must_use]
    pub fn of(name: &str, audit: &Audit) -> Self {
        let row = json!({
            "sends": audit.asked,
            "acknowledged": audit.acknowledged,
            "shown": audit.shown,
            "unknown": audit.unknown,
            "lost": audit.count(Kind::Lost) + audit.count(Kind::Hole) + audit.count(Kind::Missed),
            "doubled": audit.count(Kind::Doubled) + audit.count(Kind::Divided) + audit.count(Kind::Renumbered),
            "out_of_order": audit.count(Kind::OutOfOrder) + audit.count(Kind::Overtaken),
            "ghosts": audit.count(Kind::Ghost),
        });
        Self { name: name.to_owned(), row }
    }

    /// What was counted by other means than an audit.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), row: json!({}) }
    }

    /// An experiment that this machine does not allow, with the reason.
    #[must_use]
    pub fn not_run(name: &str, why: &str) -> Self {
        Self::named(name).with("not_run", why)
    }

    /// How often clients have come back, and asked again for what they did not know the fate of.
    #[must_use]
    pub fn cost(self, told: Told) -> Self {
        self.with("returns", told.returns).with("repeats", told.repeats)
    }

    /// The slowest answer, the oldest message when it was shown, and the latest return.
    #[must_use]
    pub fn times(self, times: &Times) -> Self {
        let answer = times.answer.took.max(times.silence.took);
        self.with("answer_s", answer.as_secs_f64())
            .with("shown_s", times.shown.took.as_secs_f64())
            .with("elsewhere_s", times.elsewhere.took.as_secs_f64())
    }

    /// How long the fault lasted.
    #[must_use]
    pub fn fault(self, time: Option<Duration>) -> Self {
        self.with_some("fault_s", time.map(|time| time.as_secs_f64()))
    }

    /// How long it took until all was well again.
    #[must_use]
    pub fn recovery(self, time: Option<Duration>) -> Self {
        self.with_some("recovery_s", time.map(|time| time.as_secs_f64()))
    }

    /// How many per cent of memory were kept.
    #[must_use]
    pub fn memory(self, percent: Option<f64>) -> Self {
        self.with_some("memory_percent", percent)
    }

    /// Anything else that was measured: a short sentence with its unit.
    #[must_use]
    pub fn note(self, note: impl fmt::Display) -> Self {
        self.with("note", note.to_string())
    }

    /// Any field of a row.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.row[field] = value.into();
        self
    }

    /// A count of this row.
    #[must_use]
    pub fn count(&self, field: &str) -> u64 {
        self.row[field].as_u64().unwrap_or_default()
    }

    /// A time of this row, in seconds.
    #[must_use]
    pub fn time(&self, field: &str) -> f64 {
        self.row[field].as_f64().unwrap_or_default()
    }

    /// Prints it; and after a long experiment leaves it for the table.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn record(&self) {
        println!("{self}");
        if length(false, true) {
            self.write().unwrap_or_else(|e| panic!("the row of {} cannot be written: {e}", self.name));
        }
    }

    fn write(&self) -> std::io::Result<()> {
        let folder = folder();
        fs::create_dir_all(&folder)?;
        let mut row = self.row.clone();
        row["name"] = self.name.as_str().into();
        row["commit"] = commit().into();
        let file: String =
            self.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        fs::write(folder.join(file + ".json"), format!("{row:#}\n"))
    }

    fn with_some(self, field: &str, value: Option<f64>) -> Self {
        match value {
            Some(value) => self.with(field, value),
            None => self,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.row)
    }
}

/// The commit that is tried; empty if that cannot be known.
fn commit() -> String {
    let mut git = Command::new("git");
    git.args(["rev-parse", "--short=7", "HEAD"]).current_dir(workspace());
    git.output().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// Where the rows of all experiments lie.
#[must_use]
pub(crate) fn folder() -> PathBuf {
    workspace().join("target/guarantees/experiments")
}

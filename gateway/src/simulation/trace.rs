//! What happened in a town, line by line. Kept only where somebody wants to read it or to compare it.

use std::fmt::Display;

pub(super) struct Trace {
    lines: Option<Vec<String>>,
    prints: bool,
}

impl Trace {
    /// Nobody looks: nothing is written down.
    pub(super) fn off() -> Self {
        Self { lines: None, prints: false }
    }

    /// Written down, to be compared.
    pub(super) fn kept() -> Self {
        Self { lines: Some(Vec::new()), prints: false }
    }

    /// Printed as it happens.
    pub(super) fn printed() -> Self {
        Self { lines: None, prints: true }
    }

    /// Notes something that happens `at` so many milliseconds.
    pub(super) fn note<W: Display>(&mut self, at: u64, what: impl FnOnce() -> W) {
        if self.prints {
            println!("{at:>6} {}", what());
        } else if let Some(lines) = &mut self.lines {
            lines.push(format!("{at:>6} {}", what()));
        }
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}

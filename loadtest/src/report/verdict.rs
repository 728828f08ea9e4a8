//! How a scenario ends: what the exit code says.

use std::process::ExitCode;

/// How a scenario has ended that could be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is wrong.
    Clean,
    /// Something was lost, doubled, out of order or otherwise wrong.
    NotClean,
    /// The load tester itself was the bottleneck: the figures say little about the servers, so that no threshold can
    /// be said to have held or to be missed.
    NotValid,
    /// A threshold of the command line was missed. This is said rather than the other: it was asked for.
    Missed,
}

impl Verdict {
    /// The exit code: a promise.
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(self.number())
    }

    /// The verdict of a load tester that has ended with this exit code, if it made a run at all.
    pub(crate) fn of_code(code: i32) -> Option<Self> {
        let all = [Self::Clean, Self::NotClean, Self::NotValid, Self::Missed];
        all.into_iter().find(|verdict| i32::from(verdict.number()) == code)
    }

    const fn number(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::NotClean => 3,
            Self::NotValid => 4,
            Self::Missed => 99,
        }
    }
}

impl From<bool> for Verdict {
    fn from(clean: bool) -> Self {
        if clean { Self::Clean } else { Self::NotClean }
    }
}

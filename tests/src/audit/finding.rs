//! What can be wrong.

use std::fmt;

/// A promise that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Acknowledged, but not stored like that.
    Lost,
    /// One request stored, or shown to somebody, twice.
    Doubled,
    /// Shown after something later.
    OutOfOrder,
    /// Left out in the middle of what somebody was shown.
    Hole,
    /// Not shown at the end to somebody who was there.
    Missed,
    /// One seq that names two messages.
    Divided,
    /// One id that was acknowledged with two seqs.
    Renumbered,
    /// One sender's own messages in another order than it sent them.
    Overtaken,
    /// Refused for certain, but stored.
    Ghost,
    /// Answered later than anything may be, or not at all.
    Late,
    /// Shown longer after it was stored than anything may be.
    Stale,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Lost,
        Self::Doubled,
        Self::OutOfOrder,
        Self::Hole,
        Self::Missed,
        Self::Divided,
        Self::Renumbered,
        Self::Overtaken,
        Self::Ghost,
        Self::Late,
        Self::Stale,
    ];
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which promise it breaks.
    pub kind: Kind,
    /// What happened, to whom and where.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.what)
    }
}

/// Notes what is wrong.
pub(super) fn find(findings: &mut Vec<Finding>, kind: Kind, what: String) {
    findings.push(Finding { kind, what });
}

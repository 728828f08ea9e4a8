//! The one short list of refusals. A code is added only when a client would act differently on it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// Why something was refused, as a promise to clients. Every edge (close codes, HTTP, each dialect) maps these
/// once, in a `match` without a wildcard, with the numbers written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request makes no sense: give up.
    Malformed,
    /// No token, or not a valid one: get one.
    NotIdentified,
    /// Not permitted: give up.
    NotAllowed,
    /// A frame or a body over its limit: give up.
    TooLarge,
    /// More than a fair share: come back later.
    TooMany,
    /// The client reads too slowly: come back, after the last seq.
    TooSlow,
    /// Nobody knows whether it happened: try again with the same id.
    Unavailable,
    /// The server goes away: come back.
    GoingAway,
    /// Nothing was heard from the client for too long: come back.
    Quiet,
    /// Thrown out: give up.
    Removed,
}

impl Code {
    /// Every code, in the order of the contract's table.
    pub const ALL: [Self; 10] = [
        Self::Malformed,
        Self::NotIdentified,
        Self::NotAllowed,
        Self::TooLarge,
        Self::TooMany,
        Self::TooSlow,
        Self::Unavailable,
        Self::GoingAway,
        Self::Quiet,
        Self::Removed,
    ];

    /// The word for it on every wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotIdentified => "not_identified",
            Self::NotAllowed => "not_allowed",
            Self::TooLarge => "too_large",
            Self::TooMany => "too_many",
            Self::TooSlow => "too_slow",
            Self::Unavailable => "unavailable",
            Self::GoingAway => "going_away",
            Self::Quiet => "quiet",
            Self::Removed => "removed",
        }
    }

    /// The code that a word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == word)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal as it goes to the one who asked: the code to act on, a sentence to read, and when to come back.
/// Details that only an operator can use belong in the log, not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What to act on.
    pub code: Code,
    /// What to read.
    pub message: Cow<'static, str>,
    /// The earliest moment at which trying again makes sense, from now.
    pub retry: Option<Duration>,
    /// True for a token that was good until its time was over: another one of the same user will do.
    pub expired: bool,
}

impl Refusal {
    /// A refusal without a time to come back.
    #[must_use]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), retry: None, expired: false }
    }

    /// The same, with the earliest time to try again.
    #[must_use]
    pub fn retry_in(mut self, after: Duration) -> Self {
        self.retry = Some(after);
        self
    }

    /// A request that makes no sense.
    #[must_use]
    pub fn malformed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Malformed, message)
    }

    /// A token whose time is over.
    #[must_use]
    pub fn expired(message: impl Into<Cow<'static, str>>) -> Self {
        Self { expired: true, ..Self::new(Code::NotIdentified, message) }
    }

    /// Nobody knows whether it happened; the client tries again with the same id in a second.
    #[must_use]
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Unavailable, message).retry_in(Duration::from_secs(1))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_word_of_its_own() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(code));
        }
        assert_eq!(Code::parse("teapot"), None);
    }
}

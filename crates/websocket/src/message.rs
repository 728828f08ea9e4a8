//! What a reader gives.

use std::fmt;

/// Which side of the connection we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// We read what a client wrote: every frame must be masked.
    Server,
    /// We read what a server wrote: no frame may be masked.
    Client,
}

/// A whole message, put together from its fragments. Lent: it lives until the next one is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text, checked to be UTF-8.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
    /// To be answered by a pong with the same payload, at most 125 bytes.
    Ping(&'a [u8]),
    /// The answer to a ping, or a sign of life that nobody asked for.
    Pong(&'a [u8]),
    /// The other side ends the conversation: nothing follows. To be answered by a close with the same code,
    /// unless we sent one first. `None` if it gave no code.
    Close(Option<CloseFrame<'a>>),
}

/// The payload of a close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseFrame<'a> {
    /// A code that may stand in a frame: 1000–1003, 1007–1014, 3000–4999.
    pub code: u16,
    /// For people, at most 123 bytes.
    pub reason: &'a str,
}

/// The other side broke the protocol or went over the limit: it is to be sent a close frame with this code and
/// then cut off. Nothing more is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct Violation {
    /// 1002 for the protocol, 1007 for bad UTF-8, 1009 for a message that is too large.
    pub code: u16,
    /// What was wrong, fit for the close frame.
    pub reason: &'static str,
}

impl Violation {
    pub(crate) const fn protocol(reason: &'static str) -> Self {
        Self { code: 1002, reason }
    }

    pub(crate) const NOT_UTF8: Self = Self { code: 1007, reason: "text that is not UTF-8" };
    pub(crate) const TOO_LARGE: Self = Self { code: 1009, reason: "message too large" };
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.reason, self.code)
    }
}

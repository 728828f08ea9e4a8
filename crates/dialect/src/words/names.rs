//! What clients call things: requests and subscriptions, each in the client's own bytes; and from where they want to see
//! a room.

use std::sync::Arc;

use chat::{Epoch, Seq, Timestamp};

/// Where an answer belongs, in the client's own bytes: the native `ref`, the identifier of Action Cable, Phoenix'
/// join_ref, ref and topic.
/// Only the dialect that made it looks inside. At most [`Mark::BYTES_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Mark(Box<str>);

impl Mark {
    /// The longest mark, in bytes: an alias, and a word before it.
    pub const BYTES_MAX: usize = Alias::BYTES_MAX + 16;

    /// Keeps the bytes of a mark.
    #[must_use]
    pub fn new(bytes: &str) -> Self {
        Self(bytes.into())
    }

    /// The bytes; empty if the client wants no answer marked.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A client's own name for one subscription, kept to the byte: the room itself (native), the identifier
/// (Action Cable), the topic (Phoenix), the channel (Pusher). Several aliases of one connection may stand for
/// one room; each is a subscription of its own and gets every event once. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alias(Arc<str>);

impl Alias {
    /// The longest alias, in bytes.
    pub const BYTES_MAX: usize = 1024;

    /// Keeps an alias.
    #[must_use]
    pub fn new(alias: &str) -> Self {
        Self(alias.into())
    }

    /// As the client wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// From where a subscription wants to see the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// From now on.
    Live,
    /// Everything after a position; in another epoch than the one given, the position means nothing.
    After(Seq, Option<Epoch>),
    /// All after a position of this epoch; where something of that cannot be had, only what comes from now on.
    AllAfter(Seq, Epoch),
    /// All since a moment, by the clock of the store; where it may be that something of that cannot be had, only what
    /// comes from now on. What is a little older may come with it.
    AllSince(Timestamp),
}

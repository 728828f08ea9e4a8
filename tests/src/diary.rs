//! What a client did and saw, in its own order: what the audit reads.

use std::sync::{Arc, Mutex, PoisonError};

use crate::message::Message;

/// Something that happened to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// It asked to join a room, after a position if it had one.
    Joins {
        /// The room.
        room: String,
        /// The last seq that it had seen.
        after: Option<u64>,
    },
    /// It was told where the room stands.
    Joined {
        /// The room.
        room: String,
        /// The head.
        seq: u64,
        /// Whether events before the first one to come are left out.
        truncated: bool,
    },
    /// It has left, or was thrown out.
    Left {
        /// The room.
        room: String,
    },
    /// It asked to say something.
    Asked {
        /// Where.
        room: String,
        /// The id of the request.
        id: String,
        /// What.
        body: Arc<str>,
    },
    /// That is stored, it was told.
    Sent {
        /// Where.
        room: String,
        /// The id of the request.
        id: String,
        /// Its place.
        seq: u64,
    },
    /// That is not stored, it was told; with `unavailable`, that nobody knows.
    Refused {
        /// Where.
        room: String,
        /// The id of the request.
        id: String,
        /// The code.
        code: String,
    },
    /// It was shown a message.
    Shown {
        /// Where.
        room: String,
        /// The message.
        message: Message,
    },
    /// Its connection ended, and with it all its subscriptions.
    Ended,
}

/// The diary of one client, over all its connections. Clones are the same diary.
#[derive(Debug, Clone)]
pub struct Diary {
    user: Arc<str>,
    entries: Arc<Mutex<Vec<Entry>>>,
}

impl Diary {
    /// An empty one.
    #[must_use]
    pub fn new(user: &str) -> Self {
        Self { user: user.into(), entries: Arc::default() }
    }

    /// Whose it is: the id of the user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Writes at the end.
    pub fn write(&self, entry: Entry) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// All of it.
    #[must_use]
    pub fn read(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was shown in a room.
    #[must_use]
    pub fn shown(&self, room: &str) -> Vec<Message> {
        let shown = |entry| match entry {
            Entry::Shown { room: r, message } if r == room => Some(message),
            _ => None,
        };
        self.read().into_iter().filter_map(shown).collect()
    }
}

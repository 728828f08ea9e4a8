//! What a client did and saw, in its own order and with the time: what the audit reads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

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
        /// The history that the head belongs to.
        epoch: String,
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

/// How far a client has come in a room: what it names when it comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The last seq that it has seen; 0 if it was told that the room begins anew and has seen nothing since.
    pub seq: u64,
    /// The history that this seq belongs to.
    pub epoch: String,
}

/// The diary of one client, over all its connections. Clones are the same diary.
#[derive(Debug, Clone)]
pub struct Diary {
    user: Arc<str>,
    pages: Arc<Mutex<Pages>>,
}

#[derive(Debug, Default)]
struct Pages {
    entries: Vec<(Instant, Entry)>,
    /// The positions that were asked for, by room, until the answer.
    asked: HashMap<String, Option<u64>>,
    places: HashMap<String, Place>,
}

impl Diary {
    /// An empty one.
    #[must_use]
    pub fn new(user: &str) -> Self {
        Self { user: user.into(), pages: Arc::default() }
    }

    /// Whose it is: the id of the user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Writes at the end.
    pub fn write(&self, entry: Entry) {
        let mut pages = self.pages();
        pages.note_place(&entry);
        // Under the lock, so that times never go back.
        pages.entries.push((Instant::now(), entry));
    }

    /// Writes at the end what happened at some time.
    #[cfg(test)]
    pub(crate) fn write_at(&self, at: Instant, entry: Entry) {
        self.pages().entries.push((at, entry));
    }

    /// All of it.
    #[must_use]
    pub fn read(&self) -> Vec<Entry> {
        self.pages().entries.iter().map(|(_, entry)| entry.clone()).collect()
    }

    /// All of it, with the times.
    #[must_use]
    pub fn read_timed(&self) -> Vec<(Instant, Entry)> {
        self.pages().entries.clone()
    }

    /// How far it has come in a room that it was in.
    #[must_use]
    pub fn place(&self, room: &str) -> Option<Place> {
        self.pages().places.get(room).cloned()
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

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn note_place(&mut self, entry: &Entry) {
        match entry {
            Entry::Joins { room, after } => drop(self.asked.insert(room.clone(), *after)),
            Entry::Joined { room, seq, epoch, truncated } => {
                let asked = self.asked.remove(room).flatten();
                let seq = if *truncated { 0 } else { asked.unwrap_or(*seq) };
                self.places.insert(room.clone(), Place { seq, epoch: epoch.clone() });
            }
            Entry::Shown { room, message } => {
                if let Some(place) = self.places.get_mut(room) {
                    place.seq = message.seq;
                }
            }
            _ => {}
        }
    }
}

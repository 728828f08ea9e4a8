//! What is stored, as somebody reads it who comes last.

use std::collections::{BTreeMap, HashSet};

use super::finding::{Finding, Kind, find};
use crate::message::Message;

/// What is stored of each room.
#[derive(Debug, Clone, Default)]
pub struct Books(BTreeMap<String, Book>);

/// What is stored of a room.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    /// The history that this is.
    pub(crate) epoch: String,
    /// In the order in which the store gives them.
    pub(crate) messages: Vec<Message>,
}

impl Books {
    /// Adds a room with all its messages, in the order in which the store gives them.
    pub fn add(&mut self, room: &str, epoch: &str, messages: Vec<Message>) {
        self.0.insert(room.to_owned(), Book { epoch: epoch.to_owned(), messages });
    }

    /// The messages of a room; none if it is not there.
    #[must_use]
    pub fn room(&self, room: &str) -> &[Message] {
        self.0.get(room).map_or(&[], |book| &book.messages)
    }

    /// The history of a room.
    pub(super) fn epoch(&self, room: &str) -> Option<&str> {
        self.0.get(room).map(|book| book.epoch.as_str())
    }

    /// All rooms.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = (&str, &Book)> {
        self.0.iter().map(|(room, book)| (room.as_str(), book))
    }

    /// The message at a place.
    pub(super) fn at(&self, room: &str, seq: u64) -> Option<&Message> {
        let messages = self.room(room);
        messages.binary_search_by_key(&seq, |message| message.seq).ok().map(|at| &messages[at])
    }

    /// The last seq of a room, 0 for none.
    pub(super) fn head(&self, room: &str) -> u64 {
        self.room(room).last().map_or(0, |message| message.seq)
    }

    /// Whether they are in order by themselves: seqs 1, 2, 3 …, no request twice.
    pub(super) fn check(&self, findings: &mut Vec<Finding>) {
        for (room, Book { messages, .. }) in self.rooms() {
            for (message, expected) in messages.iter().zip(1..) {
                if message.seq != expected {
                    let what = format!("{room} holds seq {} where {expected} belongs", message.seq);
                    find(findings, Kind::Hole, what);
                    break;
                }
            }
            let mut known = HashSet::new();
            for message in messages {
                if !known.insert((&message.user, &message.id)) {
                    let what =
                        format!("{room} holds {} of {} again as {}", message.id, message.user, message.seq);
                    find(findings, Kind::Doubled, what);
                }
            }
        }
    }
}

//! A message that somebody wants to have said: what is known of it, and whether that is true.

use std::collections::BTreeMap;

use chat::{RequestId, RoomId, UserId};

use super::store::{REFUSED, Store};

/// A message that it wants to have said, and what it knows of it.
pub(super) struct Saying {
    pub(super) room: RoomId,
    pub(super) id: RequestId,
    body: &'static str,
    tries: u32,
    pub(super) fate: Known,
    /// Where it stood when it was first acknowledged: the history and the position.
    places: Vec<(u32, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// An answer is to come.
    Waiting,
    /// Nobody knows.
    Nothing,
    Stored,
    /// It certainly does not stand there.
    Refused,
}

impl Saying {
    pub(super) fn new(room: RoomId, id: RequestId, refused: bool) -> Self {
        let body = if refused { REFUSED } else { "hi" };
        Self { room, id, body, tries: 0, fate: Known::Nothing, places: Vec::new() }
    }

    /// The frame in which it is said, once more or for the first time.
    pub(super) fn say(&mut self, number: u64) -> String {
        self.tries += 1;
        if self.fate == Known::Nothing {
            self.fate = Known::Waiting;
        }
        let (room, id, body) = (self.room.as_str(), self.id.as_str(), self.body);
        format!(r#"{{"type":"send","ref":{number},"room":"{room}","id":"{id}","body":"{body}"}}"#)
    }

    /// It was acknowledged: then it stands there, in one of the histories.
    pub(super) fn acknowledge(&mut self, user: &UserId, seq: u64, store: &Store) {
        let places: Vec<_> =
            store.epochs_with(&self.room, user, &self.id, seq).map(|epoch| (epoch, seq)).collect();
        assert!(!places.is_empty(), "{:?} was acknowledged as {seq}, and is not there", self.id);
        if self.fate != Known::Stored {
            (self.fate, self.places) = (Known::Stored, places);
        }
    }

    /// It was refused. If it was said before, nobody knows what became of that, unless it is refused for ever.
    pub(super) fn refuse(&mut self, code: &str) {
        let for_sure = code != "unavailable" && (self.tries == 1 || self.body == REFUSED);
        if self.fate == Known::Waiting {
            self.fate = if for_sure { Known::Refused } else { Known::Nothing };
        }
    }

    /// No answer will come any more.
    pub(super) fn lose(&mut self) {
        if self.fate == Known::Waiting {
            self.fate = Known::Nothing;
        }
    }

    /// Checks what is known in the end against what is stored. `last` is the last position of this sender in each
    /// history: its sends stand in their order.
    pub(super) fn check(&self, user: &UserId, store: &Store, last: &mut BTreeMap<(RoomId, u32), u64>) {
        match self.fate {
            Known::Waiting | Known::Nothing => panic!("the fate of {:?} is not known", self.id),
            Known::Refused => {
                assert!(!store.knows(&self.room, user, &self.id), "{:?} was refused and is there", self.id);
            }
            Known::Stored => {}
        }
        for (epoch, seq) in &self.places {
            let before = last.insert((self.room.clone(), *epoch), *seq);
            assert!(
                before < Some(*seq),
                "{:?} stands at {seq}, behind {before:?} of what was sent before",
                self.id
            );
        }
    }
}

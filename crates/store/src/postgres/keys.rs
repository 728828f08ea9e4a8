//! The keys of rooms that were appended to lately, so that a batch does not look each of them up by name.
//!
//! Owned by the store; bounded; forgotten as a whole, half at a time, by age. A key is a room's incarnation and
//! is never used again, so what is remembered is either right or names a room that is gone; the statement that
//! appends finds that out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chat::RoomId;

/// How many keys a generation holds. Two generations of 128-byte names are 30 MB.
const GENERATION: usize = 65_536;

#[derive(Default)]
pub(super) struct Keys(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<RoomId, i64>,
    old: HashMap<RoomId, i64>,
}

impl Keys {
    /// The keys of these rooms, where they are known.
    pub(super) fn of(&self, rooms: &[&RoomId]) -> Vec<Option<i64>> {
        let mut generations = self.lock();
        rooms.iter().map(|room| generations.get(room)).collect()
    }

    pub(super) fn remember(&self, room: &RoomId, key: i64) {
        self.lock().insert(room.clone(), key);
    }

    pub(super) fn forget(&self, room: &RoomId) {
        let mut generations = self.lock();
        generations.young.remove(room);
        generations.old.remove(room);
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        // Nothing panics while it holds this; were it poisoned, the maps would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn get(&mut self, room: &RoomId) -> Option<i64> {
        if let Some(key) = self.young.get(room) {
            return Some(*key);
        }
        let key = *self.old.get(room)?;
        self.insert(room.clone(), key);
        Some(key)
    }

    fn insert(&mut self, room: RoomId, key: i64) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(room, key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(n: usize) -> RoomId {
        RoomId::parse(&format!("r-{n}")).unwrap()
    }

    #[test]
    fn what_is_used_stays_and_the_rest_is_forgotten_in_time() {
        let keys = Keys::default();
        for n in 0..GENERATION * 4 {
            keys.remember(&room(n), 1);
            assert_eq!(keys.of(&[&room(0)]), [Some(1)], "used all the time");
        }
        assert_eq!(keys.of(&[&room(1)]), [None]);
        let generations = keys.lock();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
    }

    #[test]
    fn a_key_that_turned_out_wrong_is_forgotten() {
        let keys = Keys::default();
        keys.remember(&room(1), 7);
        keys.forget(&room(1));
        assert_eq!(keys.of(&[&room(1), &room(2)]), [None, None]);
    }
}

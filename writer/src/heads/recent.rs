//! What this writer has committed since it last announced it.
//!
//! Filled by the committer, emptied by the announcer. Bounded by a number of rooms: what does not fit is
//! found by the scan of the store, only later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat::{RoomHead, RoomId};

const ROOMS_MAX: usize = 100_000;

/// The heads of rooms, the furthest of each. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecentHeads(Arc<Mutex<HashMap<RoomId, RoomHead>>>);

impl RecentHeads {
    pub(crate) fn put(&self, heads: impl IntoIterator<Item = RoomHead>) {
        let mut rooms = self.lock();
        for head in heads {
            let full = rooms.len() >= ROOMS_MAX;
            match rooms.get_mut(&head.room) {
                // A room that was deleted and made again counts from the start: the later commit is right.
                Some(known) if known.epoch != head.epoch || known.seq < head.seq => *known = head,
                Some(_) => {}
                None if full => {}
                None => {
                    rooms.insert(head.room.clone(), head);
                }
            }
        }
    }

    /// All of them; none is left.
    pub(crate) fn take(&self) -> Vec<RoomHead> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }

    /// Heads that were taken and could not be announced. What was put since is newer.
    pub(crate) fn put_back(&self, heads: Vec<RoomHead>) {
        let newer = self.take();
        self.put(heads);
        self.put(newer);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RoomId, RoomHead>> {
        // No code that holds the lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chat::{Epoch, Seq};

    use super::*;

    fn head(room: &str, epoch: &str, seq: u64) -> RoomHead {
        RoomHead {
            room: RoomId::parse(room).unwrap(),
            epoch: Epoch::parse(epoch).unwrap(),
            seq: Seq::new(seq).unwrap(),
        }
    }

    #[test]
    fn the_furthest_head_of_the_latest_history_is_kept() {
        let recent = RecentHeads::default();
        recent.put([head("a", "e.1", 7), head("a", "e.1", 5)]);
        assert_eq!(recent.take(), [head("a", "e.1", 7)]);
        assert_eq!(recent.take(), []);
        recent.put([head("a", "e.1", 7), head("a", "e.2", 1)]);
        assert_eq!(recent.take(), [head("a", "e.2", 1)]);
    }

    #[test]
    fn what_could_not_be_announced_does_not_hide_what_came_since() {
        let recent = RecentHeads::default();
        recent.put([head("a", "e.1", 7), head("b", "e.1", 1)]);
        let taken = recent.take();
        recent.put([head("a", "e.1", 9)]);
        recent.put_back(taken);
        let mut heads = recent.take();
        heads.sort_by(|one, other| one.room.cmp(&other.room));
        assert_eq!(heads, [head("a", "e.1", 9), head("b", "e.1", 1)]);
    }

    #[test]
    fn the_number_of_rooms_is_bounded() {
        let recent = RecentHeads::default();
        recent.put((0..ROOMS_MAX + 10).map(|n| head(&format!("r{n}"), "e.1", 1)));
        recent.put([head("r0", "e.1", 2)]);
        let heads = recent.take();
        assert_eq!(heads.len(), ROOMS_MAX);
        assert!(heads.contains(&head("r0", "e.1", 2)));
    }
}

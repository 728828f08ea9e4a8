//! When which room needs a look. A room may stand here several times; the one who takes it out checks whether
//! there is still something to do.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chat::RoomId;
use tokio::time::Instant;

/// Rooms by the time at which to look at them.
#[derive(Debug, Default)]
pub(crate) struct Due(BinaryHeap<Reverse<(Instant, RoomId)>>);

impl Due {
    pub(crate) fn at(&mut self, when: Instant, room: &RoomId) {
        self.0.push(Reverse((when, room.clone())));
    }

    /// When the next look is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((when, _))| *when)
    }

    /// The next room whose time has come.
    pub(crate) fn take(&mut self, now: Instant) -> Option<RoomId> {
        if self.next()? > now {
            return None;
        }
        self.0.pop().map(|Reverse((_, room))| room)
    }
}

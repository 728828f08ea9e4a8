//! When what needs a look: a room, say. The same may stand here several times; the one who takes it out checks whether
//! there is still something to do.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chat::RoomId;
use tokio::time::Instant;

/// Things by the time at which to look at them.
#[derive(Debug)]
pub(crate) struct Due<T = RoomId>(BinaryHeap<Reverse<(Instant, T)>>);

impl<T: Ord> Default for Due<T> {
    fn default() -> Self {
        Self(BinaryHeap::new())
    }
}

impl<T: Ord + Clone> Due<T> {
    pub(crate) fn at(&mut self, when: Instant, what: &T) {
        self.0.push(Reverse((when, what.clone())));
    }

    /// When the next look is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((when, _))| *when)
    }

    /// The next one whose time has come.
    pub(crate) fn take(&mut self, now: Instant) -> Option<T> {
        if self.next()? > now {
            return None;
        }
        self.0.pop().map(|Reverse((_, what))| what)
    }
}

//! A person's turn to join rooms: everybody together has only so many joins under way.
//!
//! Owned by the conversation. Bound: a place in the queue, or a turn. Dropping it gives back either.

use std::future::poll_fn;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::PollSemaphore;

/// A person's turn to join rooms, or its place in the queue for it.
pub(super) struct Turn {
    queue: PollSemaphore,
    /// How many joins may be under way at once.
    at_once: u32,
    taken: Option<OwnedSemaphorePermit>,
}

impl Turn {
    /// No turn yet. Of so many joins `at_once`, `free` are left.
    pub(super) fn new(free: Arc<Semaphore>, at_once: u32) -> Self {
        Self { queue: PollSemaphore::new(free), at_once, taken: None }
    }

    pub(super) const fn is_taken(&self) -> bool {
        self.taken.is_some()
    }

    /// Waits until so many joins may begin, or as many as may be under way at once; the first who comes is the first
    /// who may. Gives how many may.
    ///
    /// Cancel safe: whoever asks again for as many has kept its place.
    pub(super) async fn take(&mut self, joins: usize) -> usize {
        let joins = u32::try_from(joins).unwrap_or(u32::MAX).min(self.at_once);
        // Nobody closes the queue.
        self.taken = poll_fn(|context| self.queue.poll_acquire_many(context, joins)).await;
        joins as usize
    }

    /// Lets others have it.
    pub(super) fn give_back(&mut self) {
        self.taken = None;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn turns<const N: usize>(at_once: u32) -> [Turn; N] {
        let free = Arc::new(Semaphore::new(at_once as usize));
        std::array::from_fn(|_| Turn::new(free.clone(), at_once))
    }

    #[test]
    fn no_more_joins_are_under_way_than_may_be() {
        let [mut ana, mut ben, mut eva] = turns(5);
        assert_eq!(ana.take(3).now_or_never(), Some(3));
        assert_eq!(ben.take(3).now_or_never(), None);
        assert_eq!(eva.take(1).now_or_never(), None, "ben was first, and keeps his place");
        ana.give_back();
        assert_eq!(ben.take(3).now_or_never(), Some(3));
        assert_eq!(eva.take(1).now_or_never(), Some(1));
        assert_eq!((ana.is_taken(), ben.is_taken(), eva.is_taken()), (false, true, true));
    }

    #[test]
    fn whoever_wants_more_than_may_be_under_way_has_all_of_them() {
        let [mut ana, mut ben] = turns(5);
        assert_eq!(ana.take(100).now_or_never(), Some(5));
        assert_eq!(ben.take(1).now_or_never(), None);
    }

    #[test]
    fn who_goes_takes_neither_a_turn_nor_a_place_along() {
        let [mut ana, mut ben, mut eva] = turns(2);
        assert_eq!(ana.take(2).now_or_never(), Some(2));
        assert_eq!((ben.take(2).now_or_never(), eva.take(2).now_or_never()), (None, None));
        drop((ana, ben));
        assert_eq!(eva.take(2).now_or_never(), Some(2));
    }
}

//! The log of a room as it is told to the shards: in order, without a hole, each event once, whatever the bus
//! does. What is missing is read from the store.

use std::sync::Arc;
use std::time::Duration;

use chat::{Epoch, Event, LogPage, RoomState, Seq, Timestamp};
use tokio::time::Instant;

use super::held::Held;
use super::ring::Ring;

/// How long a hole may fill itself before it is read: writers hand over rooms, and their connections have no
/// order among each other.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long to wait after a read that failed.
const PAUSE: Duration = Duration::from_millis(500);

/// What a room's log has to tell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// These events follow what was told before; there may be none.
    Events(Vec<Arc<Event>>),
    /// The history is another one, or what follows is gone: everybody starts again from the new state.
    Restart,
}

/// One room's log. Owned by the switchboard.
#[derive(Debug)]
pub(crate) struct RoomLog {
    /// Where the room stands; `state.seq` is the last event that was told.
    state: RoomState,
    /// The highest position that is known to exist in this epoch.
    known: Seq,
    /// Another epoch was heard of. Only a read decides whether it is a newer one.
    doubted: bool,
    /// What was heard since the last read was begun.
    news: News,
    /// When to read what is missing, if something is.
    read_at: Option<Instant>,
    ring: Ring,
    held: Held,
}

/// What a read cannot know of that is under way: it may have looked at the store before. Without this a note that
/// comes during a read would be forgotten with its end, and what it announced be missing until somebody speaks.
#[derive(Debug, Default)]
struct News {
    /// The highest position.
    known: Seq,
    /// Another epoch.
    doubted: bool,
}

impl RoomLog {
    pub(crate) fn new(state: RoomState, ring_bytes: usize) -> Self {
        Self {
            known: state.seq,
            state,
            doubted: false,
            news: News::default(),
            read_at: None,
            ring: Ring::new(ring_bytes),
            held: Held::default(),
        }
    }

    /// Where the room stands, as far as it was told.
    pub(crate) fn state(&self) -> &RoomState {
        &self.state
    }

    /// When what is missing should be read, if something is.
    pub(crate) fn read_at(&self) -> Option<Instant> {
        self.read_at
    }

    /// Takes events from the bus: in any order, any number of times.
    pub(crate) fn hear(&mut self, epoch: &Epoch, events: Vec<Event>, now: Instant) -> Vec<Arc<Event>> {
        let Some(last) = events.iter().map(|event| event.seq).max() else { return Vec::new() };
        self.note(epoch, last);
        if *epoch != self.state.epoch {
            self.settle(now);
            return Vec::new();
        }
        let mut told = Vec::with_capacity(events.len());
        for event in events {
            self.take(Arc::new(event), &mut told);
        }
        self.settle(now);
        told
    }

    /// Takes an announced head.
    pub(crate) fn hear_head(&mut self, epoch: &Epoch, head: Seq, now: Instant) {
        self.note(epoch, head);
        self.settle(now);
    }

    /// A read of the room is being sent off: what is heard from now on may be newer than its page.
    pub(crate) fn begin_read(&mut self) {
        self.news = News::default();
    }

    /// Takes what was read after [`RoomState::seq`]. What a read says is true, as of [`Self::begin_read`].
    pub(crate) fn read(&mut self, page: LogPage, now: Instant) -> Progress {
        let gone = page.first_seq > self.state.seq.next() && page.head > self.state.seq;
        if page.epoch != self.state.epoch || gone {
            self.restart(page, now);
            return Progress::Restart;
        }
        self.state.first_seq = page.first_seq;
        self.doubted = self.news.doubted;
        self.read_at = None;
        // A head that the store does not know (any more) must not be asked for for ever.
        self.known = page.head.max(self.state.seq).max(self.news.known);
        let (before, head) = (self.state.seq, page.head);
        let mut told = Vec::with_capacity(page.events.len());
        for event in page.events {
            self.take(Arc::new(event), &mut told);
        }
        self.settle(now);
        if before < self.state.seq && self.state.seq < head {
            self.read_at = Some(now);
        }
        Progress::Events(told)
    }

    /// A read of what is missing failed: it is tried again a little later.
    pub(crate) fn read_failed(&mut self, now: Instant) {
        self.read_at = Some(now + PAUSE);
    }

    /// Recent events after a position, if they are still at hand.
    pub(crate) fn recent(&self, after: Seq, count: usize, bytes: usize) -> Option<Vec<Arc<Event>>> {
        self.ring.after(after, count, bytes)
    }

    /// The position before the first event since a moment, if what is at hand tells it.
    pub(crate) fn before(&self, at: Timestamp) -> Option<Seq> {
        self.ring.before(at, self.state.first_seq)
    }

    /// Keeps a page of this epoch that was read for somebody, if it reaches up to what is at hand: of many who come
    /// back one after the other, the first one's read serves all. `first_seq` is the first that was there then: whoever
    /// comes with a position before it hears that something is gone, and is not let in to find that out again.
    pub(crate) fn keep(&mut self, first_seq: Seq, page: &[Arc<Event>]) {
        self.state.first_seq = self.state.first_seq.max(first_seq);
        self.ring.extend_back(page, self.state.seq);
    }

    /// Notes that there is an epoch with a position.
    fn note(&mut self, epoch: &Epoch, position: Seq) {
        if *epoch == self.state.epoch {
            self.known = self.known.max(position);
            self.news.known = self.news.known.max(position);
        } else {
            self.doubted = true;
            self.news.doubted = true;
        }
    }

    fn take(&mut self, event: Arc<Event>, told: &mut Vec<Arc<Event>>) {
        if event.seq > self.state.seq.next() {
            self.held.hold(event);
            return;
        }
        if event.seq <= self.state.seq {
            return;
        }
        let mut next = Some(event);
        while let Some(event) = next {
            self.state.seq = event.seq;
            self.ring.push(Arc::clone(&event));
            told.push(event);
            next = self.held.take(self.state.seq.next());
        }
    }

    /// Plans a read if something is missing or in doubt, and none if not.
    fn settle(&mut self, now: Instant) {
        if self.known > self.state.seq || self.doubted {
            self.read_at.get_or_insert(now + PATIENCE);
        } else {
            self.read_at = None;
        }
    }

    fn restart(&mut self, page: LogPage, now: Instant) {
        let known = if page.epoch == self.state.epoch { self.news.known } else { Seq::ZERO };
        self.state.epoch = page.epoch;
        self.state.first_seq = page.first_seq;
        self.state.seq = page.head;
        self.known = known.max(page.head);
        self.doubted = self.news.doubted;
        self.read_at = None;
        self.ring.clear();
        self.held.clear();
        self.settle(now);
    }
}

#[cfg(test)]
pub(super) mod tests;

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
pub(super) mod tests {
    use super::*;
    use chat::{Body, EventKind, RequestId, RoomId, RoomKind, User};
    use proptest::prelude::*;

    fn event(seq: u64, kind: EventKind) -> Event {
        Event {
            room: RoomId::parse("r").unwrap(),
            seq: Seq::new(seq).unwrap(),
            id: RequestId::parse(&format!("id-{seq}")).unwrap(),
            by: User::parse("ana", None).unwrap(),
            at: Timestamp::from_micros(0),
            kind,
            except: None,
        }
    }

    pub(in crate::room) fn message(seq: u64) -> Event {
        event(seq, EventKind::Message { body: Some(Body::trusted("hi")), reply_to: None })
    }

    pub(in crate::room) fn deleted(seq: u64, target: u64) -> Event {
        event(seq, EventKind::Deleted { target: Seq::new(target).unwrap() })
    }

    fn epoch(name: &str) -> Epoch {
        Epoch::parse(name).unwrap()
    }

    fn seq(n: u64) -> Seq {
        Seq::new(n).unwrap()
    }

    fn log_at(last: u64) -> RoomLog {
        let state =
            RoomState { kind: RoomKind::Public, epoch: epoch("e.1"), first_seq: seq(1), seq: seq(last) };
        RoomLog::new(state, 10_000)
    }

    fn page(epoch_name: &str, head: u64, events: impl IntoIterator<Item = u64>) -> LogPage {
        LogPage {
            epoch: epoch(epoch_name),
            first_seq: seq(1),
            head: seq(head),
            events: events.into_iter().map(message).collect(),
        }
    }

    fn seqs(told: &[Arc<Event>]) -> Vec<u64> {
        told.iter().map(|e| e.seq.get()).collect()
    }

    /// A read that looks at the store now, and is back at once.
    fn read(log: &mut RoomLog, page: LogPage, now: Instant) -> Progress {
        log.begin_read();
        log.read(page, now)
    }

    #[test]
    fn what_follows_is_told_and_what_was_told_is_not_told_again() {
        let (mut log, now) = (log_at(4), Instant::now());
        assert_eq!(seqs(&log.hear(&epoch("e.1"), vec![message(5), message(6)], now)), [5, 6]);
        assert_eq!(seqs(&log.hear(&epoch("e.1"), vec![message(5), message(6)], now)), [0; 0]);
        assert_eq!(log.read_at(), None);
    }

    #[test]
    fn what_came_early_is_held_and_told_in_order() {
        let (mut log, now) = (log_at(4), Instant::now());
        assert_eq!(seqs(&log.hear(&epoch("e.1"), vec![message(7), message(6)], now)), [0; 0]);
        assert_eq!(log.read_at(), Some(now + PATIENCE));
        assert_eq!(seqs(&log.hear(&epoch("e.1"), vec![message(5)], now)), [5, 6, 7]);
        assert_eq!(log.read_at(), None);
    }

    #[test]
    fn a_hole_that_stays_is_read() {
        let (mut log, now) = (log_at(4), Instant::now());
        log.hear(&epoch("e.1"), vec![message(7)], now);
        let Progress::Events(told) = read(&mut log, page("e.1", 7, [5, 6]), now) else { panic!("restarted") };
        assert_eq!(seqs(&told), [5, 6, 7]);
        assert_eq!(log.read_at(), None);
    }

    #[test]
    fn a_long_hole_is_read_page_after_page_without_a_pause() {
        let (mut log, now) = (log_at(0), Instant::now());
        log.hear_head(&epoch("e.1"), seq(5), now);
        read(&mut log, page("e.1", 5, [1, 2]), now);
        assert_eq!(log.read_at(), Some(now));
        read(&mut log, page("e.1", 5, [3, 4, 5]), now);
        assert_eq!(log.read_at(), None);
    }

    #[test]
    fn an_announced_head_finds_the_lost_last_message() {
        let (mut log, now) = (log_at(4), Instant::now());
        log.hear_head(&epoch("e.1"), seq(4), now);
        assert_eq!(log.read_at(), None);
        log.hear_head(&epoch("e.1"), seq(5), now);
        assert_eq!(log.read_at(), Some(now + PATIENCE));
    }

    #[test]
    fn a_head_that_the_store_does_not_know_is_not_asked_for_for_ever() {
        let (mut log, now) = (log_at(4), Instant::now());
        log.hear_head(&epoch("e.1"), seq(9), now);
        assert_eq!(read(&mut log, page("e.1", 4, []), now), Progress::Events(vec![]));
        assert_eq!(log.read_at(), None);
    }

    #[test]
    fn what_is_heard_during_a_read_outlives_it() {
        let (mut log, now) = (log_at(4), Instant::now());
        log.hear_head(&epoch("e.1"), seq(6), now);
        log.begin_read();
        log.hear(&epoch("e.1"), vec![message(8)], now);
        let Progress::Events(told) = log.read(page("e.1", 6, [5, 6]), now) else { panic!("restarted") };
        assert_eq!(seqs(&told), [5, 6]);
        assert_eq!(log.read_at(), Some(now + PATIENCE), "8 was heard, and 7 is missing");
        log.begin_read();
        log.hear_head(&epoch("e.2"), seq(1), now);
        log.read(page("e.1", 8, [7, 8]), now);
        assert_eq!(
            log.read_at(),
            Some(now + PATIENCE),
            "there is another epoch, of which that read knew nothing"
        );
    }

    #[test]
    fn another_epoch_counts_only_when_a_read_says_so() {
        let (mut log, now) = (log_at(4), Instant::now());
        assert_eq!(log.hear(&epoch("e.0"), vec![message(5)], now), vec![]);
        assert_eq!(read(&mut log, page("e.1", 4, []), now), Progress::Events(vec![]));
        assert_eq!(log.read_at(), None, "an old writer's echo changes nothing");
        log.hear_head(&epoch("e.2"), seq(2), now);
        assert_eq!(read(&mut log, page("e.2", 2, []), now), Progress::Restart);
        assert_eq!((log.state().seq, log.state().epoch.as_str()), (seq(2), "e.2"));
        assert_eq!(log.recent(seq(1), 9, 999), None, "the ring of the other history is gone");
    }

    #[test]
    fn what_a_page_says_to_be_gone_is_not_promised_any_more() {
        let mut log = log_at(9);
        log.keep(seq(5), &[Arc::new(message(5))]);
        assert_eq!((log.state().first_seq, log.state().seq), (seq(5), seq(9)));
        log.keep(seq(4), &[]);
        assert_eq!(log.state().first_seq, seq(5), "an older page knows less");
    }

    #[test]
    fn what_retention_has_removed_restarts_the_room() {
        let (mut log, now) = (log_at(4), Instant::now());
        log.hear_head(&epoch("e.1"), seq(9), now);
        let gone = LogPage { first_seq: seq(8), ..page("e.1", 9, [8, 9]) };
        assert_eq!(read(&mut log, gone, now), Progress::Restart);
        assert_eq!(log.state().seq, seq(9));
    }

    proptest! {
        /// Whatever is lost, doubled or swapped on the bus: with reads when they are due, everything is told
        /// once, in order, without a hole.
        #[test]
        fn the_log_is_whole_whatever_the_bus_does(
            heard in prop::collection::vec((1u64..40, 0u64..40, any::<bool>()), 0..80),
            page_size in 1usize..7,
        ) {
            let (mut log, mut now) = (log_at(0), Instant::now());
            let mut told = Vec::new();
            let mut head = 0;
            for (from, announced, wait) in heard {
                head = head.max(from + 2).max(announced);
                told.extend(seqs(&log.hear(&epoch("e.1"), (from..from + 3).map(message).collect(), now)));
                log.hear_head(&epoch("e.1"), seq(announced), now);
                if wait {
                    now += PATIENCE;
                }
                while log.read_at().is_some_and(|at| at <= now) {
                    let after = log.state().seq.get();
                    let next = page("e.1", head, (after + 1..=head).take(page_size));
                    let Progress::Events(more) = read(&mut log, next, now) else { panic!("restarted") };
                    told.extend(seqs(&more));
                }
            }
            now += PATIENCE;
            while log.read_at().is_some_and(|at| at <= now) {
                let after = log.state().seq.get();
                let Progress::Events(more) = read(&mut log, page("e.1", head, (after + 1..=head).take(page_size)), now)
                    else { panic!("restarted") };
                told.extend(seqs(&more));
            }
            prop_assert_eq!(told, (1..=head).collect::<Vec<_>>());
        }
    }
}

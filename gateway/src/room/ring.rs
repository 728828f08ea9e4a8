//! The recent events of a room, for those who come back after a moment. Owned by the room's log, bounded in
//! bytes, gone with it.

use std::collections::VecDeque;
use std::sync::Arc;

use chat::{Event, EventKind, Seq, Timestamp};

/// A run of events without a hole that ends at the room's last event.
#[derive(Debug)]
pub(super) struct Ring {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    bytes_max: usize,
}

impl Ring {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { events: VecDeque::new(), bytes: 0, bytes_max }
    }

    /// Takes the event that follows the last one; the oldest make room for it.
    pub(super) fn push(&mut self, event: Arc<Event>) {
        if let EventKind::Deleted { target } = event.kind {
            self.scrub(target);
        }
        self.bytes += event.weight();
        self.events.push_back(event);
        while self.bytes > self.bytes_max {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.weight());
        }
    }

    /// Takes the end of a page that reaches up to the ring, or to `last` while the ring is empty; newest first and as
    /// far as there is room, for nothing makes room for what is older.
    pub(super) fn extend_back(&mut self, page: &[Arc<Event>], last: Seq) {
        for event in page.iter().rev() {
            let next = self.events.front().map_or(last.next(), |first| first.seq);
            if event.seq >= next {
                continue;
            }
            if event.seq.next() != next || self.bytes + event.weight() > self.bytes_max {
                break;
            }
            self.bytes += event.weight();
            self.events.push_front(Arc::clone(event));
        }
        // The page may have been read before something in it was deleted; that deletion stands behind it.
        let deletion = |event: &Arc<Event>| match event.kind {
            EventKind::Deleted { target } => Some(target),
            _ => None,
        };
        for target in self.events.iter().filter_map(deletion).collect::<Vec<_>>() {
            self.scrub(target);
        }
    }

    /// The events after a position, if the ring reaches back that far: at least one, at most `count` and
    /// about `bytes_max` bytes. `None` if it does not, or if there is nothing after the position.
    pub(super) fn after(&self, after: Seq, count: usize, bytes_max: usize) -> Option<Vec<Arc<Event>>> {
        let first = self.events.front()?.seq;
        let skip = usize::try_from(after.next().get().checked_sub(first.get())?).ok()?;
        let mut bytes = 0;
        let page: Vec<_> = self
            .events
            .iter()
            .skip(skip)
            .take(count)
            .take_while(|event| {
                let fits = bytes == 0 || bytes + event.weight() <= bytes_max;
                bytes += event.weight();
                fits
            })
            .cloned()
            .collect();
        (!page.is_empty()).then_some(page)
    }

    /// The position before the first event since a moment; `None` if that may be one before those that are here.
    /// `first_seq` is the first that there is at all. Clocks differ, so what stands behind it may be older.
    pub(super) fn before(&self, at: Timestamp, first_seq: Seq) -> Option<Seq> {
        let (oldest, newest) = (self.events.front()?, self.events.back()?);
        let reaches_back = oldest.at < at || oldest.seq <= first_seq;
        let first = self.events.iter().find(|event| event.at >= at);
        reaches_back.then(|| first.map_or(newest.seq, |event| event.seq.back(1)))
    }

    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.bytes = 0;
    }

    /// A deleted text is gone from here too: whoever comes back is not shown it any more.
    fn scrub(&mut self, target: Seq) {
        for event in &mut self.events {
            let before = event.weight();
            let hit = event.seq == target || event.kind.target() == Some(target);
            if !hit {
                continue;
            }
            match &mut Arc::make_mut(event).kind {
                EventKind::Message { body, .. } | EventKind::Edited { body, .. } => *body = None,
                EventKind::Deleted { .. } | EventKind::Unknown => {}
            }
            self.bytes = self.bytes.saturating_sub(before - event.weight());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::log::tests::{deleted, message};

    fn seqs(page: &[Arc<Event>]) -> Vec<u64> {
        page.iter().map(|e| e.seq.get()).collect()
    }

    #[test]
    fn a_moment_is_found_only_as_far_as_it_reaches_back() {
        let (mut ring, moment) = (Ring::new(usize::MAX), Timestamp::from_micros);
        let before = |ring: &Ring, at, first| ring.before(moment(at), Seq::new(first).unwrap()).map(Seq::get);
        assert_eq!(before(&ring, 0, 1), None, "nothing is here");
        for seq in 5..9 {
            ring.push(Arc::new(Event { at: moment(10 * i64::try_from(seq).unwrap()), ..message(seq) }));
        }
        assert_eq!(before(&ring, 81, 1), Some(8), "nothing since");
        assert_eq!((before(&ring, 70, 1), before(&ring, 51, 1)), (Some(6), Some(5)));
        assert_eq!((before(&ring, 50, 1), before(&ring, 0, 4)), (None, None), "what is before 5?");
        assert_eq!((before(&ring, 50, 5), before(&ring, 0, 5)), (Some(4), Some(4)), "nothing is before 5");
        ring.push(Arc::new(Event { at: moment(60), ..message(9) }));
        assert_eq!(before(&ring, 70, 1), Some(6), "a clock that is late hides nothing");
    }

    #[test]
    fn it_answers_only_as_far_as_it_reaches_back() {
        let mut ring = Ring::new(usize::MAX);
        for seq in 5..9 {
            ring.push(Arc::new(message(seq)));
        }
        assert_eq!(ring.after(Seq::new(3).unwrap(), 9, 9999), None);
        assert_eq!(seqs(&ring.after(Seq::new(4).unwrap(), 2, 9999).unwrap()), [5, 6]);
        assert_eq!(ring.after(Seq::new(8).unwrap(), 9, 9999), None);
        assert_eq!(seqs(&ring.after(Seq::new(4).unwrap(), 9, 1).unwrap()), [5], "at least one");
    }

    #[test]
    fn it_forgets_the_oldest_beyond_its_bytes() {
        let mut ring = Ring::new(message(1).weight() * 2);
        for seq in 1..=3 {
            ring.push(Arc::new(message(seq)));
        }
        assert_eq!(ring.after(Seq::ZERO, 9, 9999), None);
        assert_eq!(seqs(&ring.after(Seq::new(1).unwrap(), 9, 9999).unwrap()), [2, 3]);
    }

    #[test]
    fn a_page_that_reaches_up_to_it_is_kept_as_far_as_there_is_room() {
        let page =
            |range: std::ops::RangeInclusive<u64>| range.map(|n| Arc::new(message(n))).collect::<Vec<_>>();
        let all = |ring: &Ring| ring.events.iter().map(|event| event.seq.get()).collect::<Vec<_>>();
        let last = Seq::new(8).unwrap();
        let mut ring = Ring::new(message(1).weight() * 6);
        ring.extend_back(&page(3..=6), last);
        assert_eq!(all(&ring), [0; 0], "7 and 8 would be missing");
        ring.extend_back(&page(6..=9), last);
        assert_eq!(all(&ring), [6, 7, 8], "9 was not told yet");
        ring.extend_back(&page(1..=4), last);
        assert_eq!(all(&ring), [6, 7, 8], "5 would be missing");
        ring.extend_back(&page(1..=7), last);
        assert_eq!(all(&ring), [3, 4, 5, 6, 7, 8]);
        ring.push(Arc::new(message(9)));
        assert_eq!(all(&ring), [4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn what_was_deleted_since_a_page_was_read_is_gone_from_it() {
        let mut ring = Ring::new(usize::MAX);
        ring.push(Arc::new(deleted(2, 1)));
        ring.extend_back(&[Arc::new(message(1))], Seq::new(2).unwrap());
        let page = ring.after(Seq::ZERO, 9, 9999).unwrap();
        assert!(matches!(page[0].kind, EventKind::Message { body: None, .. }));
    }

    #[test]
    fn a_deleted_text_is_gone() {
        let mut ring = Ring::new(usize::MAX);
        ring.push(Arc::new(message(1)));
        ring.push(Arc::new(deleted(2, 1)));
        let page = ring.after(Seq::ZERO, 9, 9999).unwrap();
        assert!(matches!(page[0].kind, EventKind::Message { body: None, .. }));
    }
}

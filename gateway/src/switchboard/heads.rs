//! Asking again where all rooms stand, after notes may have been lost: in chunks, one request at a time.

use std::time::Duration;

use chat::RoomId;
use tokio::time::Instant;

/// The rooms whose heads are to be asked for. Owned by the operator; at most as long as its rooms.
#[derive(Debug, Default)]
pub(super) struct Recheck {
    rooms: Vec<RoomId>,
    under_way: Vec<RoomId>,
    /// Not to be asked before, after a request that failed.
    not_before: Option<Instant>,
}

/// How many rooms one request names.
const CHUNK: usize = 500;
/// How long to wait after a request that failed: writers whose store is away say so at once.
const PAUSE: Duration = Duration::from_millis(500);

impl Recheck {
    /// Starts over with all rooms, in an order that hangs on their names alone.
    pub(super) fn all(&mut self, rooms: impl Iterator<Item = RoomId>) {
        self.rooms = rooms.collect();
        self.rooms.sort_unstable();
    }

    /// The next rooms to ask for, if no request is under way and none has just failed.
    pub(super) fn start(&mut self, now: Instant) -> Option<Vec<RoomId>> {
        let rests = self.not_before.is_some_and(|then| now < then);
        if rests || !self.under_way.is_empty() || self.rooms.is_empty() {
            return None;
        }
        let rest = self.rooms.len().saturating_sub(CHUNK);
        self.under_way = self.rooms.split_off(rest);
        Some(self.under_way.clone())
    }

    /// The request came back; what failed is asked for again.
    pub(super) fn finish(&mut self, answered: bool, now: Instant) {
        let asked = std::mem::take(&mut self.under_way);
        if !answered {
            self.rooms.extend(asked);
            self.not_before = Some(now + PAUSE);
        }
    }

    /// True if nothing is left to be asked for.
    pub(super) fn is_done(&self) -> bool {
        self.rooms.is_empty() && self.under_way.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_asked_for_in_chunks_until_all_are_answered() {
        let (mut recheck, now) = (Recheck::default(), Instant::now());
        recheck.all((0..700).map(|n| RoomId::parse(&format!("r{n}")).unwrap()));
        assert_eq!(recheck.start(now).unwrap().len(), 500);
        assert_eq!(recheck.start(now), None, "one request at a time");
        recheck.finish(false, now);
        assert_eq!(recheck.start(now), None, "who could not answer is not asked again at once");
        assert_eq!(recheck.start(now + PAUSE).unwrap().len(), 500);
        recheck.finish(true, now);
        assert_eq!(recheck.start(now + PAUSE).unwrap().len(), 200);
        recheck.finish(true, now);
        assert!(recheck.is_done());
    }
}

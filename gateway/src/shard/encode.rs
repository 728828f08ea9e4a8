//! Events into frames: once a group, never once a listener.

use std::sync::Arc;

use chat::{Epoch, Event, EventKind, Seq, Timestamp};
use dialect::{Alias, Dialect, Say};
use tokio::time::Instant;

use crate::connection::Frame;

/// The frames of a run of events, one behind the other, and how many events show. `None` if none does.
pub(super) fn encode(
    dialect: &'static dyn Dialect,
    alias: &Alias,
    epoch: &Epoch,
    events: &[Arc<Event>],
    scratch: &mut Vec<u8>,
) -> Option<(Frame, u64)> {
    scratch.clear();
    let mut shown = 0;
    for event in events {
        let before = scratch.len();
        let mut shows = false;
        websocket::text_into(scratch, |payload| shows = dialect.event(alias, epoch, event, payload));
        if shows {
            shown += 1;
        } else {
            scratch.truncate(before);
        }
    }
    (shown > 0).then(|| (Frame::from(scratch.as_slice()), shown))
}

/// The signs of life that were encoded last: one frame for all connections of a dialect within a second. As many as there
/// are dialects.
#[derive(Debug, Default)]
pub(super) struct LastBeats {
    beats: Vec<(&'static str, Timestamp, Option<Frame>)>,
}

impl LastBeats {
    /// The frame, if the dialect has words for it.
    pub(super) fn encode(&mut self, dialect: &'static dyn Dialect, at: Timestamp) -> Option<Frame> {
        let last = self.beats.iter_mut().find(|(name, ..)| *name == dialect.name());
        match last {
            Some((_, then, frame)) if *then == at => frame.clone(),
            Some((_, then, frame)) => {
                (*then, *frame) = (at, encode_beat(dialect, at));
                frame.clone()
            }
            None => {
                let frame = encode_beat(dialect, at);
                self.beats.push((dialect.name(), at, frame.clone()));
                frame
            }
        }
    }
}

fn encode_beat(dialect: &'static dyn Dialect, at: Timestamp) -> Option<Frame> {
    let mut spoken = false;
    let bytes = websocket::text(|payload| spoken = dialect.say(&Say::Beat { at }, payload));
    spoken.then(|| Frame::from(&bytes[..]))
}

/// The frames of the page that was encoded last: those who come back together mostly ask for the same one.
/// It is forgotten after a second, and whenever something was deleted, so that a deleted text is not shown from here.
#[derive(Debug, Default)]
pub(super) struct LastPage {
    page: Option<(Key, Option<Frame>, Instant)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Key {
    dialect: &'static str,
    alias: Alias,
    room: chat::RoomId,
    epoch: Epoch,
    first: Seq,
    last: Seq,
}

/// For how long a page is remembered.
const REMEMBERED: std::time::Duration = std::time::Duration::from_secs(1);

impl LastPage {
    /// The frames of a page that is not empty.
    pub(super) fn encode(
        &mut self,
        dialect: &'static dyn Dialect,
        alias: &Alias,
        epoch: &Epoch,
        events: &[Arc<Event>],
        scratch: &mut Vec<u8>,
    ) -> Option<Frame> {
        let (first, last) = (events.first()?, events.last()?);
        let key = Key {
            dialect: dialect.name(),
            alias: alias.clone(),
            room: first.room.clone(),
            epoch: epoch.clone(),
            first: first.seq,
            last: last.seq,
        };
        if let Some((known, frame, at)) = &self.page
            && *known == key
            && at.elapsed() < REMEMBERED
        {
            return frame.clone();
        }
        let frame = encode(dialect, alias, epoch, events, scratch).map(|(frame, _)| frame);
        self.page = Some((key, frame.clone(), Instant::now()));
        frame
    }

    /// Takes note of live events.
    pub(super) fn hear(&mut self, events: &[Arc<Event>]) {
        if events.iter().any(|event| matches!(event.kind, EventKind::Deleted { .. })) {
            self.page = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn in_a_second_a_sign_of_life_is_encoded_once_in_each_dialect() {
        let dialects = dialect::dialects(dialect::Settings::default());
        let cables =
            || dialects.iter().copied().filter(|dialect| dialect.terms().heartbeat.beat_every.is_some());
        let mut beats = LastBeats::default();
        let mut all_beat = |at| -> Vec<Frame> {
            let at = Timestamp::from_micros(at);
            cables().map(|dialect| beats.encode(dialect, at).expect("it has words for it")).collect()
        };
        let (first, again, later) = (all_beat(1_000_000), all_beat(1_000_000), all_beat(2_000_000));
        assert_eq!(first.len(), 2, "with and without what AnyCable adds");
        assert!(first.iter().zip(&again).all(|(one, other)| Rc::ptr_eq(one, other)), "encoded again");
        assert!(first.iter().zip(&later).all(|(one, other)| one != other), "each second has its own");
    }
}

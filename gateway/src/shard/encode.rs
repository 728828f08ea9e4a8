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

/// The sign of life that was encoded last: one frame for all connections of a dialect within a second.
#[derive(Debug, Default)]
pub(super) struct LastBeat {
    beat: Option<(&'static str, Timestamp, Option<Frame>)>,
}

impl LastBeat {
    /// The frame, if the dialect has words for it.
    pub(super) fn encode(&mut self, dialect: &'static dyn Dialect, at: Timestamp) -> Option<Frame> {
        if let Some((name, then, frame)) = &self.beat
            && *name == dialect.name()
            && *then == at
        {
            return frame.clone();
        }
        let mut spoken = false;
        let bytes = websocket::text(|payload| spoken = dialect.say(&Say::Beat { at }, payload));
        let frame = spoken.then(|| Frame::from(&bytes[..]));
        self.beat = Some((dialect.name(), at, frame.clone()));
        frame
    }
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

//! What is told after a commit: the new events of each room, and the heads that repeats remind of.

use std::collections::HashMap;

use bus::{RoomEvents, TraceParent};
use chat::{Draft, Event, RoomHead, RoomId};
use store::Appended;

use super::append::Fate;

/// The most memory that the events of one note take, in bytes: even where each byte of a text takes six as
/// JSON, the note fits one message of the bus.
const NOTE_BYTES_MAX: usize = 128 * 1024;

/// What is told after a commit, in this order.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Runs of events of one room, those of each room in order.
    pub(crate) events: Vec<Run>,
    /// Where what was stored before stands. It is not told again as an event: it may have been edited or
    /// deleted since. Whoever lacks it reads it.
    pub(crate) repeats: Vec<RoomHead>,
}

/// Events of one room without a hole.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) events: RoomEvents,
    /// The trace of the first of them that has one.
    pub(crate) trace: Option<TraceParent>,
    bytes: usize,
}

impl Notes {
    /// From the drafts of a batch with their fates and traces, in order.
    pub(crate) fn of<'a>(
        drafts: &'a [Draft],
        fates: &'a [Fate],
        traces: impl Iterator<Item = Option<TraceParent>>,
    ) -> Self {
        let mut notes = Self::default();
        let mut last_run: HashMap<&RoomId, usize> = HashMap::new();
        for ((draft, fate), trace) in drafts.iter().zip(fates).zip(traces) {
            let Ok(appended) = fate else { continue };
            if appended.stored.repeat {
                notes.repeats.push(head(draft, appended));
                continue;
            }
            let event = event(draft, appended);
            let run = last_run.get(&draft.room).and_then(|&run| notes.events.get_mut(run));
            match run.filter(|run| run.takes(&event, appended)) {
                Some(run) => run.push(event, trace),
                None => {
                    last_run.insert(&draft.room, notes.events.len());
                    notes.events.push(Run::new(event, appended, trace));
                }
            }
        }
        notes
    }
}

impl Run {
    fn new(event: Event, appended: &Appended, trace: Option<TraceParent>) -> Self {
        let bytes = event.weight();
        let (room, epoch) = (event.room.clone(), appended.epoch.clone());
        Self { events: RoomEvents { room, epoch, events: vec![event] }, trace, bytes }
    }

    /// True if the event follows the last one, in the same history, and there is room for it.
    fn takes(&self, event: &Event, appended: &Appended) -> bool {
        self.events.epoch == appended.epoch
            && self.events.events.last().is_some_and(|last| last.seq.next() == event.seq)
            && self.bytes + event.weight() <= NOTE_BYTES_MAX
    }

    fn push(&mut self, event: Event, trace: Option<TraceParent>) {
        self.bytes += event.weight();
        self.trace = self.trace.or(trace);
        self.events.events.push(event);
    }
}

/// Where the room stands at least, since this was stored.
pub(crate) fn head(draft: &Draft, appended: &Appended) -> RoomHead {
    RoomHead { room: draft.room.clone(), epoch: appended.epoch.clone(), seq: appended.stored.seq }
}

fn event(draft: &Draft, appended: &Appended) -> Event {
    Event {
        room: draft.room.clone(),
        seq: appended.stored.seq,
        id: draft.id.clone(),
        by: draft.by.clone(),
        at: appended.stored.at,
        kind: draft.change.clone().into_kind(),
        except: draft.except.clone(),
    }
}

//! Events that came before the ones they follow. Owned by the room's log, bounded in bytes: past the bound
//! all are dropped, for they will be read together with what is missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat::{Event, Seq};

#[derive(Debug, Default)]
pub(super) struct Held {
    events: BTreeMap<Seq, Arc<Event>>,
    bytes: usize,
}

impl Held {
    /// The most bytes that are held for one room.
    const BYTES_MAX: usize = 256 * 1024;

    pub(super) fn hold(&mut self, event: Arc<Event>) {
        self.bytes += event.weight();
        if let Some(same) = self.events.insert(event.seq, event) {
            self.bytes -= same.weight();
        }
        if self.bytes > Self::BYTES_MAX {
            self.clear();
        }
    }

    /// The event at a position, if it is held. Everything before the position is let go.
    pub(super) fn take(&mut self, seq: Seq) -> Option<Arc<Event>> {
        while let Some(first) = self.events.first_entry() {
            if *first.key() > seq {
                return None;
            }
            let event = first.remove();
            self.bytes -= event.weight();
            if event.seq == seq {
                return Some(event);
            }
        }
        None
    }

    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.bytes = 0;
    }
}

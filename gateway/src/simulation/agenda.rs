//! What is going to happen when. The one place where the order of things is decided: by the time that chance has drawn
//! for each, and within a millisecond by the order in which they were planned.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::{Answer, Asked, LocalBus, Note, ReplyTo};
use tokio::time::Instant;

use super::writers::Door;

/// Something that is going to happen.
pub(super) enum Deed {
    /// A note comes to a gateway.
    Note { bus: Arc<LocalBus>, note: Note },
    /// A request comes to a writer, after it has lain somewhere for so many milliseconds.
    Ask { bus: Arc<LocalBus>, door: Door, asked: Asked, waited: u64 },
    /// An answer comes to a gateway.
    Answer { bus: Arc<LocalBus>, to: ReplyTo, answer: Answer },
    /// A shard takes what it was told.
    Take { gateway: usize, life: u32, shard: usize },
    /// A second has passed for all shards.
    Tick,
    /// The writers announce heads.
    Announce,
    /// A resident, or a page, does something.
    Act(usize),
    /// Something bigger happens.
    Trouble,
    /// The bus of a gateway is back.
    Mend { gateway: usize, life: u32 },
    /// A dead gateway is replaced.
    Start(usize),
    /// The owner of the rooms is there again.
    OwnerBack,
}

pub(super) struct Agenda {
    start: Instant,
    deeds: BTreeMap<(u64, u64), Deed>,
    planned: u64,
}

impl Agenda {
    pub(super) fn new(start: Instant) -> Self {
        Self { start, deeds: BTreeMap::new(), planned: 0 }
    }

    /// Milliseconds since the beginning.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).expect("less than 584 million years")
    }

    pub(super) fn plan(&mut self, after: u64, deed: Deed) {
        self.planned += 1;
        self.deeds.insert((self.now() + after, self.planned), deed);
    }

    /// The moment that many milliseconds after the beginning.
    pub(super) fn moment(&self, at: u64) -> Instant {
        self.start + Duration::from_millis(at)
    }

    /// When the next thing happens.
    pub(super) fn next(&self) -> Option<u64> {
        self.deeds.keys().next().map(|(at, _)| *at)
    }

    /// Takes the next thing, if its time has come.
    pub(super) fn take(&mut self) -> Option<Deed> {
        let now = self.now();
        let due = self.deeds.first_entry().filter(|first| first.key().0 <= now)?;
        Some(due.remove())
    }

    /// Takes out what will not happen.
    pub(super) fn cancel(&mut self, which: impl Fn(&Deed) -> bool) {
        self.deeds.retain(|_, deed| !which(deed));
    }
}

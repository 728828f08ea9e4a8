//! Somebody with one subscription, as the shard and the person behind it see it.

use std::sync::Arc;

use chat::{Event, Seq};

use super::world::seq;
use crate::room::{Fed, Phase};

pub(super) struct Person {
    pub(super) phase: Phase,
    /// The epoch and the position that it came with.
    pub(super) wish: Option<(u32, u64)>,
    /// One more each time it is told that the room begins.
    pub(super) lives: Vec<Life>,
}

/// What somebody was shown since the room began for it.
pub(super) struct Life {
    pub(super) epoch: u32,
    pub(super) entered: u64,
    pub(super) seen: Vec<u64>,
}

impl Person {
    pub(super) fn new(wish: Option<(u32, u64)>) -> Self {
        Self { phase: Phase::Joining, wish, lives: Vec::new() }
    }

    /// The room begins after a position; the shard has been told of it up to `last`.
    pub(super) fn begin(&mut self, epoch: u32, start: Seq, last: Seq) {
        self.lives.push(Life { epoch, entered: start.get(), seen: Vec::new() });
        self.phase = Phase::behind(start);
        self.phase.go_live(last);
    }

    pub(super) fn hear(&mut self, event: &Event) {
        if self.phase == Phase::Live {
            self.see(event);
        }
    }

    pub(super) fn feed(&mut self, page: &[Arc<Event>], first: Seq, last: u64) {
        let mut phase = self.phase;
        match phase.feed(page, first, seq(last)) {
            Fed::Nothing => {}
            Fed::Show(events) => events.iter().for_each(|event| self.see(event)),
            Fed::Hole(start) => {
                let epoch = self.lives.last().expect("it has joined").epoch;
                self.begin(epoch, start, seq(last));
                return;
            }
        }
        phase.go_live(seq(last));
        self.phase = phase;
    }

    fn see(&mut self, event: &Event) {
        self.lives.last_mut().expect("it has joined").seen.push(event.seq.get());
    }

    /// Each life is without a hole and a double.
    pub(super) fn check(&self) {
        for life in &self.lives {
            let expected: Vec<_> = (life.entered + 1..).take(life.seen.len()).collect();
            assert_eq!(life.seen, expected);
        }
    }

    /// The last life is of this epoch, and reaches up to here.
    pub(super) fn check_end(&self, epoch: u32, head: u64) {
        assert_eq!(self.phase, Phase::Live);
        let life = self.lives.last().expect("it has joined");
        assert_eq!((life.epoch, life.entered + life.seen.len() as u64), (epoch, head));
    }
}

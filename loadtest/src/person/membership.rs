//! A person in a room.

use std::time::Instant;

use super::scene::Scene;
use crate::audit::{SenderOrder, Trail};
use crate::speech::{RoomRef, Who};

/// How many messages somebody who comes in reads of what was said before.
const HISTORY: u16 = 50;

/// A person in a room.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) room: u32,
    /// What it has seen; `None` before it has joined for the first time.
    pub(super) trail: Option<Trail>,
    pub(super) epoch: String,
    /// The order of each sender, where the dialect has no positions.
    pub(super) order: SenderOrder,
    /// Where the room stood when it joined last.
    head: u64,
    /// What was said up to here it has found on coming back from where it had gone by choice.
    pub(super) caught_up_to: u64,
    whereabouts: Whereabouts,
    /// When to ask again, after a refusal.
    pub(super) rejoin: Option<Instant>,
    /// When it asked for what was said before, if that was not answered yet.
    pub(super) history_asked: Option<Instant>,
}

/// Where it is, on the connection that it has now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whereabouts {
    /// It has not been let in yet.
    Outside,
    Inside,
    /// It has said that it leaves.
    Leaving,
    /// It has left by choice, and hears nothing any more.
    Away,
}

impl Membership {
    pub(super) fn new(room: u32) -> Self {
        Self {
            room,
            trail: None,
            epoch: String::new(),
            order: SenderOrder::default(),
            head: 0,
            caught_up_to: 0,
            whereabouts: Whereabouts::Outside,
            rejoin: None,
            history_asked: None,
        }
    }

    pub(super) fn is_inside(&self) -> bool {
        self.whereabouts == Whereabouts::Inside
    }

    /// True if it is inside and has seen all that there was when it came.
    pub(super) fn is_current(&self) -> bool {
        self.is_inside() && self.trail.as_ref().is_some_and(|trail| trail.last() >= self.head)
    }

    /// True if it has left by choice and the server has said so.
    pub(super) fn has_left(&self) -> bool {
        self.whereabouts == Whereabouts::Away
    }

    /// The connection is another one.
    pub(super) const fn disconnected(&mut self) {
        self.whereabouts = Whereabouts::Outside;
        self.rejoin = None;
        self.history_asked = None;
    }

    /// It was let in; the room stands at `seq`.
    pub(super) fn joined(&mut self, seq: u64) {
        if self.has_left() {
            self.caught_up_to = seq;
        }
        (self.whereabouts, self.head) = (Whereabouts::Inside, seq);
    }

    /// Asks for what comes from now on, or after what it has seen already.
    pub(super) fn ask_to_join(&mut self, who: &Who<'_>, scene: &mut Scene<'_>) {
        self.rejoin = None;
        let name = scene.plan.room_name(self.room);
        let after = self.trail.as_ref().map(|trail| (trail.last(), self.epoch.as_str()));
        let room = RoomRef { number: self.room, name: &name };
        scene.say(scene.plan.speech.join(who, room, after));
    }

    /// Reads what was said before.
    pub(super) fn ask_for_history(&mut self, scene: &mut Scene<'_>) {
        self.history_asked = Some(scene.now);
        scene.say(scene.plan.speech.history(&scene.plan.room_name(self.room), HISTORY));
    }

    /// Goes, for a while.
    pub(super) fn leave(&mut self, scene: &mut Scene<'_>) {
        self.whereabouts = Whereabouts::Leaving;
        scene.say(scene.plan.speech.leave(&scene.plan.room_name(self.room)));
    }

    /// It has gone.
    pub(super) const fn left(&mut self) {
        self.whereabouts = Whereabouts::Away;
    }
}

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
    entry: Entry,
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

/// How far it is with coming in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// It is in, or does not want to be.
    Idle,
    /// It asks as soon as it has its turn.
    Wanted,
    /// It was not answered yet.
    Asked,
    /// It was refused, and wants to ask again at this moment.
    Again(Instant),
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
            entry: Entry::Idle,
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

    /// True if it is to ask when it has its turn.
    pub(super) fn wants_in(&self) -> bool {
        self.entry == Entry::Wanted
    }

    /// True if it has asked and was not answered yet.
    pub(super) fn has_asked(&self) -> bool {
        self.entry == Entry::Asked
    }

    /// It is to ask when it has its turn.
    pub(super) const fn want_in(&mut self) {
        self.entry = Entry::Wanted;
    }

    /// It was refused, and is to ask again at this moment.
    pub(super) const fn refused_until(&mut self, again: Instant) {
        self.entry = Entry::Again(again);
    }

    /// Time has passed: who was refused may be to ask again.
    pub(super) fn tick(&mut self, now: Instant) {
        if matches!(self.entry, Entry::Again(at) if at <= now) {
            self.want_in();
        }
    }

    /// The connection is another one.
    pub(super) const fn disconnected(&mut self) {
        self.whereabouts = Whereabouts::Outside;
        self.entry = Entry::Idle;
        self.history_asked = None;
    }

    /// It was let in; the room stands at `seq`.
    pub(super) fn joined(&mut self, seq: u64) {
        if self.has_left() {
            self.caught_up_to = seq;
        }
        (self.whereabouts, self.head) = (Whereabouts::Inside, seq);
        self.entry = Entry::Idle;
    }

    /// Asks for what comes from now on, or after what it has seen already.
    pub(super) fn ask_to_join(&mut self, who: &Who<'_>, scene: &mut Scene<'_>) {
        self.entry = Entry::Asked;
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

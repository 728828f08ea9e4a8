//! Rooms that are not joined: before anything is done in one, it must be known what it is.
//!
//! Whoever comes meanwhile waits in the room's lane, in order. The answer comes from a join of the same room that is
//! under way, or else from a question of its own.

use chat::{Refusal, RoomId, RoomKind};

use super::Open;
use super::asks::Asked;
use super::lane::{Lane, Stage};
use super::permission::{Ruling, Wish, rule};
use crate::session::turn::Turn;
use crate::session::{Action, Read};

/// How a request gets into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It is allowed; the kind as far as it is known.
    Open(Option<RoomKind>),
    /// It waits in the lane: what the room is, is being found out already.
    Wait,
    /// It waits in the lane, and somebody has to ask.
    Ask,
}

impl Open {
    /// How a wish gets into a room.
    ///
    /// # Errors
    /// `not_allowed`.
    pub(super) fn way(&self, room: &RoomId, wish: Wish) -> Result<Way, Refusal> {
        let kind = self.subscriptions.kind(room).or_else(|| self.known.kind(room));
        let ruling = rule(self.grants.as_deref(), room, kind, wish);
        if let Ruling::Refused(refusal) = ruling {
            return Err(refusal);
        }
        // A room that is only now being made would not be there yet for what overtakes its join.
        if kind.is_none() && self.subscriptions.is_joining(room) {
            return Ok(Way::Wait);
        }
        match ruling {
            Ruling::Allowed => Ok(Way::Open(kind)),
            Ruling::HangsOnKind if self.asks.about(room) => Ok(Way::Wait),
            Ruling::HangsOnKind => Ok(Way::Ask),
            Ruling::Refused(refusal) => Err(refusal),
        }
    }

    /// The room's lane, in which a request waits that goes this way.
    pub(super) fn lane(&mut self, turn: &mut Turn<'_>, room: &RoomId, way: Way) -> &mut Lane {
        let (kind, stage) = match way {
            Way::Open(kind) => (kind, Stage::Free),
            Way::Wait => (None, Stage::Shut),
            Way::Ask => {
                self.ask_about(turn, room);
                (None, Stage::Shut)
            }
        };
        self.lanes().get_or_add(room, || Lane::new(room.clone(), kind, stage))
    }

    /// Asks what a room is, unless that is being asked already.
    pub(super) fn ask_about(&mut self, turn: &mut Turn<'_>, room: &RoomId) {
        if !self.asks.about(room) {
            let ask = self.asks.add(Asked::Room(room.clone()));
            let (room, accepted) = (room.clone(), turn.now);
            turn.voice.act(Action::Read(ask, Read::Open { room, create: false, accepted }));
        }
    }

    /// A join is gone before its answer was there. Who waited for it asks now.
    pub(super) fn ask_instead(&mut self, turn: &mut Turn<'_>, room: &RoomId) {
        let lane = self.lanes.as_mut().and_then(|lanes| lanes.get_mut(room));
        if lane.is_some_and(|lane| lane.waits_at_door()) && !self.subscriptions.is_joining(room) {
            self.ask_about(turn, room);
        }
    }

    /// Turns away who has waited at a door for too long. To be called with each tick: a door may take longer than any
    /// answer, where one join follows another before it was answered.
    pub(super) fn turn_late_away(&mut self, turn: &mut Turn<'_>) {
        if let Some(lanes) = &mut self.lanes {
            lanes.iter_mut().for_each(|lane| lane.turn_late_away(&mut turn.voice, turn.now));
        }
        self.sweep_lanes();
    }

    /// It is known what a room is, or that it cannot be known. Who waited goes in, or away; away only if no other
    /// answer is to come.
    pub(super) fn settle(&mut self, turn: &mut Turn<'_>, room: &RoomId, answer: Result<RoomKind, &Refusal>) {
        let may_still_open = self.asks.about(room) || self.subscriptions.is_joining(room);
        let Some(lane) = self.lanes.as_mut().and_then(|lanes| lanes.get_mut(room)) else { return };
        match answer {
            Ok(kind) => {
                lane.open(kind);
                for page in std::mem::take(&mut lane.pages) {
                    match rule(self.grants.as_deref(), room, Some(kind), Wish::Read) {
                        Ruling::Refused(refusal) => turn.voice.refuse(&page.mark, None, None, &refusal),
                        Ruling::Allowed | Ruling::HangsOnKind => self.read_page(turn, room, page),
                    }
                }
                self.submit(turn, room);
            }
            Err(_) if may_still_open => {}
            Err(refusal) => lane.turn_away(&mut turn.voice, refusal),
        }
    }
}

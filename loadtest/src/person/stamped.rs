//! What a person hears in a dialect without positions.
//!
//! There a message's place is its turn in the plan of its room: what is missing or comes twice is found as in the
//! other dialects. Senders overtake each other as they like, so order is told for each of them.

use std::time::Duration;

use super::membership::Membership;
use super::scene::{Rejected, Scene};
use super::state::Person;
use crate::audit::{Sight, Trail};
use crate::speech::{Answers, Which};
use crate::stamp::Stamp;
use crate::tally::Timed;

impl Person {
    /// It was let into a room.
    pub(super) fn let_in(&mut self, room: &Which<'_>, scene: &mut Scene<'_>) {
        let was_ready = self.is_ready();
        let Some(membership) = self.membership_of(room, scene) else {
            scene.tally.wrong_room += 1;
            return;
        };
        membership.trail.get_or_insert_with(Trail::of_turns);
        membership.joined(0);
        self.set_out(was_ready, scene);
    }

    /// A ping of WebSocket was answered: what it had said before that was read.
    pub(crate) fn was_read(&mut self, scene: &mut Scene<'_>) {
        if scene.plan.speech.terms().answers_joins {
            return;
        }
        let asked: Vec<u32> =
            self.rooms.iter().filter(|room| room.has_asked()).map(|room| room.room).collect();
        for room in asked {
            self.let_in(&Which::Number(room), scene);
        }
    }

    /// It will not be let into a room.
    pub(super) fn kept_out(&mut self, room: &Which<'_>, why: &str, scene: &Scene<'_>) -> Rejected {
        let room = self.membership_of(room, scene).map(|membership| scene.plan.room_name(membership.room));
        Rejected(format!("joining {} was refused: {why}", room.as_deref().unwrap_or("a room")))
    }

    /// It hears a text in which one of our stamps may be.
    pub(super) fn heard(&mut self, room: Option<&str>, text: &str, scene: &mut Scene<'_>) {
        let Some(stamp) = Stamp::find(text, &scene.plan.run).filter(|stamp| scene.plan.has(stamp.message))
        else {
            return;
        };
        let planned = scene.plan.message(stamp.message);
        let is_there = room.is_none_or(|room| scene.plan.room_of_name(room) == Some(planned.room));
        let membership = self.in_room(planned.room);
        let Some((order, trail)) =
            membership.filter(|_| is_there).and_then(|m| Some((&mut m.order, m.trail.as_mut()?)))
        else {
            scene.tally.wrong_room += 1;
            return;
        };
        let seq = u64::from(planned.turn) + 1;
        let sight = trail.see(seq);
        let in_order = sight == Sight::Again || order.keeps(planned.sender, stamp.message);
        if !in_order {
            trail.disorder();
        }
        scene.tally.astray += u64::from(sight == Sight::Again || !in_order);
        scene.ledger.advance(planned.room, seq);
        if sight != Sight::Again {
            scene.received += 1;
            scene.time(Timed::Delivery, scene.ledger.due(stamp.message, stamp.planned));
        }
        if planned.sender == self.number && scene.plan.speech.terms().answers == Answers::Echo {
            self.taken(stamp.message, scene);
        }
    }

    /// A message was taken.
    pub(super) fn taken(&mut self, message: u32, scene: &mut Scene<'_>) {
        if !scene.plan.has(message) {
            scene.tally.unreadable += 1;
            return;
        }
        let turn = scene.plan.message(message).turn;
        self.acknowledged_at(message, u64::from(turn) + 1, scene);
    }

    /// A message was refused. Whether it was stored all the same, nobody can tell here.
    pub(super) fn not_taken(&mut self, message: u32, why: &str, scene: &mut Scene<'_>) {
        if !scene.plan.has(message) {
            scene.tally.unreadable += 1;
        } else if self.sends.refuse(message) {
            scene.ledger.refuse(message);
            scene.tally.refused.count(why);
        }
    }

    /// It has said a message for the first time: others are to hear it from now on.
    pub(super) fn said(&mut self, message: u32, scene: &Scene<'_>) {
        let planned = scene.plan.message(message);
        let seq = u64::from(planned.turn) + 1;
        scene.ledger.place(message, seq);
        scene.ledger.advance(planned.room, seq);
        if scene.plan.speech.terms().answers == Answers::Never {
            self.sends.forget(message);
            if let Some(trail) = self.in_room(planned.room).and_then(|membership| membership.trail.as_mut()) {
                trail.excuse(seq);
            }
        }
    }

    fn membership_of(&mut self, room: &Which<'_>, scene: &Scene<'_>) -> Option<&mut Membership> {
        let room = match room {
            Which::Name(name) => scene.plan.room_of_name(name)?,
            Which::Number(number) => *number,
        };
        self.in_room(room)
    }

    /// Says that it is alive, where the dialect asks for that whatever is heard.
    pub(super) fn keep_alive(&mut self, scene: &mut Scene<'_>) {
        let Some(every) = scene.plan.speech.terms().heartbeat else { return };
        let since = *self.last_heartbeat.get_or_insert(scene.now);
        // Looked at every few seconds only: rather early than late.
        if scene.now.saturating_duration_since(since) + Duration::from_secs(5) >= every {
            self.last_heartbeat = Some(scene.now);
            scene.ask_for_a_sign();
        }
    }
}

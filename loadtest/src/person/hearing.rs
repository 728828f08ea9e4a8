//! What a person hears, and what it makes of that.

use std::time::Duration;

use chat::Code;

use super::membership::Membership;
use super::pace::Pace;
use super::scene::{Rejected, Scene};
use super::state::{PING_AFTER, Person, RETRY};
use crate::audit::{Sight, Trail};
use crate::plan::Plan;
use crate::speech::Heard;
use crate::stamp::Stamp;
use crate::tally::Timed;

impl Person {
    /// It hears a message of WebSocket: a frame, or in some dialects several.
    ///
    /// # Errors
    /// As for [`Self::hear`].
    pub(crate) fn hear_all(&mut self, text: &str, scene: &mut Scene<'_>) -> Result<(), Rejected> {
        if !scene.plan.speech.terms().lines {
            return self.hear(text, scene);
        }
        text.lines().filter(|line| !line.is_empty()).try_for_each(|line| self.hear(line, scene))
    }

    /// It hears a frame.
    ///
    /// # Errors
    /// If the server will never let it into one of its rooms.
    pub(crate) fn hear(&mut self, frame: &str, scene: &mut Scene<'_>) -> Result<(), Rejected> {
        let speech = &scene.plan.speech;
        match speech.hear(frame) {
            Heard::Welcome { ping_s, sends_per_s, connection } => {
                self.connection_name = connection.unwrap_or_default().into_owned();
                return self.welcomed(ping_s, sends_per_s, scene);
            }
            Heard::LetIn { room } => self.let_in(&room, scene),
            Heard::NotLetIn { room, why } => return Err(self.kept_out(&room, &why, scene)),
            Heard::Said { room, text } => self.heard(room.as_deref(), &text, scene),
            Heard::Taken { message } => self.taken(message, scene),
            Heard::NotTaken { message, why } => self.not_taken(message, &why, scene),
            Heard::Ping => scene.say(speech.pong()),
            Heard::Joined { room, seq, epoch, truncated } => {
                self.joined(&room, seq, &epoch, truncated, scene);
            }
            Heard::Event { room, seq, body } => self.saw(&room, seq, body.as_deref(), scene),
            Heard::Sent { id, seq } => self.acknowledged(&id, seq, scene),
            Heard::Refused { id: Some(id), code, retry_ms, .. } => self.refused(&id, &code, retry_ms, scene),
            Heard::Refused { join: Some(room), code, message, retry_ms, .. } => {
                return self.not_let_in(room, &code, &message, retry_ms, scene);
            }
            Heard::Left { room, code: None } if self.habits.is_some() => {
                if let Some(membership) = self.membership(&room, scene.plan) {
                    membership.left();
                }
            }
            Heard::Page { room } => {
                if let Some(asked) = self.membership(&room, scene.plan).and_then(|m| m.history_asked.take()) {
                    scene.tally.history.record(scene.now.saturating_duration_since(asked));
                }
            }
            Heard::Left { room, code } => {
                let code = code.unwrap_or_default();
                return Err(Rejected(format!("thrown out of {room}: {code}")));
            }
            Heard::Bye { code, retry_ms } => {
                self.bye = Some((code.into_owned(), retry_ms.map(Duration::from_millis)));
            }
            Heard::Refused { .. } | Heard::Unreadable => scene.tally.unreadable += 1,
            Heard::Other => {}
        }
        Ok(())
    }

    pub(super) fn welcomed(
        &mut self,
        ping_s: Option<u64>,
        sends_per_s: Option<u32>,
        scene: &mut Scene<'_>,
    ) -> Result<(), Rejected> {
        let allowed = sends_per_s.unwrap_or(0);
        if allowed > 0 && self.sends_per_s > f64::from(allowed) {
            let planned = self.sends_per_s;
            return Err(Rejected(format!(
                "a sender is to send {planned:.1} messages/s and the server takes {allowed} of one connection: \
                 more --senders, or a higher limits.sends_per_s there"
            )));
        }
        self.welcomed = true;
        self.pace = Pace::new(allowed, scene.now);
        self.ping_after = ping_s.map_or(PING_AFTER, Duration::from_secs);
        self.want_in();
        Ok(())
    }

    fn joined(&mut self, room: &str, seq: u64, epoch: &str, truncated: bool, scene: &mut Scene<'_>) {
        let was_ready = self.is_ready();
        let Some(membership) = self.membership(room, scene.plan) else {
            scene.tally.wrong_room += 1;
            return;
        };
        if membership.trail.is_none() {
            membership.trail = Some(Trail::after(seq));
        } else if membership.epoch != epoch {
            scene.tally.other_epoch += 1;
        }
        membership.epoch = epoch.to_owned();
        membership.joined(seq);
        scene.ledger.advance(membership.room, seq);
        scene.tally.truncated += u64::from(truncated);
        if self.habits.is_some()
            && let Some(membership) = self.membership(room, scene.plan)
        {
            membership.ask_for_history(scene);
        }
        self.set_out(was_ready, scene);
    }

    /// It was let in: where that was the last of its rooms, it says what has waited for it.
    pub(super) fn set_out(&mut self, was_ready: bool, scene: &mut Scene<'_>) {
        if self.is_ready() && !was_ready {
            self.sends.reconnected(scene.now);
            self.say_what_is_due(scene);
        }
    }

    fn saw(&mut self, room: &str, seq: u64, body: Option<&str>, scene: &mut Scene<'_>) {
        let membership = self.membership(room, scene.plan).filter(|membership| !membership.has_left());
        let Some((membership, caught_up, trail)) =
            membership.and_then(|m| Some((m.room, m.caught_up_to, m.trail.as_mut()?)))
        else {
            scene.tally.wrong_room += 1;
            return;
        };
        let ours = body.and_then(|body| Stamp::of_run(body, &scene.plan.run));
        let ours = ours.filter(|stamp| scene.ledger.has(stamp.message));
        if ours.is_some_and(|stamp| scene.plan.place_of(stamp.message).room != membership) {
            scene.tally.wrong_room += 1;
            return;
        }
        scene.ledger.advance(membership, seq);
        let sight = trail.see(seq);
        scene.tally.astray += u64::from(sight != Sight::New);
        let Some(stamp) = ours else { return };
        scene.ledger.place(stamp.message, seq);
        if sight != Sight::Again {
            scene.received += 1;
        }
        // Who was away by choice finds what was said meanwhile, and not late.
        if sight != Sight::Again && seq > caught_up {
            scene.time(Timed::Delivery, scene.ledger.due(stamp.message, stamp.planned));
        }
    }

    fn not_let_in(
        &mut self,
        room: u32,
        code: &str,
        message: &str,
        retry_ms: Option<u64>,
        scene: &Scene<'_>,
    ) -> Result<(), Rejected> {
        let transient =
            matches!(Code::parse(code), Some(Code::Unavailable | Code::TooMany | Code::GoingAway));
        let why = format!("joining {} was refused: {code}: {message}", scene.plan.room_name(room));
        let membership = self.in_room(room).filter(|_| transient);
        let Some(membership) = membership else { return Err(Rejected(why)) };
        membership.refused_until(scene.now + retry_ms.map_or(RETRY, Duration::from_millis));
        self.trouble = Some(why);
        Ok(())
    }

    fn membership(&mut self, room: &str, plan: &Plan) -> Option<&mut Membership> {
        self.in_room(plan.room_of_name(room)?)
    }
}

//! Subscriptions, opened and ended.

use chat::{Code, Refusal, RoomId, User};
use dialect::{Alias, From, JoinAgain, Mark, NotNow, Restart, Say};

use super::Open;
use super::pace::Pace;
use super::permission::{Ruling, Wish, rule, veiled};
use super::subscriptions::Subscription;
use crate::session::env::unless_zero;
use crate::session::turn::{Turn, Voice};
use crate::session::{Action, Join, JoinedAt, SubId};

impl Open {
    /// Opens a subscription. One with the same alias is in its way or ends, as the dialect has it.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(super) fn join(
        &mut self,
        turn: &mut Turn<'_>,
        mark: Mark,
        alias: Alias,
        room: RoomId,
        from: From,
    ) -> Result<(), Refusal> {
        if turn.terms.join_again != JoinAgain::Anew
            && let Some(sub) = self.subscriptions.by_alias(&alias)
        {
            if turn.terms.join_again == JoinAgain::Confirmed && sub.kind.is_some() {
                turn.voice.say(&Say::StillJoined { mark: &mark, alias: &alias });
            }
            return Ok(());
        }
        if let Err(refusal) = self.may_join(turn, &alias, &room) {
            return self.refuse_join(turn, &mark, &alias, refusal);
        }
        let old = self.subscriptions.take_alias(&alias);
        let sub = self.subscriptions.add(room.clone(), alias.clone(), mark);
        if let Some(old) = old {
            self.end(turn, &old);
            say_ended(&mut turn.voice, &old);
        }
        let create = turn.env.auto_create;
        turn.voice.act(Action::Join(Join { sub, room, alias, from, create }));
        Ok(())
    }

    /// Checks all that can stand against a join. The rate comes last: what is refused anyway costs nothing of it.
    fn may_join(&mut self, turn: &Turn<'_>, alias: &Alias, room: &RoomId) -> Result<(), Refusal> {
        if let Ruling::Refused(refusal) = rule(self.grants.as_deref(), room, None, Wish::Read) {
            return Err(refusal);
        }
        let limits = &turn.env.limits;
        let full = self.places() >= unless_zero(limits.rooms_per_connection);
        if full && !self.subscriptions.has_alias(alias) {
            return Err(Refusal::new(Code::TooMany, "you have joined as many rooms as a connection may"));
        }
        self.joins.take(Pace::of_joins(limits), turn.now)
    }

    pub(super) fn leave(&mut self, turn: &mut Turn<'_>, mark: &Mark, alias: &Alias, room: &RoomId) {
        if self.subscriptions.by_alias(alias).is_some_and(|sub| !turn.is_within(mark, &sub.opening)) {
            return;
        }
        let left = self.subscriptions.take_alias(alias);
        if let Some(left) = &left {
            self.end(turn, left);
            self.forget_voucher(&left.room);
        }
        let opening = left.as_ref().map(|left| &left.opening);
        turn.voice.say(&Say::Left { mark, opening, alias, room });
        if let Some(left) = &left {
            say_ended(&mut turn.voice, left);
        }
    }

    /// Ends a subscription that was taken out. A join that is still under way gets its answer here, as none will
    /// come any more.
    fn end(&mut self, turn: &mut Turn<'_>, sub: &Subscription) {
        turn.voice.act(Action::Leave(sub.id));
        if sub.kind.is_none() {
            let refusal = Refusal::malformed("the room was left, or joined again, before it was joined");
            turn.voice.act(Action::Count(refusal.code));
            turn.voice.say(&Say::Overtaken { opening: &sub.opening, alias: &sub.alias, refusal: &refusal });
            self.ask_instead(turn, &sub.room);
        }
    }

    /// The answer to a join.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(super) fn on_joined(
        &mut self,
        turn: &mut Turn<'_>,
        id: SubId,
        answer: Result<JoinedAt, Refusal>,
    ) -> Result<(), Refusal> {
        let Some(sub) = self.subscriptions.get_mut(id).filter(|sub| sub.kind.is_none()) else {
            return Ok(());
        };
        let ruled = answer.map_err(veiled).and_then(|at| {
            match rule(self.grants.as_deref(), &sub.room, Some(at.state.kind), Wish::Read) {
                Ruling::Refused(refusal) => {
                    turn.voice.act(Action::Leave(id));
                    Err(refusal)
                }
                Ruling::Allowed | Ruling::HangsOnKind => Ok(at),
            }
        });
        match ruled {
            Ok(at) => {
                (sub.kind, sub.truncated) = (Some(at.state.kind), at.truncated);
                let room = sub.room.clone();
                say_joined(&mut turn.voice, sub, Some(&sub.opening), &self.user, &at, at.truncated);
                self.begin_attendance(&mut turn.voice, id);
                self.settle(turn, &room, Ok(at.state.kind));
                Ok(())
            }
            Err(refusal) => self.not_joined(turn, id, &refusal),
        }
    }

    fn not_joined(&mut self, turn: &mut Turn<'_>, id: SubId, refusal: &Refusal) -> Result<(), Refusal> {
        let Some(sub) = self.subscriptions.take(id) else { return Ok(()) };
        self.forget_voucher(&sub.room);
        let going_on = self.refuse_join(turn, &sub.opening, &sub.alias, refusal.clone());
        self.settle(turn, &sub.room, Err(refusal));
        going_on
    }

    /// # Errors
    /// Why the connection ends, also where the client would not ask again although that would help.
    pub(super) fn refuse_join(
        &mut self,
        turn: &mut Turn<'_>,
        mark: &Mark,
        alias: &Alias,
        refusal: Refusal,
    ) -> Result<(), Refusal> {
        match turn.terms.not_now {
            NotNow::Ends if refusal.retry.is_some() => Err(refusal),
            NotNow::Ends | NotNow::Told => self.refuse(turn, mark, Some(alias), None, &refusal),
        }
    }

    /// A room begins anew under a subscription.
    ///
    /// # Errors
    /// Why the connection ends, where the dialect has no words for it.
    pub(in crate::session) fn on_restarted(
        &mut self,
        turn: &mut Turn<'_>,
        id: SubId,
        at: &JoinedAt,
    ) -> Result<(), Refusal> {
        let Some(sub) = self.subscriptions.get_mut(id).filter(|sub| sub.kind.is_some()) else {
            return Ok(());
        };
        self.known.forget(&sub.room);
        sub.kind = Some(at.state.kind);
        match (rule(self.grants.as_deref(), &sub.room, sub.kind, Wish::Read), turn.terms.restart) {
            (Ruling::Refused(_), _) => self.remove(&mut turn.voice, id, &no_longer_open()),
            (_, Restart::Told) => say_joined(&mut turn.voice, sub, None, &self.user, at, true),
            (_, Restart::Rejoins) => self.remove(&mut turn.voice, id, &other_history()),
            (_, Restart::Ends) => {
                return Err(other_history());
            }
        }
        Ok(())
    }

    pub(in crate::session) fn on_caught_up(&self, voice: &mut Voice<'_>, id: SubId) {
        if let Some(sub) = self.subscriptions.get(id) {
            voice.say(&Say::CaughtUp { opening: &sub.opening, alias: &sub.alias, truncated: sub.truncated });
        }
    }

    /// Looks again at all that is joined, or being joined, after the grants have changed.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(super) fn check_subscriptions(&mut self, turn: &mut Turn<'_>) -> Result<(), Refusal> {
        let lost = |sub: &Subscription| match rule(self.grants.as_deref(), &sub.room, sub.kind, Wish::Read) {
            Ruling::Refused(refusal) => Some((sub.id, sub.kind, refusal)),
            Ruling::Allowed | Ruling::HangsOnKind => None,
        };
        let lost: Vec<_> = self.subscriptions.iter().filter_map(lost).collect();
        for (id, kind, refusal) in lost {
            if kind.is_some() {
                self.remove(&mut turn.voice, id, &no_longer_open());
            } else {
                turn.voice.act(Action::Leave(id));
                self.not_joined(turn, id, &refusal)?;
            }
        }
        Ok(())
    }

    /// Ends a subscription without having been asked to.
    fn remove(&mut self, voice: &mut Voice<'_>, id: SubId, refusal: &Refusal) {
        let Some(sub) = self.subscriptions.take(id) else { return };
        voice.act(Action::Leave(id));
        voice.say(&Say::Removed { opening: &sub.opening, alias: &sub.alias, room: &sub.room, refusal });
    }
}

fn no_longer_open() -> Refusal {
    Refusal::new(Code::Removed, "this room is no longer open to you")
}

fn other_history() -> Refusal {
    Refusal::new(Code::GoingAway, "the room has another history now")
}

fn say_ended(voice: &mut Voice<'_>, sub: &Subscription) {
    voice.say(&Say::Ended { opening: &sub.opening, alias: &sub.alias });
}

fn say_joined(
    voice: &mut Voice<'_>,
    sub: &Subscription,
    mark: Option<&Mark>,
    user: &User,
    at: &JoinedAt,
    truncated: bool,
) {
    let (opening, alias, room, state) = (&sub.opening, &sub.alias, &sub.room, &at.state);
    voice.say(&Say::Joined { mark, opening, alias, room, state, user, truncated });
}

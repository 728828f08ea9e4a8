//! The others in a room: being seen there, who is there, typing and whispers.

use chat::{Refusal, RoomId, RoomKind, Whisper};
use dialect::{Alias, Attendance, Mark, Say};

use super::lane::{Wanted, WantedPage};
use super::pace::Pace;
use super::permission::{Ruling, Wish, rule};
use super::subscriptions::Subscription;
use super::{Open, Standing};
use crate::session::turn::{Turn, Voice};
use crate::session::{Action, SubId};

impl Open {
    /// What a subscription that is open now has to do with the others.
    pub(super) fn begin_attendance(&self, voice: &mut Voice<'_>, id: SubId) {
        if let Some(sub) = self.subscriptions.get(id) {
            let attendance = attendance(voice, sub);
            if attendance != Attendance::NONE {
                voice.act(Action::Attend { sub: id, user: self.user.clone(), attendance });
            }
        }
    }

    /// The user wants to be seen in a subscription, or no longer. Like a whisper, that is told to everybody in the room,
    /// and has the same pace.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(super) fn attend(
        &mut self,
        turn: &mut Turn<'_>,
        mark: &Mark,
        alias: &Alias,
        present: bool,
    ) -> Result<(), Refusal> {
        match self.standing(turn, mark, Some(alias)) {
            Standing::Outside => return self.refuse_outsider(turn, mark, None),
            Standing::Overtaken => return Ok(()),
            Standing::Inside => {}
        }
        let Some(sub) = self.subscriptions.by_alias_mut(alias) else { return Ok(()) };
        if attendance(&turn.voice, sub).present == present {
            turn.voice.say(&Say::Done { mark });
            return Ok(());
        }
        if let Err(refusal) = self.whispers.take(Pace::of_whispers(&turn.env.presence), turn.now) {
            return self.refuse(turn, mark, None, None, &refusal);
        }
        sub.present = Some(present);
        if sub.kind.is_some() {
            let attendance = attendance(&turn.voice, sub);
            turn.voice.act(Action::Attend { sub: sub.id, user: self.user.clone(), attendance });
        }
        turn.voice.say(&Say::Done { mark });
        Ok(())
    }

    /// # Errors
    /// Why the connection ends.
    pub(super) fn who(
        &mut self,
        turn: &mut Turn<'_>,
        mark: Mark,
        within: Option<&Alias>,
        room: &RoomId,
    ) -> Result<(), Refusal> {
        match self.standing(turn, &mark, within) {
            Standing::Outside => self.refuse_outsider(turn, &mark, None),
            Standing::Overtaken => Ok(()),
            Standing::Inside => {
                let page = WantedPage { mark, what: Wanted::Who, accepted: turn.now };
                self.want_page(turn, room, page)
            }
        }
    }

    /// The user is writing. What comes too soon was said already.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(super) fn typing(
        &mut self,
        turn: &mut Turn<'_>,
        mark: &Mark,
        within: Option<&Alias>,
        room: &RoomId,
    ) -> Result<(), Refusal> {
        if let Standing::Overtaken = self.standing(turn, mark, within) {
            return Ok(());
        }
        let every = turn.env.presence.typing_every;
        let Some(sub) = self.subscriptions.speaking(within, room) else {
            return self.refuse_outsider(turn, mark, None);
        };
        if sub.typed.is_some_and(|typed| typed + every > turn.now) {
            turn.voice.say(&Say::Done { mark });
            return Ok(());
        }
        sub.typed = Some(turn.now);
        let kind = sub.kind;
        self.pass_on(turn, mark, room, kind, Whisper::typing())
    }

    /// # Errors
    /// Why the connection ends.
    pub(super) fn whisper(
        &mut self,
        turn: &mut Turn<'_>,
        mark: &Mark,
        within: Option<&Alias>,
        room: &RoomId,
        whisper: Whisper,
    ) -> Result<(), Refusal> {
        if let Standing::Overtaken = self.standing(turn, mark, within) {
            return Ok(());
        }
        let Some(kind) = self.subscriptions.speaking(within, room).map(|sub| sub.kind) else {
            return self.refuse_outsider(turn, mark, None);
        };
        match self.whispers.take(Pace::of_whispers(&turn.env.presence), turn.now) {
            Ok(()) => self.pass_on(turn, mark, room, kind, whisper),
            Err(refusal) => self.refuse(turn, mark, None, None, &refusal),
        }
    }

    fn pass_on(
        &mut self,
        turn: &mut Turn<'_>,
        mark: &Mark,
        room: &RoomId,
        kind: Option<RoomKind>,
        whisper: Whisper,
    ) -> Result<(), Refusal> {
        if let Ruling::Refused(refusal) = rule(self.grants.as_deref(), room, kind, Wish::Write) {
            return self.refuse(turn, mark, None, None, &refusal);
        }
        turn.voice.act(Action::Whisper { room: room.clone(), by: self.user.clone(), whisper });
        turn.voice.say(&Say::Done { mark });
        Ok(())
    }

    /// Who is in the room of a subscription that was just opened.
    pub(in crate::session) fn on_roster(&self, voice: &mut Voice<'_>, id: SubId, roster: &chat::Roster) {
        if let Some(sub) = self.subscriptions.get(id) {
            let (opening, alias, room, user) = (&sub.opening, &sub.alias, &sub.room, &self.user);
            voice.say(&Say::Roster { opening, alias, room, user, roster });
        }
    }
}

/// What follows from its alias, unless the client has said otherwise.
fn attendance(voice: &Voice<'_>, sub: &Subscription) -> Attendance {
    let attendance = voice.attendance(&sub.alias);
    Attendance { present: sub.present.unwrap_or(attendance.present), ..attendance }
}

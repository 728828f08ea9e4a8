//! An identified connection: what it may do, what it has joined, what it waits for.
//!
//! * [`joining`]: subscriptions, opened and ended.
//! * [`sending`]: one submission at a time in each room, so that sends keep their order.
//! * [`reading`]: history and the list of rooms.
//! * [`company`]: the others in a room: presence, typing, whispers.
//! * [`channels`]: places that are no rooms, and who has signed in to one of its own.
//! * [`door`]: a room that is neither joined nor known is asked about before anything is done in it.
//! * [`permission`]: who may do what.

mod asks;
mod channels;
mod company;
mod door;
#[cfg(test)]
mod heap;
mod joining;
mod known;
mod lane;
mod lanes;
mod pace;
mod permission;
mod pulse;
mod reading;
mod sending;
mod subscriptions;
mod token_life;
mod vouched;

use chat::{Code, Grants, Refusal, RequestId, User};
use dialect::{Alias, Command, Mark, Say};
use tokio::time::Instant;

use super::turn::Turn;
use super::{Action, Answered};
use crate::auth::{Identity, Seat};

pub(crate) use permission::access;

use asks::Asks;
use known::Known;
use lanes::Lanes;
use pace::{Bucket, Patience};
use pulse::Pulse;
use subscriptions::Subscriptions;
use token_life::TokenLife;
use vouched::Dossier;

/// An identified connection. What most connections have nothing of is boxed, or an empty vector.
pub(super) struct Open {
    user: User,
    grants: Option<Box<Grants>>,
    /// Gives the user's seat back when the connection ends. A stranger has none.
    seat: Option<Seat>,
    /// `None` where nothing runs out.
    life: Option<TokenLife>,
    pulse: Pulse,
    sends: Bucket,
    joins: Bucket,
    whispers: Bucket,
    patience: Patience,
    subscriptions: Subscriptions,
    lanes: Option<Box<Lanes>>,
    asks: Asks,
    known: Known,
    dossier: Option<Box<Dossier>>,
}

/// Where a request stands that is made in a subscription.
enum Standing {
    /// The subscription is open, or being opened, or none is needed.
    Inside,
    /// It is not.
    Outside,
    /// It is another one by now, with the same alias.
    Overtaken,
}

impl Open {
    pub(super) fn new(identity: Identity, seat: Seat, now: Instant) -> Self {
        Self {
            user: identity.user,
            grants: identity.grants.map(Box::new),
            seat: Some(seat),
            life: Some(TokenLife::begin(identity.lives, now)),
            pulse: Pulse::new(now),
            sends: Bucket::new(now),
            joins: Bucket::new(now),
            whispers: Bucket::new(now),
            patience: Patience::new(now),
            subscriptions: Subscriptions::default(),
            lanes: None,
            asks: Asks::default(),
            known: Known::default(),
            dossier: None,
        }
    }

    /// # Errors
    /// Why the connection ends.
    pub(super) fn on_command(&mut self, turn: &mut Turn<'_>, command: Command) -> Result<(), Refusal> {
        let going_on = match command {
            Command::Hello { mark, token } => self.renew(turn, &mark, &token),
            Command::Join { mark, alias, room, from } => self.join(turn, mark, alias, room, from),
            Command::Enter { mark, alias, room, from, claim } => {
                self.enter(turn, mark, alias, &room, from, &claim)
            }
            Command::Leave { mark, alias, room } => {
                self.leave(turn, &mark, &alias, &room);
                Ok(())
            }
            Command::Send { mark, within, room, id, change } => {
                match self.standing(turn, &mark, within.as_ref()) {
                    Standing::Inside => self.send(turn, mark, &room, id, change),
                    Standing::Outside => self.refuse_outsider(turn, &mark, id.as_ref()),
                    Standing::Overtaken => Ok(()),
                }
            }
            Command::History { mark, room, from, limit } => self.history(turn, mark, &room, from, limit),
            Command::Rooms { mark } => self.rooms(turn, mark),
            Command::Attend { mark, alias, present } => self.attend(turn, &mark, &alias, present),
            Command::Who { mark, within, room } => self.who(turn, mark, within.as_ref(), &room),
            Command::Typing { mark, within, room } => self.typing(turn, &mark, within.as_ref(), &room),
            Command::Whisper { mark, within, room, whisper } => {
                self.whisper(turn, &mark, within.as_ref(), &room, whisper)
            }
            Command::SignIn { mark, claim } => self.sign_in(turn, &mark, &claim),
            Command::TuneIn { mark, channel, entry } => self.tune_in(turn, &mark, channel, &entry),
            Command::TuneOut { mark: _, channel } => {
                self.tune_out(turn, &channel);
                Ok(())
            }
            Command::Call { mark, channel, whisper } => self.call(turn, &mark, channel, whisper),
            Command::Ping { mark } => {
                turn.voice.say(&Say::Pong { mark: &mark });
                Ok(())
            }
            Command::Refuse { mark, alias, id, refusal } => {
                self.refuse(turn, &mark, alias.as_ref(), id.as_ref(), &refusal)
            }
        };
        self.sweep_lanes();
        going_on
    }

    /// # Errors
    /// Why the connection ends.
    pub(super) fn on_answer(&mut self, turn: &mut Turn<'_>, answered: Answered) -> Result<(), Refusal> {
        let going_on = match answered {
            Answered::Joined(sub, answer) => self.on_joined(turn, sub, answer),
            Answered::TunedIn(sub, outcome) => self.on_tuned_in(turn, sub, outcome),
            Answered::Verdicts(room, verdicts) => {
                self.on_verdicts(turn, &room, verdicts);
                Ok(())
            }
            Answered::Read(ask, answer) => {
                self.on_read(turn, ask, answer);
                Ok(())
            }
        };
        self.sweep_lanes();
        going_on
    }

    /// # Errors
    /// Why the connection ends.
    pub(super) fn on_tick(&mut self, turn: &mut Turn<'_>) -> Result<(), Refusal> {
        if let Some(life) = &mut self.life
            && let Some(left) = life.on_tick(turn.now)?
        {
            turn.voice.say(&Say::TokenExpiring { left });
        }
        let due = self.pulse.on_tick(&turn.terms.heartbeat, turn.now)?;
        if due.ping {
            turn.voice.act(Action::Ping);
        }
        if due.beat {
            turn.voice.act(Action::Beat(turn.env.this_second()));
        }
        self.turn_late_away(turn);
        Ok(())
    }

    pub(super) fn on_heard(&mut self, now: Instant) {
        self.pulse.heard(now);
    }

    pub(super) fn on_spoken(&mut self) {
        self.pulse.spoken();
    }

    pub(super) fn awaits_verdicts(&self) -> bool {
        self.lanes.as_ref().is_some_and(|lanes| lanes.have_sends())
    }

    /// Takes a new token of the same user, and looks again at all that is joined. What is queued is looked at when
    /// its turn comes.
    fn renew(&mut self, turn: &mut Turn<'_>, mark: &Mark, token: &str) -> Result<(), Refusal> {
        self.patience.strike(turn.now)?;
        let identity = turn.env.verify(token)?;
        if identity.user.id != self.user.id {
            return Err(Refusal::new(Code::NotIdentified, "the new token is another user's"));
        }
        self.user = identity.user;
        self.grants = identity.grants.map(Box::new);
        self.life = Some(TokenLife::begin(identity.lives, turn.now));
        turn.voice.say(&Say::Renewed { mark, user: &self.user });
        self.check_subscriptions(turn)
    }

    /// Refuses a request. Whatever is the client's own doing tries our patience.
    fn refuse(
        &mut self,
        turn: &mut Turn<'_>,
        mark: &Mark,
        alias: Option<&Alias>,
        id: Option<&RequestId>,
        refusal: &Refusal,
    ) -> Result<(), Refusal> {
        turn.voice.refuse(mark, alias, id, refusal);
        self.strike(turn, refusal)
    }

    /// Where a request stands that is made in a subscription.
    fn standing(&self, turn: &Turn<'_>, mark: &Mark, within: Option<&Alias>) -> Standing {
        let Some(alias) = within else { return Standing::Inside };
        match self.subscriptions.by_alias(alias) {
            None => Standing::Outside,
            Some(sub) if turn.is_within(mark, &sub.opening) => Standing::Inside,
            Some(_) => Standing::Overtaken,
        }
    }

    /// Refuses what was asked for in a subscription that is not open.
    fn refuse_outsider(
        &mut self,
        turn: &mut Turn<'_>,
        mark: &Mark,
        id: Option<&RequestId>,
    ) -> Result<(), Refusal> {
        let refusal = &Refusal::malformed("you have not joined this");
        turn.voice.act(Action::Count(refusal.code));
        turn.voice.say(&Say::Outside { mark, id, refusal });
        self.strike(turn, refusal)
    }

    fn strike(&mut self, turn: &Turn<'_>, refusal: &Refusal) -> Result<(), Refusal> {
        match refusal.code {
            Code::Unavailable | Code::GoingAway => Ok(()),
            Code::Malformed
            | Code::NotIdentified
            | Code::NotAllowed
            | Code::TooLarge
            | Code::TooMany
            | Code::TooSlow
            | Code::Quiet
            | Code::Removed => self.patience.strike(turn.now),
        }
    }

    fn lanes(&mut self) -> &mut Lanes {
        self.lanes.get_or_insert_default()
    }

    fn sweep_lanes(&mut self) {
        self.lanes.take_if(|lanes| !lanes.sweep());
    }
}

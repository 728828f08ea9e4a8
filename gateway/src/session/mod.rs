//! The life of one connection as a state machine without I/O: frames, answers and ticks in, actions out. It owns
//! no socket, no timer and no clock; whoever drives it tells it the time.
//!
//! `Greeting` (nobody knows yet who this is) → `Open` (identified; everything happens here) → `Closed` (the last
//! word is said). Every request is answered exactly once, unless the connection ends before.
//!
//! A session belongs to its connection and goes with it. All that it keeps is bounded: subscriptions by
//! `limits.rooms_per_connection`, sends that wait by `limits.sends_waiting`, questions by a constant.

mod action;
mod credential;
mod env;
mod greeting;
mod names;
mod open;
mod turn;

#[cfg(test)]
mod tests;

use chat::{Code, ConnectionName, Refusal};
use dialect::{Command, Dialect, Frame, Mark, Say};
use tokio::time::Instant;
use websocket::Violation;

pub(crate) use action::{
    ANSWER_WITHIN, Action, Answered, AskId, Closing, Join, JoinedAt, Read, ReadAnswer, SubId, Tuned,
};
pub(crate) use credential::Credential;
pub(crate) use env::{Env, EnvParts};
pub(crate) use open::access;

use crate::auth::Admitted;
use greeting::Greeting;
use open::Open;
use turn::{Turn, Voice};

/// The close code of a message that is too large.
const TOO_LARGE: u16 = 1009;

/// The life of one connection.
pub(crate) struct Session {
    dialect: &'static dyn Dialect,
    connection: ConnectionName,
    state: State,
}

enum State {
    Greeting(Greeting),
    Open(Box<Open>),
    Closed,
}

impl Session {
    /// A connection that was just opened, with what its request carried to show who the client is.
    pub(crate) fn new(
        dialect: &'static dyn Dialect,
        connection: ConnectionName,
        credential: Option<Credential>,
        env: &Env,
        now: Instant,
    ) -> Self {
        Self { dialect, connection, state: State::Greeting(Greeting::new(credential, env, now)) }
    }

    /// Looks at what came with the request. To be called once, before anything else.
    pub(crate) fn start(&mut self, env: &Env, now: Instant, out: &mut Vec<Action>) {
        self.handle(env, now, out, |session, turn| match &mut session.state {
            State::Greeting(greeting) => match greeting.take_credential() {
                Some(Credential::Admitted(admitted)) => {
                    session.welcome(turn, None, *admitted);
                    Ok(())
                }
                Some(Credential::Token(token)) => session.identify(turn, None, &token),
                Some(Credential::Refused(refusal)) => Err(refusal),
                None if turn.terms.strangers => {
                    session.open(turn, None, Open::stranger(turn));
                    Ok(())
                }
                None if turn.terms.hello => Ok(()),
                None => Err(Greeting::no_token()),
            },
            State::Open(_) | State::Closed => Ok(()),
        });
    }

    /// The client has said something.
    pub(crate) fn on_frame(&mut self, env: &Env, now: Instant, frame: Frame<'_>, out: &mut Vec<Action>) {
        self.handle(env, now, out, |session, turn| {
            let mut commands = Vec::new();
            session.dialect.decode(frame, &env.decode_limits(), &mut commands)?;
            commands.into_iter().try_for_each(|command| session.on_command(turn, command))
        });
    }

    /// The client has broken the WebSocket protocol, or sent more than it may.
    pub(crate) fn on_violation(&mut self, env: &Env, violation: Violation, out: &mut Vec<Action>) {
        if violation.code == TOO_LARGE {
            return self.close(env, Refusal::new(Code::TooLarge, violation.reason), out);
        }
        if matches!(self.state, State::Closed) {
            return;
        }
        let mut voice = Voice::new(self.dialect, out);
        voice.farewell(&Refusal::malformed(violation.reason));
        voice.act(Action::Close(Closing { code: violation.code, reason: violation.reason }));
        self.state = State::Closed;
    }

    /// An answer has come. One to a question of which nothing is known any more is passed over.
    pub(crate) fn on_answer(&mut self, env: &Env, now: Instant, answered: Answered, out: &mut Vec<Action>) {
        self.handle(env, now, out, |session, turn| match &mut session.state {
            State::Open(open) => open.on_answer(turn, answered),
            State::Greeting(_) | State::Closed => Ok(()),
        });
    }

    /// Time has passed. To be called about once a second.
    pub(crate) fn on_tick(&mut self, env: &Env, now: Instant, out: &mut Vec<Action>) {
        self.handle(env, now, out, |session, turn| match &mut session.state {
            State::Greeting(greeting) => greeting.on_tick(now),
            State::Open(open) => open.on_tick(turn),
            State::Closed => Ok(()),
        });
    }

    /// Something came from the client, whatever it was.
    pub(crate) fn on_heard(&mut self, now: Instant) {
        if let State::Open(open) = &mut self.state {
            open.on_heard(now);
        }
    }

    /// Something that counts as a sign of life was written to the client since the last tick: by this session, or by
    /// others past it.
    pub(crate) fn on_spoken(&mut self) {
        if let State::Open(open) = &mut self.state {
            open.on_spoken();
        }
    }

    /// A subscription that was opened with a position has got all that it had missed.
    pub(crate) fn on_caught_up(&mut self, sub: SubId, out: &mut Vec<Action>) {
        if let State::Open(open) = &self.state {
            open.on_caught_up(&mut Voice::new(self.dialect, out), sub);
        }
    }

    /// It is known who is in the room of a subscription that was just opened.
    pub(crate) fn on_roster(&mut self, sub: SubId, roster: &chat::Roster, out: &mut Vec<Action>) {
        if let State::Open(open) = &self.state {
            open.on_roster(&mut Voice::new(self.dialect, out), sub, roster);
        }
    }

    /// What the connection is called.
    pub(crate) fn name(&self) -> ConnectionName {
        self.connection
    }

    /// Whose connection this is; `None` before that is known.
    pub(crate) fn user(&self) -> Option<&chat::UserId> {
        match &self.state {
            State::Open(open) => Some(&open.user().id),
            State::Greeting(_) | State::Closed => None,
        }
    }

    /// Who the client is in a channel, where that is shown.
    pub(crate) fn member(&self, channel: &chat::ChannelName) -> Option<&chat::Member> {
        match &self.state {
            State::Open(open) => open.member(channel),
            State::Greeting(_) | State::Closed => None,
        }
    }

    /// The room of a subscription has another epoch, or a part of it is gone that was not shown yet: it begins anew.
    pub(crate) fn on_restarted(
        &mut self,
        env: &Env,
        now: Instant,
        sub: SubId,
        at: &JoinedAt,
        out: &mut Vec<Action>,
    ) {
        self.handle(env, now, out, |session, turn| match &mut session.state {
            State::Open(open) => open.on_restarted(turn, sub, at),
            State::Greeting(_) | State::Closed => Ok(()),
        });
    }

    /// The gateway has lost its bus, or found it again.
    pub(crate) fn on_status(&mut self, degraded: bool, out: &mut Vec<Action>) {
        if let State::Open(_) = &self.state {
            Voice::new(self.dialect, out).say(&Say::Status { degraded });
        }
    }

    /// Ends the connection. What is not answered yet stays unanswered: the client must take it for unknown.
    pub(crate) fn dismiss(&mut self, env: &Env, refusal: Refusal, out: &mut Vec<Action>) {
        self.close(env, refusal, out);
    }

    /// True while there are sends whose verdict is not known.
    pub(crate) fn awaits_verdicts(&self) -> bool {
        matches!(&self.state, State::Open(open) if open.awaits_verdicts())
    }

    fn on_command(&mut self, turn: &mut Turn<'_>, command: Command) -> Result<(), Refusal> {
        match (&mut self.state, command) {
            (State::Open(open), command) => open.on_command(turn, command),
            (State::Greeting(_), Command::Hello { mark, token }) => self.identify(turn, Some(&mark), &token),
            (State::Greeting(_), _) => Err(Greeting::not_identified()),
            (State::Closed, _) => Ok(()),
        }
    }

    fn identify(&mut self, turn: &mut Turn<'_>, mark: Option<&Mark>, token: &str) -> Result<(), Refusal> {
        let admitted = turn.env.admit(token)?;
        self.welcome(turn, mark, admitted);
        Ok(())
    }

    fn welcome(&mut self, turn: &mut Turn<'_>, mark: Option<&Mark>, admitted: Admitted) {
        let Admitted { identity, seat } = admitted;
        self.open(turn, mark, Open::new(identity, seat, turn.now));
    }

    fn open(&mut self, turn: &mut Turn<'_>, mark: Option<&Mark>, open: Open) {
        let connection = &self.connection.to_string();
        let limits = &turn.env.limits_shown();
        turn.voice.say(&Say::Welcome { mark, user: open.user(), connection, limits });
        if turn.env.is_degraded() {
            turn.voice.say(&Say::Status { degraded: true });
        }
        self.state = State::Open(Box::new(open));
    }

    /// Handles an input; a refusal that comes of it ends the connection.
    fn handle(
        &mut self,
        env: &Env,
        now: Instant,
        out: &mut Vec<Action>,
        act: impl FnOnce(&mut Self, &mut Turn<'_>) -> Result<(), Refusal>,
    ) {
        let (terms, voice) = (self.dialect.terms(), Voice::new(self.dialect, out));
        let mut turn = Turn { env, now, connection: self.connection, terms, voice };
        if let Err(refusal) = act(self, &mut turn) {
            self.close(env, refusal, out);
        }
    }

    fn close(&mut self, env: &Env, mut refusal: Refusal, out: &mut Vec<Action>) {
        if matches!(self.state, State::Closed) {
            return;
        }
        if refusal.retry.is_none() && comes_back(refusal.code) {
            refusal.retry = Some(env.come_back());
        }
        let mut voice = Voice::new(self.dialect, out);
        let closing = voice.farewell(&refusal);
        voice.act(Action::Close(closing));
        self.state = State::Closed;
    }
}

/// Whether a client that is sent away for this should come back in a while, and not at once or never.
const fn comes_back(code: Code) -> bool {
    match code {
        Code::TooMany | Code::Unavailable | Code::GoingAway => true,
        Code::Malformed
        | Code::NotIdentified
        | Code::NotAllowed
        | Code::TooLarge
        | Code::TooSlow
        | Code::Quiet
        | Code::Removed => false,
    }
}

//! One input being handled: what is known while it is, and what comes of it.

use chat::{ConnectionName, Refusal, RequestId};
use dialect::{Alias, Attendance, Claim, Dialect, Mark, Say, Terms, Voucher};
use tokio::time::Instant;

use super::{Action, Closing, Env};

/// One input being handled.
pub(super) struct Turn<'a> {
    pub(super) env: &'a Env,
    pub(super) now: Instant,
    /// The name of the connection.
    pub(super) connection: ConnectionName,
    /// How the life of a connection goes in its dialect.
    pub(super) terms: &'static Terms,
    pub(super) voice: Voice<'a>,
}

impl Turn<'_> {
    /// What somebody has signed for this connection.
    ///
    /// # Errors
    /// Why nobody has.
    pub(super) fn vouch(&self, alias: &Alias, claim: &Claim) -> Result<Voucher, Refusal> {
        self.voice.dialect.vouch(&self.connection.to_string(), alias, claim)
    }

    /// The same for whoever wants to be known as a user.
    ///
    /// # Errors
    /// Why nobody has.
    pub(super) fn vouch_for_user(&self, claim: &Claim) -> Result<Voucher, Refusal> {
        self.voice.dialect.vouch_for_user(&self.connection.to_string(), claim)
    }

    /// Whether a request with this mark speaks of the subscription that was opened with that one.
    pub(super) fn is_within(&self, mark: &Mark, opening: &Mark) -> bool {
        self.voice.dialect.is_within(mark, opening)
    }
}

/// Turns words into actions.
pub(super) struct Voice<'a> {
    dialect: &'static dyn Dialect,
    out: &'a mut Vec<Action>,
}

impl<'a> Voice<'a> {
    pub(super) fn new(dialect: &'static dyn Dialect, out: &'a mut Vec<Action>) -> Self {
        Self { dialect, out }
    }

    /// What the dialect is called.
    pub(super) fn dialect_name(&self) -> &'static str {
        self.dialect.name()
    }

    /// Says something, if the dialect has words for it.
    pub(super) fn say(&mut self, say: &Say<'_>) {
        self.speak(|dialect, payload| dialect.say(say, payload));
    }

    /// What a subscription with this alias has to do with the others in its room.
    pub(super) fn attendance(&self, alias: &Alias) -> Attendance {
        self.dialect.attendance(alias)
    }

    /// Answers a request with a refusal, and has it counted.
    pub(super) fn refuse(
        &mut self,
        mark: &Mark,
        alias: Option<&Alias>,
        id: Option<&RequestId>,
        refusal: &Refusal,
    ) {
        self.act(Action::Count(refusal.code));
        self.say(&Say::Refused { mark, alias, id, refusal });
    }

    /// Wants something done.
    pub(super) fn act(&mut self, action: Action) {
        self.out.push(action);
    }

    /// Says the last words, and why the connection closes.
    pub(super) fn farewell(&mut self, refusal: &Refusal) -> Closing {
        let mut code = 0;
        self.speak(|dialect, payload| {
            let farewell = dialect.farewell(refusal, payload);
            code = farewell.close_code;
            farewell.spoken
        });
        Closing { code, reason: refusal.code.as_str() }
    }

    fn speak(&mut self, write: impl FnOnce(&'static dyn Dialect, &mut Vec<u8>) -> bool) {
        let mut spoken = false;
        let frame = websocket::text(|payload| spoken = write(self.dialect, payload));
        if spoken {
            self.out.push(Action::Write(frame));
        }
    }
}

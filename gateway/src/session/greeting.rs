//! Before anybody knows who the client is: it may identify itself, and nothing else.

use chat::{Code, Refusal};
use tokio::time::Instant;

use super::{Credential, Env};

/// A connection that is not identified yet. Ends with the first token, or at its time limit.
pub(super) struct Greeting {
    credential: Option<Credential>,
    until: Instant,
}

impl Greeting {
    pub(super) fn new(credential: Option<Credential>, env: &Env, now: Instant) -> Self {
        Self { credential, until: now + env.limits.identify }
    }

    /// What came with the request, once.
    pub(super) fn take_credential(&mut self) -> Option<Credential> {
        self.credential.take()
    }

    pub(super) fn on_tick(&self, now: Instant) -> Result<(), Refusal> {
        if now < self.until {
            return Ok(());
        }
        Err(Refusal::new(Code::NotIdentified, "no token came in time"))
    }

    /// What those hear who come without a token where none can follow.
    pub(super) fn no_token() -> Refusal {
        Refusal::new(Code::NotIdentified, "no token came with the request")
    }

    /// What those hear who ask for anything else first.
    pub(super) fn not_identified() -> Refusal {
        Refusal::new(Code::NotIdentified, "identify yourself first")
    }
}

//! Action Cable as Rails speaks it: `actioncable-v1-json` at `/cable`, for the unmodified `@rails/actioncable`.
//!
//! * `settings`: what an application calls its channel, and where it keeps its token.
//! * `open`: the request that opens a connection, and where the token is in it.
//! * `identifier`, `decode`: what clients ask for. The alias of a subscription is its identifier; the mark of a message
//!   is that too.
//! * `frames`, `say`: what the server says; `golden/action_cable` has each of them as it stands on the wire.
//! * `farewell`: how it ends, with the table of reasons.
//!
//! A client of this dialect cannot say where it was, and nothing that it asks for is acknowledged: it gets what is said
//! while it is here, once a subscription and in order.

mod decode;
mod farewell;
mod frames;
mod identifier;
mod open;
mod say;
mod settings;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chat::{Epoch, Event, Refusal};

pub use settings::Settings;

use crate::{
    Alias, Command, DecodeLimits, Dialect, Farewell, Frame, Heartbeat, JoinAgain, NotNow, OpenRequest,
    Opening, Restart, Say, Terms,
};

/// The library gives a connection up after six seconds without a frame.
const BEAT_EVERY: Duration = Duration::from_secs(3);
/// The library answers nothing; whether its machine is there at all, a WebSocket ping finds out.
const PING_EVERY: Duration = Duration::from_secs(25);
/// After how much silence of the client the connection is closed.
const QUIET_AFTER: Duration = Duration::from_secs(60);

const TERMS: Terms = Terms {
    hello: false,
    strangers: false,
    refused_with: None,
    // The library repeats itself every half second until it is answered, and would tell its page of each confirmation.
    join_again: JoinAgain::Nothing,
    not_now: NotNow::Told,
    restart: Restart::Ends,
    heartbeat: Heartbeat {
        beat_every: Some(BEAT_EVERY),
        ping_every: Some(PING_EVERY),
        quiet_after: QUIET_AFTER,
    },
};

/// Action Cable.
#[derive(Debug, Clone, Default)]
pub struct ActionCable {
    settings: Settings,
}

impl ActionCable {
    /// The dialect for an application.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Dialect for ActionCable {
    fn name(&self) -> &'static str {
        "action_cable"
    }

    fn path(&self) -> &'static str {
        "/cable"
    }

    fn open<'a>(&self, request: &OpenRequest<'a>) -> Result<Opening<'a>, u16> {
        open::open(&self.settings, request)
    }

    fn decode(&self, frame: Frame<'_>, limits: &DecodeLimits, out: &mut Vec<Command>) -> Result<(), Refusal> {
        out.extend(decode::decode(&self.settings, frame, limits));
        Ok(())
    }

    fn say(&self, say: &Say<'_>, out: &mut Vec<u8>) -> bool {
        say::say(say, out)
    }

    fn event(&self, alias: &Alias, _epoch: &Epoch, event: &Event, out: &mut Vec<u8>) -> bool {
        say::event(alias, event, out)
    }

    fn terms(&self) -> &'static Terms {
        &TERMS
    }

    fn farewell(&self, refusal: &Refusal, out: &mut Vec<u8>) -> Farewell {
        farewell::farewell(refusal, out)
    }
}

//! Action Cable at `/cable`: as Rails speaks it, `actioncable-v1-json` for the unmodified `@rails/actioncable`, and
//! AnyCable's superset, `actioncable-v1-ext-json` for the unmodified `@anycable/core`.
//!
//! * `version`: which of the two.
//! * `settings`: what an application calls its channel, and where it keeps its token.
//! * `open`: the request that opens a connection, and where the token is in it.
//! * `identifier`, `decode`: what clients ask for. The alias of a subscription is its identifier; the mark of a message
//!   is that too.
//! * `frames`, `say`: what the server says; `golden/action_cable` has each of them as it stands on the wire.
//! * `moments`: who is writing, for those who want to know.
//! * `farewell`: how it ends, with the table of reasons.
//! * `extended`: what only the superset has: history, presence, whispers.
//!
//! A client of the base cannot say where it was, and nothing that it asks for is acknowledged: it gets what is said
//! while it is here, once a subscription and in order.

mod decode;
mod extended;
mod farewell;
mod frames;
mod identifier;
mod moments;
mod open;
mod say;
mod settings;
mod version;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chat::{Epoch, Event, Moment, Refusal, RoomId};

pub use settings::Settings;

use version::Version;

use crate::{
    Alias, Attendance, Command, DecodeLimits, Dialect, Farewell, Frame, Heartbeat, JoinAgain, NotNow,
    OpenRequest, Opening, Payloads, Restart, Say, Terms,
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

/// AnyCable's library asks twice, and gives a subscription up for good after ten seconds; one that has come back asks again
/// for all of them.
const EXTENDED_TERMS: Terms = Terms { not_now: NotNow::Ends, ..TERMS };

/// Action Cable, in one of its versions.
#[derive(Debug, Clone)]
pub struct ActionCable {
    version: Version,
    settings: Settings,
}

impl ActionCable {
    /// The version of Rails, for an application.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { version: Version::Base, settings }
    }

    /// The version of AnyCable, for an application.
    #[must_use]
    pub fn extended(settings: Settings) -> Self {
        Self { version: Version::Extended, settings }
    }
}

impl Default for ActionCable {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Dialect for ActionCable {
    fn name(&self) -> &'static str {
        self.version.name()
    }

    fn path(&self) -> &'static str {
        "/cable"
    }

    fn open<'a>(&self, request: &OpenRequest<'a>) -> Result<Opening<'a>, u16> {
        open::open(self.version, &self.settings, request)
    }

    fn decode(&self, frame: Frame<'_>, limits: &DecodeLimits, out: &mut Vec<Command>) -> Result<(), Refusal> {
        decode::decode(self, frame, limits, out);
        Ok(())
    }

    fn say(&self, say: &Say<'_>, out: &mut Vec<u8>) -> bool {
        match self.version {
            Version::Base => say::say(say, out),
            Version::Extended => extended::said::say(say, out).unwrap_or_else(|| say::say(say, out)),
        }
    }

    fn event(&self, alias: &Alias, epoch: &Epoch, event: &Event, out: &mut Vec<u8>) -> bool {
        match self.version {
            Version::Base => say::event(alias, event, out),
            Version::Extended => extended::said::event(alias, epoch, event, out),
        }
    }

    fn attendance(&self, alias: &Alias) -> Attendance {
        let asked = moments::attendance(&self.settings, alias);
        match self.version {
            Version::Base => asked,
            Version::Extended => Attendance { moments: true, ..asked },
        }
    }

    fn moment(&self, alias: &Alias, _room: &RoomId, moment: &Moment, out: &mut Payloads) {
        match self.version {
            Version::Base => moments::moment(alias, moment, out),
            Version::Extended => extended::passing::moment(alias, moment, out),
        }
    }

    fn terms(&self) -> &'static Terms {
        match self.version {
            Version::Base => &TERMS,
            Version::Extended => &EXTENDED_TERMS,
        }
    }

    fn farewell(&self, refusal: &Refusal, out: &mut Vec<u8>) -> Farewell {
        farewell::farewell(refusal, out)
    }
}

//! Phoenix Channels at `/socket/websocket`, for the unmodified `phoenix` of npm: serializers V2 and V1, which are two
//! dialects, as their frames differ.
//!
//! * `settings`: what an application calls its topics, its events and the text of a message.
//! * `open`: the request that opens a connection: the version that is wanted, and where the token is.
//! * `poll`: what stands around frames where a client polls for them at `/socket/longpoll`.
//! * `place`: `join_ref`, `ref` and topic, as a frame says where it belongs. The mark of a request is all three.
//! * `envelope`, `binary`: frames of clients, in all their forms.
//! * `decode`: what they ask for. The alias of a subscription is its topic; a `join_ref` tells a membership from an
//!   earlier one of the same topic.
//! * `frames`, `say`, `present`: what the server says; `golden/phoenix` has each of them as it stands on the wire.
//! * `farewell`: how it ends, with the table of close codes.
//!
//! What every member of a topic gets has no refs, so that it is the same bytes for all of them.

mod binary;
mod decode;
mod envelope;
mod farewell;
mod frames;
mod open;
mod place;
pub mod poll;
mod present;
mod say;
mod settings;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chat::{Epoch, Event, Moment, Refusal, RoomId};

pub use settings::Settings;

use crate::{
    Alias, Attendance, Command, DecodeLimits, Dialect, Farewell, Frame, Heartbeat, JoinAgain, Mark, NotNow,
    OpenRequest, Opening, Payloads, Restart, Say, Terms,
};
use place::Place;

/// The library asks for a sign of life every thirty seconds, and Phoenix waits twice as long.
const QUIET_AFTER: Duration = Duration::from_secs(60);
/// What a client is refused with. It cannot see it, and comes again later and later, as after nothing else.
const REFUSED_WITH: u16 = 403;

const TERMS: Terms = Terms {
    hello: false,
    strangers: false,
    refused_with: Some(REFUSED_WITH),
    join_again: JoinAgain::Anew,
    not_now: NotNow::Told,
    restart: Restart::Rejoins,
    heartbeat: Heartbeat { beat_every: None, ping_every: None, quiet_after: QUIET_AFTER },
};

/// How frames are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serializer {
    /// Objects, without a `join_ref`: for clients that ask for version 1, or for none.
    V1,
    /// Lists of five.
    V2,
}

/// Phoenix Channels, with one of the serializers.
#[derive(Debug, Clone)]
pub struct Phoenix {
    settings: Settings,
    serializer: Serializer,
}

impl Phoenix {
    /// The dialect for an application.
    #[must_use]
    pub fn new(settings: Settings, serializer: Serializer) -> Self {
        Self { settings, serializer }
    }
}

impl Dialect for Phoenix {
    fn name(&self) -> &'static str {
        match self.serializer {
            Serializer::V1 => "phoenix_v1",
            Serializer::V2 => "phoenix",
        }
    }

    fn path(&self) -> &'static str {
        "/socket/websocket"
    }

    fn poll_path(&self) -> Option<&'static str> {
        Some("/socket/longpoll")
    }

    fn open<'a>(&self, request: &OpenRequest<'a>) -> Result<Opening<'a>, u16> {
        open::open(&self.settings, self.serializer, request)
    }

    fn decode(&self, frame: Frame<'_>, limits: &DecodeLimits, out: &mut Vec<Command>) -> Result<(), Refusal> {
        out.push(decode::decode(&self.settings, self.serializer, frame, limits)?);
        Ok(())
    }

    fn is_within(&self, mark: &Mark, opening: &Mark) -> bool {
        let (said, joined) = (Place::of(mark), Place::of(opening));
        said.is_none_or(|said| joined.is_none_or(|joined| said.is_within(&joined)))
    }

    fn say(&self, say: &Say<'_>, out: &mut Vec<u8>) -> bool {
        say::say(self.serializer, say, out)
    }

    fn event(&self, topic: &Alias, _epoch: &Epoch, event: &Event, out: &mut Vec<u8>) -> bool {
        say::event(&self.settings, self.serializer, topic, event, out)
    }

    /// The library's `Presence` is silent until it has heard who is there.
    fn attendance(&self, _topic: &Alias) -> Attendance {
        Attendance { present: true, roster: true, moments: true }
    }

    fn moment(&self, topic: &Alias, _room: &RoomId, moment: &Moment, out: &mut Payloads) {
        out.add(|out| present::moment(self.serializer, topic, moment, out));
    }

    fn terms(&self) -> &'static Terms {
        &TERMS
    }

    fn farewell(&self, refusal: &Refusal, _out: &mut Vec<u8>) -> Farewell {
        farewell::farewell(refusal)
    }
}

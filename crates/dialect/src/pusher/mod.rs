//! Pusher Channels, protocol 7, at `/app/KEY`: for the unmodified `pusher-js` and `laravel-echo`. Spoken where an
//! application is configured.
//!
//! * `settings`, `app`: the application and its secret; what is signed with it.
//! * `open`: the request that opens a connection, which names nobody.
//! * `channel`: what the name of a channel says of it: another name of a room, or a channel and nothing more. The alias of a
//!   subscription of a room is its channel.
//! * `vouch`: who lets a connection into a channel, and as whom.
//! * `decode`: what clients ask for.
//! * `frames`, `say`, `present`: what the server says; `golden/pusher` has each of them as it stands on the wire.
//! * `farewell`: how it ends, with the table of close codes.
//! * `user_auth`: who says who a connection is of.
//! * `api_request`, `trigger`, `message`, `queries`: the HTTP API of backends, as far as it is signatures, JSON and queries.
//!
//! A client of this dialect cannot say where it was, and nothing that it asks for over its connection is acknowledged: it
//! gets what is said while it is here, once a channel and in order.

mod api_request;
mod app;
mod channel;
mod decode;
mod farewell;
mod frames;
mod message;
mod open;
mod present;
mod queries;
mod say;
mod settings;
mod trigger;
mod user_auth;
mod vouch;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chat::{ChannelName, Epoch, Event, Moment, Refusal, RoomId};

pub use api_request::{ApiRequest, SignedBody, Unauthorized, body_md5};
pub use app::App;
pub use channel::{Channel, Kind, NAME_BYTES_MAX};
pub use message::Publication;
pub use queries::{Info, ListQuery};
pub use settings::{Secret, Settings};
pub use trigger::{Announcement, Target, Trigger, batch, events, old_event};

use crate::{
    Alias, Attendance, Claim, Command, DecodeLimits, Dialect, Farewell, Frame, Heartbeat, JoinAgain, NotNow,
    OpenRequest, Opening, Payloads, Restart, Say, Terms, Voucher,
};

/// After how much silence of ours the library asks for a sign of life.
const ACTIVITY_TIMEOUT: Duration = Duration::from_secs(120);
/// After how much silence of the client a WebSocket ping asks it for one.
const PING_EVERY: Duration = Duration::from_secs(120);
/// After how much silence of the client the connection is closed: half a minute later.
const QUIET_AFTER: Duration = Duration::from_secs(150);

/// Before the names of events that clients make.
const CLIENT: &str = "client-";
/// The mark of a client event, so that one that is refused is told with its own number.
const CLIENT_EVENT_REFUSED: &str = "client event";

const TERMS: Terms = Terms {
    hello: false,
    strangers: true,
    refused_with: None,
    join_again: JoinAgain::Confirmed,
    not_now: NotNow::Ends,
    restart: Restart::Ends,
    heartbeat: Heartbeat { beat_every: None, ping_every: Some(PING_EVERY), quiet_after: QUIET_AFTER },
};

/// Pusher.
#[derive(Debug, Clone)]
pub struct Pusher {
    settings: Settings,
    app: App,
}

impl Pusher {
    /// The dialect for an application; `None` if none is configured.
    #[must_use]
    pub fn new(settings: Settings) -> Option<Self> {
        App::new(&settings).map(|app| Self { settings, app })
    }
}

impl Dialect for Pusher {
    fn name(&self) -> &'static str {
        "pusher"
    }

    fn path(&self) -> &'static str {
        "/app/{key}"
    }

    fn open<'a>(&self, request: &OpenRequest<'a>) -> Result<Opening<'a>, u16> {
        Ok(open::open(&self.app, request))
    }

    fn decode(&self, frame: Frame<'_>, limits: &DecodeLimits, out: &mut Vec<Command>) -> Result<(), Refusal> {
        out.extend(decode::decode(&self.settings, frame, limits));
        Ok(())
    }

    fn vouch(&self, connection: &str, alias: &Alias, claim: &Claim) -> Result<Voucher, Refusal> {
        vouch::vouch(&self.app, connection, alias, claim)
    }

    fn vouch_for_user(&self, connection: &str, claim: &Claim) -> Result<Voucher, Refusal> {
        vouch::vouch_for_user(&self.app, connection, claim)
    }

    fn say(&self, say: &Say<'_>, out: &mut Vec<u8>) -> bool {
        say::say(say, out)
    }

    fn event(&self, alias: &Alias, _epoch: &Epoch, event: &Event, out: &mut Vec<u8>) -> bool {
        say::event(&self.settings.event, alias, event, out)
    }

    fn attendance(&self, alias: &Alias) -> Attendance {
        present::attendance(alias.as_str())
    }

    fn moment(&self, alias: &Alias, _room: &RoomId, moment: &Moment, out: &mut Payloads) {
        present::moment(alias.as_str(), moment, out);
    }

    fn in_channel(&self, channel: &ChannelName, moment: &Moment, out: &mut Payloads) {
        present::moment(channel.as_str(), moment, out);
    }

    fn tells_of_oneself(&self) -> bool {
        false
    }

    fn terms(&self) -> &'static Terms {
        &TERMS
    }

    fn farewell(&self, refusal: &Refusal, out: &mut Vec<u8>) -> Farewell {
        farewell::farewell(refusal, out)
    }
}

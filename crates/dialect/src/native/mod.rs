//! Parlor's own dialect: JSON text frames, one object each, at `/ws` as `parlor.v1`.
//!
//! * `open`: the request that opens a connection, and where the token is in it.
//! * `fields`, `decode`: what clients ask for.
//! * `frames`, `say`: what the server says; `golden/native` has each of them as it stands on the wire.
//! * `present`: who is in a room, and what passes there.
//! * `farewell`: how it ends, with the table of close codes.

mod decode;
mod farewell;
mod fields;
mod frames;
mod open;
mod present;
mod say;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chat::{Epoch, Event, Moment, Refusal, RoomId};

use crate::{
    Alias, Attendance, Command, DecodeLimits, Dialect, Farewell, Frame, Heartbeat, JoinAgain, NotNow,
    OpenRequest, Opening, Payloads, Restart, Say, Terms,
};

/// After how much silence of the client the server pings.
const PING_EVERY: Duration = Duration::from_secs(25);
/// After how much silence of the client the connection is closed.
const QUIET_AFTER: Duration = Duration::from_secs(60);

/// A client may show its token in a frame, and takes a second join for a new beginning.
const TERMS: Terms = Terms {
    hello: true,
    strangers: false,
    refused_with: None,
    join_again: JoinAgain::Anew,
    not_now: NotNow::Told,
    restart: Restart::Told,
    heartbeat: Heartbeat { beat_every: None, ping_every: Some(PING_EVERY), quiet_after: QUIET_AFTER },
};

/// Whoever has joined is there, and asks if it wants to know who else is.
const ATTENDANCE: Attendance = Attendance { present: true, roster: false, moments: true };

/// The native dialect.
#[derive(Debug, Clone, Copy)]
pub struct Native;

impl Dialect for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn path(&self) -> &'static str {
        "/ws"
    }

    fn open<'a>(&self, request: &OpenRequest<'a>) -> Result<Opening<'a>, u16> {
        open::open(request)
    }

    fn decode(&self, frame: Frame<'_>, limits: &DecodeLimits, out: &mut Vec<Command>) -> Result<(), Refusal> {
        out.push(decode::decode(frame, limits)?);
        Ok(())
    }

    fn say(&self, say: &Say<'_>, out: &mut Vec<u8>) -> bool {
        say::say(say, out)
    }

    fn event(&self, _alias: &Alias, _epoch: &Epoch, event: &Event, out: &mut Vec<u8>) -> bool {
        say::event(event, out)
    }

    fn attendance(&self, _alias: &Alias) -> Attendance {
        ATTENDANCE
    }

    fn moment(&self, _alias: &Alias, room: &RoomId, moment: &Moment, out: &mut Payloads) {
        out.add(|payload| present::moment(room, moment, payload));
    }

    fn terms(&self) -> &'static Terms {
        &TERMS
    }

    fn farewell(&self, refusal: &Refusal, out: &mut Vec<u8>) -> Farewell {
        farewell::farewell(refusal, out)
    }
}

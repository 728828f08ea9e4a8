//! Who is in a room, across gateways: plain values without I/O and without a clock.
//!
//! Each gateway is the authority for its own connections, and tells the others of a room what has changed, in numbered
//! tellings. Whoever misses one, or hears from time to time of a later one than it knows, asks for all. So every gateway
//! comes to know the same, whatever the bus loses.
//!
//! * [`room`]: one room: who enters and leaves here, what others tell, what is told to clients.
//! * `people`: the users of a room, and what has changed since clients were told last.
//! * `own`: the stays of this gateway's connections; `broken`: the grace of those that broke.
//! * `peers`: what the other gateways have told.
//! * `heard`: which broadcasts were heard already.
//! * [`gateways`]: which gateways live.

mod broken;
mod gateways;
mod heard;
mod own;
mod peers;
mod people;
mod room;
#[cfg(test)]
mod simulation;

use std::time::Duration;

use chat::{ConnectionName, Moment, Roster};
use tokio::time::Instant;

use crate::session::AskId;
use crate::switchboard::{ConnectionKey, SubKey};

pub(crate) use gateways::{BEAT_EVERY, Gateways};
pub(crate) use heard::Heard;
pub(crate) use room::{Beginning, Room};

/// For how long changes of a room are gathered before they are told.
const BATCH: Duration = Duration::from_millis(250);
/// For how long where too many are there to be listed; and how long it lasts, at the least, that they are too many.
const CROWD_BATCH: Duration = Duration::from_secs(2);
/// What is added to the grace of a broken connection: whoever comes back in time, through another gateway, is told of
/// first.
const MARGIN: Duration = Duration::from_millis(500);
/// How often the last telling is said again.
const DIGEST_EVERY: Duration = Duration::from_secs(5);
/// How long a gateway that begins with a room waits for the others to tell who is there.
pub(crate) const GATHER: Duration = Duration::from_millis(300);
/// When it asks for the second time: in a cluster interest spreads asynchronously.
const CONFIRM_AFTER: Duration = Duration::from_secs(1);
/// For how long those who ask for all are gathered before all is told.
const ANSWER_AFTER: Duration = Duration::from_millis(20);
/// How long to wait for all before it is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// How long interest in a room that nobody needs any more lingers.
const LINGER: Duration = Duration::from_secs(30);

/// What an operator has set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// `presence.list_max`
    pub(crate) list_max: u32,
    /// `presence.grace`
    pub(crate) grace: Duration,
}

/// A connection of this gateway, as its shard finds it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Guest {
    pub(crate) shard: u16,
    pub(crate) connection: ConnectionKey,
}

/// How a stay ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parting {
    /// The client said so, or was thrown out: it is told at once.
    Clean,
    /// The connection broke, or this gateway ended it for a while: the client may come back, and who does so within the
    /// grace was never gone.
    Broken,
}

/// Somebody who wants to know who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A subscription that is told of every change from there on: it gets the list that these changes begin with.
    Roster { shard: usize, to: SubKey },
    /// A request, answered with the latest that is known.
    Who { shard: usize, connection: ConnectionKey, ask: AskId },
    /// A request over HTTP, by its number: the same.
    Caller(u64),
}

/// What a room wants done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Tell the shards that watch the room, all but one connection.
    Tell(Moment, Option<ConnectionName>),
    /// Tell the other gateways.
    Publish(bus::News),
    /// Answer somebody who has asked.
    Answer(Asker, Roster),
    /// Call [`Room::look`] at that time.
    Look(Instant),
    /// Forget the room: nobody needs it.
    Close,
}

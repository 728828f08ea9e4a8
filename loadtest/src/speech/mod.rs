//! How a client speaks with its server. One file a dialect; for now there is Parlor's own.

mod native;

use std::borrow::Cow;

pub(crate) use native::Native;

/// What a client hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// The connection is ready.
    Welcome {
        /// After how many seconds of silence the client should ask for a sign of life.
        ping_s: Option<u64>,
        /// How many messages a second it takes of one connection; 0 for any number.
        sends_per_s: Option<u32>,
    },
    /// A subscription is open, or starts again by itself.
    Joined {
        room: Cow<'a, str>,
        /// Where the room stands.
        seq: u64,
        epoch: Cow<'a, str>,
        /// True if something is left out between where the client was and what follows.
        truncated: bool,
    },
    /// Something that has a place in a room's log.
    Event {
        room: Cow<'a, str>,
        seq: u64,
        /// What was said, if something was said.
        body: Option<Cow<'a, str>>,
    },
    /// A message is committed.
    Sent { id: Cow<'a, str>, seq: u64 },
    /// A request was refused.
    Refused {
        /// The id of the message, if it was one.
        id: Option<Cow<'a, str>>,
        /// The room's number that a join carried, if it was one.
        join: Option<u32>,
        code: Cow<'a, str>,
        message: Cow<'a, str>,
        retry_ms: Option<u64>,
    },
    /// What was said in a room before.
    Page { room: Cow<'a, str> },
    /// We are no longer in a room: because we said so, or, with a code, because the server threw us out.
    Left { room: Cow<'a, str>, code: Option<Cow<'a, str>> },
    /// The server is about to close.
    Bye { code: Cow<'a, str>, retry_ms: Option<u64> },
    /// Something that a load test has no use for.
    Other,
    /// Something that makes no sense.
    Unreadable,
}

//! How a client speaks with its server. One file a dialect.
//!
//! Parlor's own has positions, and an audit by them. In the others a message is known by the stamp that it carries,
//! wherever in a frame that comes back: what such a dialect can tell, and what not, are its [`Terms`].

mod action_cable;
mod centrifugo;
mod native;
mod phoenix;
mod plain;
mod pusher;
mod template;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;

pub(crate) use action_cable::ActionCable;
pub(crate) use centrifugo::Centrifugo;
pub(crate) use native::Native;
pub(crate) use phoenix::Phoenix;
pub(crate) use plain::Plain;
pub(crate) use pusher::{App, Pusher};
pub(crate) use template::Template;

/// A dialect, as a client speaks it.
pub(crate) trait Speech: fmt::Debug + Send + Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// What it can tell.
    fn terms(&self) -> Terms;

    /// True if a connection can be in several rooms.
    fn many_rooms(&self) -> bool {
        true
    }

    /// The subprotocols to offer.
    fn subprotocols(&self, _token: &str) -> Vec<String> {
        Vec::new()
    }

    /// What a client says first.
    fn greet(&self, _who: &Who<'_>) -> Option<String> {
        None
    }

    /// Joins a room, after a position of an epoch if the client has been there.
    fn join(&self, who: &Who<'_>, room: RoomRef<'_>, after: Option<(u64, &str)>) -> Option<String>;

    /// Leaves a room.
    fn leave(&self, _room: &str) -> Option<String> {
        None
    }

    /// Asks for the newest messages of a room.
    fn history(&self, _room: &str, _limit: u16) -> Option<String> {
        None
    }

    /// Says something.
    fn send(&self, who: &Who<'_>, room: &str, message: &Saying<'_>) -> String;

    /// Asks for a sign of life; `None` if only a ping of WebSocket does.
    fn ping(&self) -> Option<String> {
        None
    }

    /// Gives a sign of life that was asked for by [`Heard::Ping`].
    fn pong(&self) -> Option<String> {
        None
    }

    /// Understands a frame of the server.
    fn hear<'a>(&self, frame: &'a str) -> Heard<'a>;
}

/// What a dialect can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Every message has a position in its room, and whoever comes back gets what it has missed.
    pub(crate) positions: bool,
    /// The server says when a connection is ready.
    pub(crate) welcomes: bool,
    /// The server says when a room is joined. Elsewhere the answer to a ping behind it stands for that.
    pub(crate) answers_joins: bool,
    pub(crate) answers: Answers,
    /// How often a client says that it is alive, whatever it hears.
    pub(crate) heartbeat: Option<Duration>,
    /// A message of WebSocket may hold several frames, one a line.
    pub(crate) lines: bool,
    /// The server wants to be asked from its own origin, as a browser would.
    pub(crate) origin: bool,
}

/// How a sender learns that its message was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// By an answer.
    Reply,
    /// By hearing it, like everybody.
    Echo,
    /// Not at all: nor does it hear it.
    Never,
}

impl Terms {
    /// What an audit cannot tell, for people.
    pub(crate) fn not_told(self) -> Vec<&'static str> {
        let mut not_told = Vec::new();
        if !self.positions {
            not_told.push(
                "there are no positions: what is lost or doubled is told by the stamps, and order for each sender",
            );
            not_told
                .push("nothing is repeated to whoever comes back, and nobody repeats what was not answered");
        }
        match self.answers {
            Answers::Reply => {}
            Answers::Echo => not_told.push("nothing is acknowledged: a sender's own copy counts as that"),
            Answers::Never => not_told.push("nothing is acknowledged, and a sender does not hear itself"),
        }
        if !self.answers_joins {
            not_told.push(
                "joins are not confirmed: a client counts as joined when the server has read what it asked for",
            );
        }
        not_told
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Who<'a> {
    pub(crate) user: &'a str,
    pub(crate) token: &'a str,
    /// What the server calls the connection, if it said so.
    pub(crate) connection: &'a str,
}

/// A room, by its number and by its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoomRef<'a> {
    pub(crate) number: u32,
    pub(crate) name: &'a str,
}

/// A message, by its number and the id under which it is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Saying<'a> {
    pub(crate) number: u32,
    pub(crate) id: &'a str,
    pub(crate) body: &'a str,
}

/// How a server names a room: as it is called, or by the number under which it was joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which<'a> {
    Name(Cow<'a, str>),
    Number(u32),
}

/// A text of JSON, copied only where it holds an escape.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl<'a> Text<'a> {
    /// The room that a target's name of it names.
    fn room(&self, template: &Template) -> Option<Cow<'a, str>> {
        match &self.0 {
            Cow::Borrowed(name) => template.room(name).map(Cow::Borrowed),
            Cow::Owned(name) => template.room(name).map(|room| Cow::Owned(room.to_owned())),
        }
    }
}

/// Writes JSON that is made of texts, numbers and maps of them.
fn json(value: &impl serde::Serialize) -> String {
    // Only a map whose keys are not text could fail, and there is none.
    serde_json::to_string(value).unwrap_or_default()
}

/// What a client hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// The connection is ready.
    Welcome {
        /// After how many seconds of silence the client should ask for a sign of life.
        ping_s: Option<u64>,
        /// How many messages a second it takes of one connection; 0 for any number.
        sends_per_s: Option<u32>,
        /// What the server calls the connection.
        connection: Option<Cow<'a, str>>,
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
    /// A subscription is open, in a dialect without positions.
    LetIn { room: Which<'a> },
    /// A subscription was refused for good, in such a dialect.
    NotLetIn { room: Which<'a>, why: Cow<'a, str> },
    /// Something was said, in such a dialect. The room where the frame names it.
    Said { room: Option<Cow<'a, str>>, text: Cow<'a, str> },
    /// The message of this number was taken, in such a dialect.
    Taken { message: u32 },
    /// The message of this number was refused, in such a dialect.
    NotTaken { message: u32, why: Cow<'a, str> },
    /// The server wants a sign of life.
    Ping,
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

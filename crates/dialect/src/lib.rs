//! What clients speak: bytes to words and back. One folder a dialect; each is pure and keeps no state, so that
//! the same bytes can be given to everyone who speaks it.
//!
//! A dialect never sees a socket, a token's content or a room's log. The session asks it what a frame means
//! ([`Dialect::decode`]), and how to say something ([`Dialect::say`], [`Dialect::event`]).

pub mod action_cable;
mod attendance;
#[cfg(test)]
mod deep;
mod json;
pub mod native;
mod opening;
mod payloads;
pub mod phoenix;
pub mod pusher;
#[cfg(test)]
mod samples;
mod vouching;
mod words;

use std::time::Duration;

use chat::{BadText, Body, ChannelName, Code, Epoch, Event, Moment, Refusal, RoomId, Whisper};

pub use attendance::Attendance;
pub use opening::{OpenRequest, Opening};
pub use payloads::Payloads;
pub use vouching::{Claim, Entry, Voucher};
pub use words::{Alias, Command, From, LimitsShown, Mark, Say};

/// What an operator can set about dialects.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `action_cable.*`
    pub action_cable: action_cable::Settings,
    /// `phoenix.*`
    pub phoenix: phoenix::Settings,
    /// `pusher.*`
    pub pusher: pusher::Settings,
}

/// Every dialect there is. A new one is its folder and its line here.
///
/// What is configured is kept as long as the process lives, as connections that speak it may: to be called once.
#[must_use]
pub fn dialects(settings: Settings) -> Vec<&'static dyn Dialect> {
    let extended = action_cable::ActionCable::extended(settings.action_cable.clone());
    let cable = action_cable::ActionCable::new(settings.action_cable);
    let phoenix = |serializer| phoenix::Phoenix::new(settings.phoenix.clone(), serializer);
    let mut dialects: Vec<&'static dyn Dialect> = vec![
        &native::Native,
        Box::leak(Box::new(extended)),
        Box::leak(Box::new(cable)),
        Box::leak(Box::new(phoenix(phoenix::Serializer::V2))),
        Box::leak(Box::new(phoenix(phoenix::Serializer::V1))),
    ];
    if let Some(pusher) = pusher::Pusher::new(settings.pusher) {
        dialects.push(Box::leak(Box::new(pusher)));
    }
    dialects
}

/// One way of speaking with clients.
pub trait Dialect: Send + Sync + std::fmt::Debug {
    /// Its name, as in metrics: `native`, `action_cable`, `phoenix`, `pusher`, with a version where several
    /// differ on the wire. Two subscriptions get the same bytes iff name and alias are the same.
    fn name(&self) -> &'static str;

    /// The path at which its WebSockets are opened.
    fn path(&self) -> &'static str;

    /// The path at which those poll who can open no WebSocket; `None` where there is none. What stands around the frames
    /// there is what [`phoenix::poll`] reads and writes.
    fn poll_path(&self) -> Option<&'static str> {
        None
    }

    /// Reads the request that opens a connection.
    ///
    /// # Errors
    /// The HTTP status to refuse with. What should be refused in the dialect's own words is accepted here and
    /// refused by the session.
    fn open<'a>(&self, request: &OpenRequest<'a>) -> Result<Opening<'a>, u16>;

    /// Reads a frame into commands, in order. What is wrong with a single request becomes
    /// [`Command::Refuse`].
    ///
    /// # Errors
    /// A refusal that ends the connection: the frame makes no sense at all.
    fn decode(&self, frame: Frame<'_>, limits: &DecodeLimits, out: &mut Vec<Command>) -> Result<(), Refusal>;

    /// Checks what a client claims who wants to open a subscription, and was given that for the connection of this name.
    ///
    /// # Errors
    /// `not_identified` if nobody has signed it, also where strangers have no place; `malformed` if it makes no sense.
    fn vouch(&self, _connection: &str, _alias: &Alias, _claim: &Claim) -> Result<Voucher, Refusal> {
        Err(Refusal::new(Code::NotIdentified, "nobody is vouched for here"))
    }

    /// Checks what a client claims who wants to be known as a user, and was given that for the connection of this name.
    ///
    /// # Errors
    /// As [`Dialect::vouch`].
    fn vouch_for_user(&self, _connection: &str, _claim: &Claim) -> Result<Voucher, Refusal> {
        Err(Refusal::new(Code::NotIdentified, "nobody is vouched for here"))
    }

    /// Whether a request with this mark speaks of the subscription that was opened with that one, and not of an
    /// earlier one with the same alias: then it is passed over.
    fn is_within(&self, _mark: &Mark, _opening: &Mark) -> bool {
        true
    }

    /// Writes what the server says to one connection, as the payload of one text frame. False, and nothing
    /// written, if this dialect has no words for it.
    fn say(&self, say: &Say<'_>, out: &mut Vec<u8>) -> bool;

    /// Writes an event as every subscription with this alias gets it, as the payload of one text frame.
    /// False, and nothing written, if this dialect does not show such events.
    fn event(&self, alias: &Alias, epoch: &Epoch, event: &Event, out: &mut Vec<u8>) -> bool;

    /// What a subscription with this alias has to do with the others in its room.
    fn attendance(&self, _alias: &Alias) -> Attendance {
        Attendance::NONE
    }

    /// Writes what passes in a room as every subscription with this alias gets it, as the payloads of text frames: as
    /// many as it takes, or none. To be asked for subscriptions only that want to be told ([`Attendance::moments`]).
    ///
    /// The connection that whispers is not told of its own whisper. Whether those who come are told of themselves,
    /// [`Dialect::tells_of_oneself`] says.
    fn moment(&self, _alias: &Alias, _room: &RoomId, _moment: &Moment, _out: &mut Payloads) {}

    /// The same for what passes in a channel, as everybody who listens to it gets it.
    fn in_channel(&self, _channel: &ChannelName, _moment: &Moment, _out: &mut Payloads) {}

    /// Whether a user's connections are told that this user has come. Where not, whoever is in [`Say::Roster`] or in
    /// [`Moment`]s is another user than the one who is told; but the roster may hold one's own other connections.
    fn tells_of_oneself(&self) -> bool {
        true
    }

    /// How the life of a connection goes.
    fn terms(&self) -> &'static Terms;

    /// How it says goodbye: writes the last text frame, if it has one, and tells the WebSocket close code.
    /// `refusal.retry` is when the client should come back.
    fn farewell(&self, refusal: &Refusal, out: &mut Vec<u8>) -> Farewell;
}

/// A frame as it came in.
#[derive(Debug, Clone, Copy)]
pub enum Frame<'a> {
    /// A text frame.
    Text(&'a str),
    /// A binary frame.
    Binary(&'a [u8]),
}

/// How deep the data of a whisper may nest. They are read by the programs of others, and parsers give up at 64 (.NET),
/// 100 (Ruby) or 128 (Rust) levels, those of what a dialect puts around included.
const WHISPER_DEPTH_MAX: usize = 32;

/// What a dialect checks while it reads.
#[derive(Debug, Clone, Copy)]
pub struct DecodeLimits {
    /// The longest body, in bytes.
    pub body_bytes: usize,
}

impl DecodeLimits {
    /// Checks what somebody wrote.
    fn body(&self, text: &str) -> Result<Body, Refusal> {
        Body::parse(text, self.body_bytes).map_err(refused)
    }

    /// Checks what a program says to others; `data` is one JSON value. It may be as long as a body.
    fn whisper(&self, name: &str, data: &str) -> Result<Whisper, Refusal> {
        if json::depth(data) > WHISPER_DEPTH_MAX {
            return Err(Refusal::malformed("the data of a whisper nest at most 32 deep"));
        }
        Whisper::new(name, data, self.body_bytes).map_err(refused)
    }
}

fn refused(bad: BadText) -> Refusal {
    let code = match bad {
        BadText::Nul | BadText::Empty => Code::Malformed,
        BadText::TooLong { .. } => Code::TooLarge,
    };
    Refusal::new(code, bad.to_string())
}

/// How the life of a connection goes in a dialect, where they differ: what a session keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Whether a client may identify itself by [`Command::Hello`]. Elsewhere who comes without a token is sent away at
    /// once.
    pub hello: bool,
    /// Whether who comes without a token is welcome as a stranger, and let into rooms by [`Command::Enter`].
    pub strangers: bool,
    /// The HTTP status with which a stranger is refused, before the handshake is done; `None` where that is told behind
    /// it, in the dialect's own words.
    pub refused_with: Option<u16>,
    /// What a second join with the same alias is.
    pub join_again: JoinAgain,
    /// What becomes of a join that cannot be done just now.
    pub not_now: NotNow,
    /// What becomes of a subscription whose room begins anew.
    pub restart: Restart,
    /// How connections are kept alive.
    pub heartbeat: Heartbeat,
}

/// What a second join with an alias is that is open, or being opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinAgain {
    /// A new beginning: the first one ends, with [`Say::Ended`].
    Anew,
    /// Nothing: the client asks until it hears an answer, and one is all that it may get.
    Nothing,
    /// A question: the answer is [`Say::StillJoined`], once the subscription is open.
    Confirmed,
}

/// What becomes of a join that cannot be done just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNow {
    /// The client is told, and may ask again.
    Told,
    /// It would never ask again, whatever it is told: the connection ends, and whoever comes back joins again.
    Ends,
}

/// What becomes of a subscription whose room begins anew: its history is another one, or a part of it is gone that the
/// client has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// The client is told by [`Say::Joined`], without a mark and `truncated`.
    Told,
    /// The subscription ends with [`Say::Removed`] for `going_away`, and the client joins again by itself.
    Rejoins,
    /// There are no words for it: the connection ends with `going_away`, and whoever comes back begins anew.
    Ends,
}

/// How a dialect keeps connections alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// After how much silence of the server it says [`Say::Beat`]; `None` if it has no words for that.
    pub beat_every: Option<Duration>,
    /// After how much silence of the client a WebSocket ping asks for a sign of life; `None` if clients give one by
    /// themselves.
    pub ping_every: Option<Duration>,
    /// The connection is closed with `quiet` when nothing at all came from the client for this long.
    pub quiet_after: Duration,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Farewell {
    /// Whether a last text frame was written.
    pub spoken: bool,
    /// The WebSocket close code.
    pub close_code: u16,
}

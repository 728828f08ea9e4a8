//! What clients speak: bytes to words and back. One folder a dialect; each is pure and keeps no state, so that
//! the same bytes can be given to everyone who speaks it.
//!
//! A dialect never sees a socket, a token's content or a room's log. The session asks it what a frame means
//! ([`Dialect::decode`]), and how to say something ([`Dialect::say`], [`Dialect::event`]).

pub mod native;
mod words;

use std::time::Duration;

use chat::{Epoch, Event, Refusal};

pub use words::{Alias, Command, From, LimitsShown, Mark, Say};

/// Every dialect there is. A new one is its folder and its line here.
pub static DIALECTS: &[&dyn Dialect] = &[&native::Native];

/// One way of speaking with clients.
pub trait Dialect: Send + Sync + std::fmt::Debug {
    /// Its name, as in metrics: `native`, `action_cable`, `phoenix`, `pusher`, with a version where several
    /// differ on the wire. Two subscriptions get the same bytes iff name and alias are the same.
    fn name(&self) -> &'static str;

    /// The path at which its WebSockets are opened.
    fn path(&self) -> &'static str;

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

    /// Writes what the server says to one connection, as the payload of one text frame. False, and nothing
    /// written, if this dialect has no words for it.
    fn say(&self, say: &Say<'_>, out: &mut Vec<u8>) -> bool;

    /// Writes an event as every subscription with this alias gets it, as the payload of one text frame.
    /// False, and nothing written, if this dialect does not show such events.
    fn event(&self, alias: &Alias, epoch: &Epoch, event: &Event, out: &mut Vec<u8>) -> bool;

    /// How it keeps connections alive.
    fn heartbeat(&self) -> Heartbeat;

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

/// The request that opens a connection, as far as dialects look at it.
#[derive(Debug, Clone, Default)]
pub struct OpenRequest<'a> {
    /// The query of the URL, without the question mark.
    pub query: &'a str,
    /// The offered subprotocols, in order.
    pub protocols: Vec<&'a str>,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `Cookie` header.
    pub cookie: Option<&'a str>,
    /// Whether a token in the URL is taken (`auth.query_token`).
    pub query_token: bool,
}

/// How a connection starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opening<'a> {
    /// The subprotocol to answer with.
    pub protocol: Option<&'static str>,
    /// The token, if the request carried one.
    pub token: Option<std::borrow::Cow<'a, str>>,
}

/// What a dialect checks while it reads.
#[derive(Debug, Clone, Copy)]
pub struct DecodeLimits {
    /// The longest body, in bytes.
    pub body_bytes: usize,
}

/// How a dialect keeps connections alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// After how much silence the server makes itself heard; `None` if the client alone does.
    pub every: Option<Duration>,
    /// Whose silence counts for `every`.
    pub silence: Silence,
    /// True: [`Say::Beat`] as a text frame; false: a WebSocket ping.
    pub as_text: bool,
    /// The connection is closed with `quiet` when nothing at all came from the client for this long.
    pub quiet_after: Duration,
}

/// Whose silence a heartbeat breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Nothing was heard from the client.
    OfClient,
    /// Nothing was said by the server.
    OfServer,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Farewell {
    /// Whether a last text frame was written.
    pub spoken: bool,
    /// The WebSocket close code.
    pub close_code: u16,
}

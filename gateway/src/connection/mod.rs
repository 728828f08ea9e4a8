//! One WebSocket: its socket, what waits to be written to it, and the task that waits for it.
//!
//! A connection lives in its shard and is touched by nothing else. Its task ([`task::attend`]) only waits for
//! the socket; whatever happens is decided by the session and done by the shard.

mod outbox;
mod subscription;
mod subscriptions;
pub(crate) mod task;

use std::io;
use std::rc::Rc;

use chat::{RoomId, Seq};
use dialect::{Alias, Dialect};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;
use websocket::Reader;

pub(crate) use outbox::{Flushed, Frame, Outbox};
pub(crate) use subscription::Subscription;
pub(crate) use subscriptions::Subscriptions;

use crate::session::{Session, SubId};
use crate::shard::{PageLine, Tunings};

/// One connection. Owned by its shard.
pub(crate) struct Connection {
    pub(crate) generation: u32,
    pub(crate) dialect: &'static dyn Dialect,
    pub(crate) stream: Rc<TcpStream>,
    /// Wakes the task: there is something to write, or it is over.
    pub(crate) wake: Rc<Notify>,
    pub(crate) session: Session,
    pub(crate) reader: Reader,
    pub(crate) outbox: Outbox,
    pub(crate) subscriptions: Subscriptions,
    /// The channels that it listens to; most listen to none.
    pub(crate) tunings: Option<Box<Tunings>>,
    pub(crate) end: End,
    /// True while the connection stands in its shard's list of those to be flushed.
    pub(crate) touched: bool,
    /// True if something was written since the last tick that the client's program sees.
    pub(crate) spoken: bool,
    /// The pages of history that it has asked for.
    pub(crate) pages: PageLine,
    /// How many bytes were thrown away that came behind the last word.
    pub(crate) discarded: usize,
    /// True if it was too slow for something that passed in one of its rooms.
    pub(crate) missed_moments: bool,
    /// Since when the socket has taken nothing of what waits for it.
    pub(crate) blocked_since: Option<Instant>,
}

/// How far the end of a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It lives.
    Open,
    /// It is being dismissed: nothing more is read, and it says goodbye once its sends have their verdicts, at
    /// the latest at this moment.
    Leaving(Instant),
    /// The last frame stands in the outbox; what the client still sends is thrown away, as long as it may have been on
    /// its way. At this moment at the latest the socket is closed.
    Closing(Instant),
}

impl Connection {
    /// Writes what waits, as far as the socket takes it now.
    ///
    /// # Errors
    /// The socket's own, when it is broken.
    pub(crate) fn flush(&mut self) -> io::Result<Flushed> {
        let flushed = self.outbox.flush(&self.stream)?;
        match flushed {
            Flushed::All => self.blocked_since = None,
            Flushed::Blocked { some: 0 } if self.blocked_since.is_some() => {}
            Flushed::Blocked { .. } => self.blocked_since = Some(Instant::now()),
        }
        Ok(flushed)
    }

    /// Adds a frame that the client's program sees, whatever the bound.
    pub(crate) fn say(&mut self, frame: Frame) {
        self.spoken = true;
        self.outbox.push(frame);
    }

    /// Adds a live frame; false if there is no room for it. Much may have gathered for a client that reads: what
    /// waits is offered to the socket first.
    pub(crate) fn push_live(&mut self, frame: &Frame) -> bool {
        self.spoken = true;
        self.outbox.push_live(frame) || self.flush().is_ok() && self.outbox.push_live(frame)
    }

    /// Notes that the live subscription with that alias missed what follows `cursor`, and is not live any more.
    pub(crate) fn fall_behind(&mut self, room: &RoomId, alias: &Alias, cursor: Seq) {
        self.subscriptions.fall_behind(room, alias, cursor);
    }

    /// The subscription with that number.
    pub(crate) fn subscription(&mut self, id: SubId) -> Option<&mut Subscription> {
        self.subscriptions.get_mut(id)
    }

    /// Whether the client may be heard: not while it has more answers to read than it reads.
    pub(crate) fn hears(&self) -> bool {
        !matches!(self.end, End::Leaving(_)) && !self.outbox.is_half_full()
    }
}

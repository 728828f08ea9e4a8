//! Long polling: connections of those who can open no WebSocket.
//!
//! A session is an ordinary connection of a shard, through a pair of sockets inside this process: so limits, seats, slow
//! readers and drains are the shard's, as with everybody else. At the other end of the pair a task ([`session`]) keeps what
//! has come until the client polls for it, and writes what the client posts. Requests come to any gateway: one that does
//! not keep the session asks the one that does over the bus ([`relay`]); which one that is stands in the session's token
//! ([`ticket`]).
//!
//! * `ticket`: the token of a session, sealed.
//! * `registry`: the sessions of this gateway.
//! * `waiting`: what waits for one client, and its poll, without I/O.
//! * `unsent`: what one client has posted.

mod registry;
mod relay;
mod session;
mod ticket;
mod unsent;
mod waiting;

use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, PollSession};
use socket2::SockRef;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use crate::auth::Secret;
use crate::http::{Load, Slot};
use registry::{Registry, Visit};
use relay::RELAYS_MAX;
use session::Session;
use ticket::Seal;
pub(crate) use ticket::{Shown, Ticket};

/// How long a poll waits for something to come.
pub(crate) const WINDOW: Duration = Duration::from_secs(10);
/// How long whoever asks a session waits: longer than a poll takes.
const ANSWER_WITHIN: Duration = Duration::from_secs(12);
/// What the kernel keeps in either direction of a pair of sockets, as for any client.
const BUFFER_BYTES: usize = 64 * 1024;

/// The sessions of a gateway, and the way to those of others. Owned by the gateway, shared by its shards.
pub(crate) struct Polls {
    /// Where others ask for its sessions: [`bus::Door::Gateway`].
    gateway: u64,
    seal: Seal,
    registry: Arc<Registry>,
    bus: Arc<dyn Bus>,
    /// Requests of this gateway's clients that others are asked.
    asking: Semaphore,
    /// Requests of others' clients that are being answered here.
    answering: Arc<Semaphore>,
    /// Counts them: a drain waits for them as for any client.
    load: Load,
}

/// Why a request to a session has brought nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no such session, or no longer.
    Gone,
    /// What was posted is larger than the bus carries.
    TooLarge,
    /// The gateway that keeps it says nothing, or too many are asking.
    Unknown,
}

/// A session that has begun, and nobody keeps yet.
pub(crate) struct Begun {
    /// Its token.
    pub(crate) token: String,
    session: Session,
}

impl Polls {
    /// With the key that all gateways share, if there is one.
    pub(crate) fn new(secret: Option<&Secret>, bus: Arc<dyn Bus>) -> Arc<Self> {
        Arc::new(Self {
            gateway: rand::random(),
            seal: Seal::new(secret),
            registry: Registry::new(),
            bus,
            asking: Semaphore::new(RELAYS_MAX),
            answering: Arc::new(Semaphore::new(RELAYS_MAX)),
            load: Load::default(),
        })
    }

    /// Begins a session: gives it, and the socket that is its connection's.
    ///
    /// # Errors
    /// [`Failure::Unknown`] if there are too many, or the system gives no sockets.
    pub(crate) fn begin(&self) -> Result<(Begun, TcpStream), Failure> {
        let (id, visits, entry) = self.registry.enter().ok_or(Failure::Unknown)?;
        let (ours, theirs) = pair().map_err(|error| failed(&error))?;
        let session = Session::new(ours, visits, entry).map_err(|error| failed(&error))?;
        let token = self.seal.sign(Ticket { gateway: self.gateway, session: id });
        Ok((Begun { token, session }, theirs))
    }

    /// How many requests of others' clients are being answered.
    pub(crate) fn load(&self) -> Load {
        self.load.clone()
    }

    /// What a text is that may be a session's token.
    pub(crate) fn look(&self, token: &str) -> Shown {
        self.seal.look(token)
    }

    /// Waits for what comes for a session: nothing if that takes longer than [`WINDOW`].
    ///
    /// Dropped, what comes waits for the next poll, if this gateway keeps the session; it is lost otherwise.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn poll(&self, ticket: Ticket) -> Result<Vec<String>, Failure> {
        match ticket.gateway == self.gateway {
            true => self.visit(ticket.session, Visit::Poll).await,
            false => self.poll_elsewhere(ticket).await,
        }
    }

    /// Says frames for a client, in order; comes back when its connection has taken them. Dropped, they may be said.
    ///
    /// # Errors
    /// [`Failure`]: a part of them may be said.
    pub(crate) async fn post(&self, ticket: Ticket, lines: Vec<String>) -> Result<(), Failure> {
        match ticket.gateway == self.gateway {
            true => self.visit(ticket.session, |asker| Visit::Post(lines, asker)).await.map(|_| ()),
            false => self.post_elsewhere(ticket, lines).await,
        }
    }

    /// Asks a session of this gateway.
    async fn visit(
        &self,
        session: PollSession,
        visit: impl FnOnce(registry::Asker) -> Visit,
    ) -> Result<Vec<String>, Failure> {
        let (asker, answer) = oneshot::channel();
        self.registry.visit(session, visit(asker))?;
        match timeout(ANSWER_WITHIN, answer).await {
            Ok(answer) => answer.map_err(|_| Failure::Gone),
            Err(_) => Err(Failure::Unknown),
        }
    }
}

impl Begun {
    /// Keeps the session until it is over, in a task of its own.
    pub(crate) fn keep(self, slot: Slot) {
        let session = self.session;
        tokio::spawn(async move {
            session.keep().await;
            drop(slot);
        });
    }
}

/// Two sockets of which each reads what the other writes, the second one as if it were a client's.
fn pair() -> io::Result<(UnixStream, TcpStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    for socket in [&ours, &theirs] {
        socket.set_nonblocking(true)?;
        SockRef::from(socket).set_send_buffer_size(BUFFER_BYTES)?;
    }
    Ok((ours, TcpStream::from(OwnedFd::from(theirs))))
}

fn failed(error: &io::Error) -> Failure {
    tracing::warn!(%error, "a session of long polling could not begin");
    Failure::Unknown
}

//! The road between gateways and writers: one trait, two backends (`nats:`, `local:`), chosen by the URL.
//!
//! The bus is a hint, the store is the truth: what is published here may be lost, doubled or come late, and
//! nothing but latency depends on it. Requests end with an answer or an error, never in silence.

mod live;
mod local;
mod message;
mod nats;
mod open;
mod partition;
mod step;
mod survey;
mod trace;
mod waiting;
mod wire;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};

pub use live::{GatewayBeat, LiveNews, News, Telling, There};
pub use local::LocalBus;
pub use message::{Answer, Ask, Beat, HEADS_MAX, Note, PageLimit, PollSession, RoomEvents, Submission};
pub use nats::UNREAD_MAX;
pub use open::{ClientCertificate, OpenError, Options, check_url, open};
pub use partition::{PARTITIONS, Partition};
pub use step::{STEP_TARGET, Step};
pub use survey::{Named, Survey, Surveyed, Tally};
pub use trace::TraceParent;
pub use waiting::Pending;

/// The road. One connection a process: what one task hands over in order leaves in that order.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Hands a request over. Once this returns, the request stands before everything that is handed over
    /// later; the answer comes through [`Pending`].
    ///
    /// # Errors
    /// [`BusError::Cut`] at once while the bus is not connected, and [`BusError::Full`]: nothing was handed
    /// over.
    ///
    /// Cancel safe: dropped, the request was either handed over or not; nobody hears the answer.
    async fn ask(&self, door: Door, ask: Ask, trace: Option<TraceParent>) -> Result<Pending, BusError>;

    /// Takes the requests that come to a door into `into`, until the guard is dropped. Several servers of one
    /// [`Door::is_shared`] door share its requests; those of another each get all.
    ///
    /// # Errors
    /// [`BusError`] if the bus has been closed.
    async fn serve(&self, door: Door, into: mpsc::Sender<Asked>) -> Result<Listening, BusError>;

    /// Answers a request, after everything that this task handed over before.
    ///
    /// # Errors
    /// [`BusError`]; the asker then runs into its time limit.
    async fn answer(&self, to: ReplyTo, answer: Answer) -> Result<(), BusError>;

    /// Tells everybody who listens to the note's topic.
    ///
    /// # Errors
    /// [`BusError`] if it certainly went nowhere.
    async fn publish(&self, note: Note, trace: Option<TraceParent>) -> Result<(), BusError>;

    /// Hears the notes of a topic into `into`, until the guard is dropped. While `into` is full the bus keeps
    /// a bounded number of notes and then loses some; that shows as a new [`Link::losses`]. Listeners to rooms of one
    /// partition may wait for each other, and a note may come twice when a room has just begun or ended to be one
    /// of many ([`Options::single_rooms_max`]): the first copies are in order.
    ///
    /// # Errors
    /// [`BusError`] if the bus has been closed.
    async fn listen(&self, topic: Topic, into: mpsc::Sender<Heard>) -> Result<Listening, BusError>;

    /// What carries it, as traces name it: `messaging.system`.
    fn system(&self) -> &'static str;

    /// The state of the connection, as it changes.
    fn link(&self) -> watch::Receiver<Link>;

    /// Comes back when everything that was handed over before has reached the other side.
    ///
    /// # Errors
    /// [`BusError`].
    async fn settle(&self) -> Result<(), BusError>;
}

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// Submissions for rooms of a partition: the writer that has won it.
    Submit(Partition),
    /// Submissions for any room: one of all writers.
    SubmitAny,
    /// Reads of rooms of a partition: the writer that has won it.
    Read(Partition),
    /// Reads of any room: one of all writers.
    ReadAny,
    /// One gateway, or the sessions of long polling that one keeps: by the random number that they were given at its start.
    Gateway(u64),
}

impl Door {
    /// True if each request goes to only one of those who serve it (a queue group).
    #[must_use]
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::SubmitAny | Self::ReadAny)
    }
}

/// What can be listened to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The events of one room.
    Room(chat::RoomId),
    /// The events of all rooms of a partition.
    Rooms(Partition),
    /// The announced heads of a partition's rooms.
    Heads(Partition),
    /// The beats of the writers.
    Beats,
    /// What gateways tell of one room or channel and what is in no log.
    Live(chat::Place),
    /// The beats of the gateways.
    Gateways,
}

/// A note as it was heard.
#[derive(Debug)]
pub struct Heard {
    /// What it says.
    pub note: Note,
    /// The trace that it belongs to, if that is recorded.
    pub trace: Option<TraceParent>,
}

/// A request as it came in.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub ask: Ask,
    /// The trace that it belongs to, if that is recorded.
    pub trace: Option<TraceParent>,
    /// Where the answer goes.
    pub reply_to: ReplyTo,
}

/// Where an answer goes. Dropped without an answer, the asker runs into its time limit.
#[derive(Debug)]
pub struct ReplyTo(pub(crate) ReplyRoute);

#[derive(Debug)]
pub(crate) enum ReplyRoute {
    /// Inside this process: the number under which the asker waits.
    Local(u64),
    /// A NATS subject.
    Subject(async_nats::Subject),
}

/// Keeps a subscription alive; dropped, it ends.
#[derive(Debug)]
#[must_use = "the subscription ends when this is dropped"]
pub struct Listening(#[expect(dead_code, reason = "held for its drop")] pub(crate) Subscribed);

#[derive(Debug)]
#[expect(dead_code, reason = "held for their drop")]
pub(crate) enum Subscribed {
    /// Inside this process.
    Local(local::Registration),
    /// The guard of a task that forwards a NATS subscription.
    Forwarded(tokio_util::sync::DropGuard),
    /// A room over NATS.
    Room(nats::RoomListening),
}

/// The state of the connection to the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Link {
    /// Whether there is a connection now.
    pub connected: bool,
    /// Grows whenever notes may have been lost: with each reconnect, and each time a listener was too slow.
    pub losses: u64,
}

/// Why the bus did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// Nobody serves that door. The request was certainly not handled.
    #[error("nobody serves this")]
    NoResponder,
    /// There is no connection, or it broke: whether the request arrived is unknown unless it was refused at
    /// the hand-over.
    #[error("the bus is not connected")]
    Cut,
    /// Too many requests wait already, here or at the door. The request was certainly not handled.
    #[error("too many requests are waiting")]
    Full,
    /// It is larger than the bus carries (1 MiB over NATS, unless its server says otherwise). It went
    /// nowhere.
    #[error("too large for the bus")]
    TooLarge,
    /// The answer could not be read.
    #[error("unreadable: {0}")]
    Unreadable(String),
}

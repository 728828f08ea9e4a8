//! The switchboard: the one task of a gateway that owns the road to the bus. It works on the thread on which the bus
//! does, so that a message wakes a thread only where it comes from a shard, and where it goes to one.
//!
//! It owns the interest in rooms, each room's log, and the reads that repair it, and hands ordered events to
//! the shards. Everything that a shard learns about a room comes over one FIFO, the answers to joins included:
//! so the switch from history to live is exact across threads.
//!
//! A shard never waits for the switchboard ([`Line::ask`] fails at once when the queue is full), so the
//! switchboard may wait for a shard. It ends when its shutdown token is cancelled.

mod answers;
mod budget;
mod due;
mod errand;
mod heads;
mod interest;
mod operator;
mod requests;
mod road;
mod rooms;
#[cfg(test)]
pub(crate) mod test_bench;
#[cfg(test)]
mod tests;

pub(crate) use due::Due;

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Survey};
use chat::{ChannelName, Draft, Event, Refusal, RoomId, RoomState, Roster, Seq, UserId, Verdict};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::metrics::Metrics;
use crate::porter::Passing;
use crate::sampling::{Sampling, Step};
use crate::session::{AskId, Join, JoinedAt, Read, ReadAnswer, SubId, Tuned};
use crate::shard::LocalTally;

/// One connection of one shard. The generation tells apart those that used the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ConnectionKey {
    pub(crate) place: u32,
    pub(crate) generation: u32,
}

/// One subscription, as its shard finds it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SubKey {
    pub(crate) connection: ConnectionKey,
    pub(crate) sub: SubId,
}

/// What a shard wants.
#[derive(Debug)]
pub(crate) enum Want {
    /// Open a subscription. Answered by [`Told::Joined`].
    Join { connection: ConnectionKey, join: Join },
    /// A page of a room's log after a position. Answered by [`Told::Page`], or by [`Told::Restarted`] for the
    /// room.
    Page { to: SubKey, room: RoomId, after: Seq },
    /// The shard has no subscription in this room any more. `received` counts the [`Told::Joined`] that it has
    /// got for the room since it was last out of it; if another is on its way, the shard stays in.
    Quit { room: RoomId, received: u32 },
    /// Append drafts. Answered by [`Told::Verdicts`].
    Submit {
        connection: ConnectionKey,
        room: RoomId,
        drafts: Vec<Draft>,
        accepted: Instant,
        trace: Option<Step>,
    },
    /// Read something. Answered by [`Told::Read`].
    Read { connection: ConnectionKey, ask: AskId, read: Read },
    /// Find out where a room stands, for a request over HTTP.
    Look { room: RoomId, create: bool, accepted: Instant, reply: oneshot::Sender<Result<RoomState, Refusal>> },
    /// Append a draft, for a request over HTTP.
    Append { draft: Box<Draft>, accepted: Instant, reply: oneshot::Sender<Verdict> },
}

/// What a shard is told.
#[derive(Debug)]
pub(crate) enum Told {
    /// These events follow what the shard was told of the room before.
    Events(Live),
    /// The room has another history: every subscription starts again, after `start`.
    Restarted { room: RoomId, state: RoomState, start: Seq },
    /// A subscription is open: from here on the shard is told the room's events after `at.state.seq`.
    Joined { to: SubKey, room: RoomId, at: JoinedAt },
    /// A subscription was refused.
    NotJoined { to: SubKey, refusal: Refusal },
    /// Events for a subscription that is behind, of a log that begins at `first`; those up to its position are to
    /// be skipped. Without any it asks again a little later: they could not be read.
    Page { to: SubKey, first: Seq, events: Arc<[Arc<Event>]> },
    /// The answer to [`Want::Submit`].
    Verdicts { connection: ConnectionKey, room: RoomId, verdicts: Vec<Verdict> },
    /// Something passes in a room that the shard watches, or in a channel that it listens to.
    Passed(Passing),
    /// What came of [`crate::porter::Errand::TuneIn`]. What is passed behind it is for this subscription, too.
    TunedIn { to: SubKey, channel: ChannelName, outcome: Result<Arc<Tuned>, Refusal> },
    /// Who is in the room of a subscription.
    Roster { to: SubKey, roster: Arc<Roster> },
    /// The answer to [`Want::Read`], or to [`crate::porter::Errand::Who`].
    Read { connection: ConnectionKey, ask: AskId, answer: Result<ReadAnswer, Refusal> },
    /// How many subscriptions there are.
    Survey { survey: Arc<Survey>, reply: oneshot::Sender<Vec<LocalTally>> },
    /// End the connections of a user, those of one dialect or all; how many there were is the answer.
    SendAway { user: UserId, dialect: Option<Arc<str>>, reply: oneshot::Sender<u32> },
    /// Whether the gateway is cut off from its bus.
    Status { degraded: bool },
}

/// Events of one room, on their way to sockets.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) room: RoomId,
    pub(crate) epoch: chat::Epoch,
    pub(crate) events: Arc<[Arc<Event>]>,
    /// When the bus brought them, or when the read that brought them came back.
    pub(crate) heard: Instant,
    /// What is recorded of them, until they are written everywhere.
    pub(crate) trace: Option<Step>,
}

/// A shard's line to the switchboard.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) shard: usize,
    wants: mpsc::Sender<(usize, Want)>,
}

impl Line {
    /// A line on which a test listens.
    #[cfg(test)]
    pub(crate) fn tapped(wants: mpsc::Sender<(usize, Want)>) -> Self {
        Self { shard: 0, wants }
    }

    /// Hands a wish over, or gives it back if the switchboard has too much to do.
    pub(crate) fn ask(&self, want: Want) -> Result<(), Want> {
        self.wants.try_send((self.shard, want)).map_err(|refused| refused.into_inner().1)
    }
}

/// What the switchboard must know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// `limits.replay`
    pub(crate) replay: u64,
    /// `limits.ring_bytes`
    pub(crate) ring_bytes: usize,
    /// How long interest in an empty room lingers.
    pub(crate) linger: Duration,
    /// Which requests over HTTP are traced.
    pub(crate) sampling: Sampling,
}

/// How many wishes of all shards wait for the switchboard.
const WANTS_MAX: usize = 65_536;
/// How many hand-overs wait for one shard. Each may hold many notes.
const TOLD_MAX: usize = 1024;

/// The ends that a shard holds.
#[derive(Debug)]
pub(crate) struct ShardEnds {
    pub(crate) line: Line,
    pub(crate) told: mpsc::Receiver<Vec<Told>>,
}

/// The lines between the shards and the switchboard: the ends of both.
struct Lines {
    wants: mpsc::Receiver<(usize, Want)>,
    told: Vec<mpsc::Sender<Vec<Told>>>,
    ends: Vec<ShardEnds>,
}

impl Lines {
    fn lay(shards: usize, wants_max: usize, told_max: usize) -> Self {
        let (wants_in, wants) = mpsc::channel(wants_max);
        let (told, ends) = (0..shards)
            .map(|shard| {
                let (told_in, told) = mpsc::channel(told_max);
                (told_in, ShardEnds { line: Line { shard, wants: wants_in.clone() }, told })
            })
            .unzip();
        Self { wants, told, ends }
    }
}

/// A switchboard that works.
pub(crate) struct Started {
    pub(crate) ends: Vec<ShardEnds>,
    /// Where others can tell the shards something, too.
    pub(crate) told: Vec<mpsc::Sender<Vec<Told>>>,
    pub(crate) work: JoinHandle<()>,
}

/// Starts the switchboard for `shards` shards, on the thread and the `LocalSet` of the caller. `alive` is dropped when
/// it has ended, however it did.
pub(crate) fn start(
    shards: usize,
    bus: Arc<dyn Bus>,
    settings: Settings,
    metrics: Metrics,
    shutdown: CancellationToken,
    alive: DropGuard,
) -> Started {
    let Lines { wants, told, ends } = Lines::lay(shards, WANTS_MAX, TOLD_MAX);
    let mut operator = operator::Operator::new(bus, settings, metrics, told.clone());
    let work = spawn_local(async move {
        let _alive = alive;
        operator.run(wants, shutdown).await;
    });
    Started { ends, told, work }
}

//! The porter: the one task of a gateway that knows who is in which room or channel, and what passes there.
//!
//! It owns the rooms of [`crate::presence`], the channels with what is kept of them, the interest in what other gateways tell
//! of both, and the beats. It works
//! beside the switchboard, on the same thread, and apart from it: however much comes and goes, no message waits for it.
//! A shard never waits for the porter ([`Bell::ring`] fails at once when the queue is full), so the porter may wait for a
//! shard. It ends when its shutdown token is cancelled; its last beat says so.

mod asking;
mod callers;
mod channel;
mod desk;
mod post;
mod shelf;

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use chat::{
    ChannelName, Clock, ConnectionName, Member, Moment, Place, Refusal, RoomId, Roster, User, Whisper,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, spawn_local};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::neighbours::Others;
use crate::presence::{Guest, Parting, Rules};
use crate::session::AskId;
use crate::settings::{Presence, Pusher};
use crate::switchboard::{ConnectionKey, SubKey, Told};
pub(crate) use asking::{Broadcasting, Occupancy};
pub(crate) use shelf::Kept;
#[cfg(test)]
pub(crate) use shelf::Stamp;

/// What a shard wants of the porter.
#[derive(Debug)]
pub(crate) enum Errand {
    /// To be told what passes in a room, by [`Told::Passed`], or no longer.
    Watch {
        room: RoomId,
        watches: bool,
    },
    /// A connection is in a room from now on.
    Enter {
        connection: ConnectionKey,
        room: RoomId,
        user: User,
    },
    /// It is there no longer.
    Exit {
        connection: ConnectionKey,
        room: RoomId,
        parting: Parting,
    },
    /// Who is there, for a subscription that is told what changes from there on. Answered by [`Told::Roster`].
    Roster {
        to: SubKey,
        room: RoomId,
    },
    /// Who is there. Answered by [`Told::Read`].
    Who {
        connection: ConnectionKey,
        ask: AskId,
        room: RoomId,
    },
    /// Everybody in a room or a channel but one connection is to be told.
    Whisper {
        place: Place,
        by: User,
        whisper: Whisper,
        except: ConnectionName,
    },
    /// Open a subscription of a channel, seen there as this member where that is shown. Answered by [`Told::TunedIn`].
    TuneIn {
        to: SubKey,
        channel: chat::Channel,
        member: Option<Member>,
    },
    /// A subscription that was opened so has ended.
    TuneOut {
        connection: ConnectionKey,
        channel: ChannelName,
        parting: Parting,
    },
    /// How many users are in rooms, as far as it is known here. Answered in the same order.
    Headcounts {
        rooms: Vec<RoomId>,
        reply: oneshot::Sender<Vec<Option<u32>>>,
    },
    /// What backends tell and ask: see [`asking`].
    Broadcast {
        broadcasting: Broadcasting,
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
    Occupied {
        prefix: String,
        reply: oneshot::Sender<Vec<Occupancy>>,
    },
    Kept {
        channel: ChannelName,
        reply: oneshot::Sender<Option<Kept>>,
    },
    Members {
        channel: chat::Channel,
        reply: oneshot::Sender<Roster>,
    },
    MembersOfRoom {
        room: RoomId,
        reply: oneshot::Sender<Roster>,
    },
}

/// Something that passes in a room or a channel, on its way to sockets.
#[derive(Debug, Clone)]
pub(crate) struct Passing {
    pub(crate) place: Place,
    pub(crate) moment: Arc<Moment>,
    /// The connection that is not told.
    pub(crate) except: Option<ConnectionName>,
}

/// How many errands of all shards wait for the porter.
const ERRANDS_MAX: usize = 65_536;

/// A shard's bell at the porter's.
#[derive(Debug, Clone)]
pub(crate) struct Bell {
    shard: usize,
    errands: mpsc::Sender<(usize, Errand)>,
}

impl Bell {
    /// Hands an errand over, or gives it back if the porter has too much to do.
    pub(crate) fn ring(&self, errand: Errand) -> Result<(), Errand> {
        self.errands.try_send((self.shard, errand)).map_err(|refused| refused.into_inner().1)
    }

    /// A bell that a test hears.
    #[cfg(test)]
    pub(crate) fn tapped(errands: mpsc::Sender<(usize, Errand)>) -> Self {
        Self { shard: 0, errands }
    }
}

/// The bells of a gateway's shards, and the porter's end.
pub(crate) fn bells(shards: usize) -> (Vec<Bell>, mpsc::Receiver<(usize, Errand)>) {
    let (errands_in, errands) = mpsc::channel(ERRANDS_MAX);
    ((0..shards).map(|shard| Bell { shard, errands: errands_in.clone() }).collect(), errands)
}

/// What the porter is given.
pub(crate) struct Parts {
    /// The random number that the gateway has given itself.
    pub(crate) me: u64,
    /// Where it is told which others there are.
    pub(crate) others: watch::Sender<Others>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Presence,
    /// How many channels there may be, and what is kept of them.
    pub(crate) channels: ChannelRules,
    pub(crate) errands: mpsc::Receiver<(usize, Errand)>,
    /// Where each shard is told what it has asked for.
    pub(crate) told: Vec<mpsc::Sender<Vec<Told>>>,
}

/// How many channels there may be, and what is kept of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChannelRules {
    /// `pusher.channels_max`
    pub(crate) channels_max: usize,
    pub(crate) shelf: shelf::Rules,
}

impl From<&Pusher> for ChannelRules {
    fn from(settings: &Pusher) -> Self {
        let Pusher { channels_max, cache_channels, cache_bytes, cache_for, .. } = *settings;
        let shelf =
            shelf::Rules { channels_max: cache_channels, bytes_max: cache_bytes, keep_for: cache_for };
        Self { channels_max, shelf }
    }
}

fn guest(shard: usize, connection: ConnectionKey) -> Guest {
    let shard = u16::try_from(shard).unwrap_or_else(|_| unreachable!("there are fewer cores than that"));
    Guest { shard, connection }
}

/// How long the last beat may take.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);

/// Starts the porter on the thread and the `LocalSet` of the caller. `alive` is dropped when it has ended, however it did.
pub(crate) fn start(parts: Parts, shutdown: CancellationToken, alive: DropGuard) -> JoinHandle<()> {
    let list_max = parts.settings.list_max.min(Presence::LIST_MAX);
    let rules = Rules { list_max, grace: parts.settings.grace };
    spawn_local(async move {
        let _alive = alive;
        desk::Desk::new(&parts, rules).run(parts.errands, shutdown).await;
    })
}

#[cfg(test)]
mod tests;

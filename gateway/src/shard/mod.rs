//! A shard: one thread that owns what it touches. Its connections, their sessions, and the listeners of its
//! rooms belong to it alone, so the way of a delivery has no lock, no atomic count and no wake-up of a task.
//!
//! [`Shard`] is data and decisions; the tasks around it ([`thread`]) only wait. No borrow of it is held over
//! an await.

mod actions;
mod channels;
mod company;
mod encode;
mod ending;
mod fanout;
mod feeding;
mod history;
mod left_out;
mod room;
mod sockets;
mod surveyed;
#[cfg(test)]
mod tests;
pub(crate) mod thread;
mod waves;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use chat::{ChannelName, Refusal, RoomId};
use tokio::time::Instant;

use crate::connection::{Connection, End};
use crate::metrics::Metrics;
use crate::porter::{Bell, Errand};
use crate::session::{Action, Env};
use crate::switchboard::{ConnectionKey, Line, Want};
use channels::LocalChannel;
pub(crate) use channels::Tunings;
pub(crate) use company::Company;
use encode::{LastBeats, LastPage};
pub(crate) use history::PageLine;
use room::LocalRoom;
pub(crate) use surveyed::LocalTally;

/// A shard, as its tasks share it.
pub(crate) type SharedShard = Rc<RefCell<Shard>>;

/// One shard. Owned by its thread.
pub(crate) struct Shard {
    env: Env,
    line: Line,
    bell: Bell,
    metrics: Metrics,
    connections: slab::Slab<Connection>,
    /// Counts up with every connection, so that a key never names two of them.
    generations: u32,
    rooms: HashMap<RoomId, LocalRoom>,
    channels: HashMap<ChannelName, LocalChannel>,
    /// Rooms that are empty and that the switchboard could not be told of yet.
    quits: HashSet<RoomId>,
    /// What the porter had no time for yet: as many as there are subscriptions that begin or end within a second.
    errands: VecDeque<Errand>,
    /// Connections with something to write, in the order in which they got it.
    touched: VecDeque<u32>,
    last_page: LastPage,
    last_beats: LastBeats,
    /// Frames are put together here.
    scratch: Vec<u8>,
    /// Sockets are read into this.
    input: Vec<u8>,
    limits: ShardLimits,
    waiting: Waiting,
}

/// How much waits for the sockets of a shard, counted once a tick.
#[derive(Debug, Default)]
struct Waiting {
    /// As far as this tick has counted.
    bytes: usize,
    /// What the metrics have been told.
    shown: i64,
}

impl Waiting {
    /// All are counted: the metrics are told, and it begins anew.
    fn show(&mut self, metrics: &Metrics) {
        let bytes = i64::try_from(std::mem::take(&mut self.bytes)).unwrap_or(i64::MAX);
        metrics.outbox_bytes.add(bytes - self.shown);
        self.shown = bytes;
    }
}

/// The bounds that the shard itself keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShardLimits {
    /// `limits.frame_bytes`
    pub(crate) frame_bytes: usize,
    /// `limits.outbox_bytes`
    pub(crate) outbox_bytes: usize,
    /// `limits.stalled`
    pub(crate) stalled: Duration,
}

impl ShardLimits {
    /// How long a socket may take nothing, as the tick sees it: the next tick would be too late.
    fn patience(&self) -> Duration {
        self.stalled.saturating_sub(thread::TICK).max(self.stalled / 2)
    }
}

/// How many connections are looked after at once: some 0.1 ms. Ten thousand of them would hold every message up for 5 ms.
const TICKED_AT_ONCE: usize = 256;

/// How much of a socket is read at once.
const INPUT_BYTES: usize = 16 * 1024;

impl Shard {
    pub(crate) fn new(env: Env, line: Line, bell: Bell, metrics: Metrics, limits: ShardLimits) -> Self {
        Self {
            env,
            line,
            bell,
            metrics,
            connections: slab::Slab::new(),
            generations: 0,
            rooms: HashMap::new(),
            channels: HashMap::new(),
            quits: HashSet::new(),
            errands: VecDeque::new(),
            touched: VecDeque::new(),
            last_page: LastPage::default(),
            last_beats: LastBeats::default(),
            scratch: Vec::new(),
            input: vec![0; INPUT_BYTES],
            limits,
            waiting: Waiting::default(),
        }
    }

    /// How many WebSockets there are.
    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// The connection, unless it has been forgotten.
    fn connection(&mut self, key: ConnectionKey) -> Option<&mut Connection> {
        self.connections
            .get_mut(index(key.place))
            .filter(|connection| connection.generation == key.generation)
    }

    /// Looks after the connections from a place on, about once a second: heartbeats, time limits, stalled readers.
    /// At most [`TICKED_AT_ONCE`]; says where to go on after everybody else's turn, and `None` after the last one,
    /// when what could not be handed to the switchboard before has been tried again, too.
    pub(crate) fn tick(&mut self, from: usize, now: Instant) -> Option<usize> {
        let until = from + TICKED_AT_ONCE;
        for place in from..until {
            if let Some(connection) = self.connections.get(place) {
                let generation = connection.generation;
                self.waiting.bytes += connection.outbox.bytes();
                self.tick_connection(ConnectionKey { place: short(place), generation }, now);
            }
        }
        if until < self.connections.capacity() {
            return Some(until);
        }
        self.waiting.show(&self.metrics);
        self.ring_again();
        self.quits =
            std::mem::take(&mut self.quits).into_iter().filter(|room| !self.try_quit(room)).collect();
        None
    }

    fn tick_connection(&mut self, key: ConnectionKey, now: Instant) {
        let patience = self.limits.patience();
        let Some(connection) = self.connection(key) else { return };
        let blocked = connection.blocked_since;
        let stuck = blocked.is_some_and(|since| now.saturating_duration_since(since) >= patience);
        match connection.end {
            End::Open if stuck => self.dismiss_slow(key),
            End::Open => {
                connection.subscriptions.iter_mut().for_each(|subscription| subscription.phase.on_tick());
                let spoken = std::mem::take(&mut connection.spoken);
                self.with_session(key, |session, env, out| {
                    if spoken {
                        session.on_spoken();
                    }
                    session.on_tick(env, now, out);
                });
                self.make_up(key);
                self.feed(key);
            }
            End::Leaving(_) => self.leave_if_done(key, now),
            End::Closing(until) if until <= now => self.forget(key),
            End::Closing(_) => {}
        }
    }

    /// The keys of all connections.
    fn keys(&self) -> impl Iterator<Item = ConnectionKey> + '_ {
        self.connections.iter().map(|(place, connection)| ConnectionKey {
            place: short(place),
            generation: connection.generation,
        })
    }

    /// Lets a session do something, carries out what it wants done, and writes.
    fn with_session(
        &mut self,
        key: ConnectionKey,
        act: impl FnOnce(&mut crate::session::Session, &Env, &mut Vec<Action>),
    ) {
        let mut out = Vec::new();
        let env = &self.env;
        let connection = self
            .connections
            .get_mut(index(key.place))
            .filter(|connection| connection.generation == key.generation);
        let Some(connection) = connection else { return };
        act(&mut connection.session, env, &mut out);
        self.carry_out(key, out);
        self.flush(key);
    }

    /// Tells the switchboard that the shard is out of a room. False: it has no time, try again.
    fn try_quit(&mut self, id: &RoomId) -> bool {
        let Some(room) = self.rooms.get(id).filter(|room| room.members == 0) else { return true };
        let told = self.line.ask(Want::Quit { room: id.clone(), received: room.received }).is_ok();
        if told {
            self.rooms.remove(id);
        }
        told
    }
}

/// A place as it stands in keys and lists of listeners: half the size of a pointer.
fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or_else(|_| unreachable!("open files are far fewer than 2^32"))
}

fn index(place: u32) -> usize {
    place as usize
}

/// What those hear whose wish could not be handed to the switchboard.
fn busy() -> Refusal {
    Refusal::unavailable("this gateway is busy")
}

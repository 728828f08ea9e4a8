//! A shard without sockets: the sessions are real, and so is how far each subscription has been fed; what is done with
//! them is what `shard::actions`, `shard::fanout` and `shard::feeding` do. What would be written to a socket goes into a
//! mailbag.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use chat::{Event, Refusal, RoomId, RoomState};
use dialect::{Alias, Dialect, Frame};
use tokio::time::Instant;

use super::chance::Chance;
use super::connection::Connection;
use crate::connection::Subscription;
use crate::room::Phase;
use crate::session::{Answered, Credential, Env, Session};
use crate::switchboard::{ConnectionKey, Line, ShardEnds, Told, Want};

/// How long a connection that is dismissed may wait for its verdicts.
const VERDICTS_WITHIN: Duration = Duration::from_secs(5);

pub(super) struct Shard {
    pub(super) env: Env,
    pub(super) line: Line,
    told: tokio::sync::mpsc::Receiver<Vec<Told>>,
    /// The hand-over that has come and is not taken yet; while there is one, the others wait on the line.
    waiting: Option<Vec<Told>>,
    pub(super) rooms: BTreeMap<RoomId, LocalRoom>,
    quits: BTreeSet<RoomId>,
    /// By the number of the resident.
    pub(super) connections: BTreeMap<u32, Connection>,
    generations: u32,
    pub(super) mail: VecDeque<(usize, Mail)>,
    pub(super) chance: Chance,
    /// How often a live event does not fit into an outbox, per mille.
    pub(super) clogged: u64,
}

/// What the switchboard has told this shard of a room.
pub(super) struct LocalRoom {
    pub(super) state: RoomState,
    pub(super) received: u32,
    pub(super) members: u32,
}

/// What a resident gets.
#[derive(Debug)]
pub(super) enum Mail {
    /// A frame of the session.
    Words(String),
    /// Events of a room for one subscription, and of which history the shard takes them to be.
    Events { alias: Alias, room: RoomId, epoch: chat::Epoch, events: Vec<Arc<Event>> },
    /// The connection is over.
    Closed,
}

impl Shard {
    pub(super) fn new(env: Env, ends: ShardEnds, chance: Chance, clogged: u64) -> Self {
        Self {
            env,
            line: ends.line,
            told: ends.told,
            waiting: None,
            rooms: BTreeMap::new(),
            quits: BTreeSet::new(),
            connections: BTreeMap::new(),
            generations: 0,
            mail: VecDeque::new(),
            chance,
            clogged,
        }
    }

    /// Ready when something has come that is to be taken a little later.
    pub(super) fn poll_told(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.waiting.is_some() {
            return Poll::Pending;
        }
        match self.told.poll_recv(cx) {
            Poll::Ready(Some(told)) => {
                self.waiting = Some(told);
                Poll::Ready(())
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Takes all that it was told.
    pub(super) fn take_all(&mut self) {
        let now = Instant::now();
        let mut next = self.waiting.take();
        while let Some(batch) = next {
            batch.into_iter().for_each(|told| self.take(told, now));
            next = self.told.try_recv().ok();
        }
    }

    pub(super) fn open(&mut self, resident: usize, dialect: &'static dyn Dialect, token: &str) {
        let (now, place) = (Instant::now(), place(resident));
        self.generations += 1;
        let name = self.env.name_connection();
        let session = Session::new(dialect, name, Some(Credential::Token(token.to_owned())), &self.env, now);
        let generation = self.generations;
        let connection = Connection::new(generation, session);
        assert!(self.connections.insert(place, connection).is_none(), "it is connected twice");
        self.with_session(ConnectionKey { place, generation }, |session, env, out| {
            session.start(env, now, out);
        });
    }

    /// A resident says something. False if it is not heard: nobody listens to one that is being dismissed.
    pub(super) fn hear(&mut self, resident: usize, frame: &str) -> bool {
        let now = Instant::now();
        let Some(key) = self.key(resident) else { return false };
        if self.connections[&key.place].leaving.is_some() {
            return false;
        }
        self.with_session(key, |session, env, out| {
            session.on_heard(now);
            session.on_frame(env, now, Frame::Text(frame), out);
        });
        true
    }

    /// A resident's socket is broken.
    pub(super) fn forget(&mut self, resident: usize) {
        let Some(connection) = self.connections.remove(&place(resident)) else { return };
        connection.subscriptions.iter().for_each(|subscription| self.part(subscription));
    }

    pub(super) fn dismiss_all(&mut self) {
        let now = Instant::now();
        for key in self.keys() {
            let Some(connection) = self.connection(key) else { continue };
            connection.leaving.get_or_insert(now + VERDICTS_WITHIN);
            self.leave_if_done(key, now);
        }
    }

    /// To be called every second.
    pub(super) fn tick(&mut self) {
        let now = Instant::now();
        for key in self.keys() {
            let Some(connection) = self.connection(key) else { continue };
            if connection.leaving.is_some() {
                self.leave_if_done(key, now);
                continue;
            }
            connection.subscriptions.iter_mut().for_each(|subscription| subscription.phase.on_tick());
            self.with_session(key, |session, env, out| session.on_tick(env, now, out));
            self.feed(key);
        }
        self.quits =
            std::mem::take(&mut self.quits).into_iter().filter(|room| !self.try_quit(room)).collect();
    }

    /// What is still held for somebody.
    pub(super) fn holds(&self) -> Vec<String> {
        let rooms = self.rooms.keys().map(|room| format!("{room:?} in a shard"));
        let verdicts = self.connections.values().filter(|connection| connection.session.awaits_verdicts());
        let quits = self.quits.iter().map(|room| format!("{room:?} to be quitted"));
        rooms.chain(verdicts.map(|_| "sends without a verdict".to_owned())).chain(quits).collect()
    }

    pub(super) fn connection(&mut self, key: ConnectionKey) -> Option<&mut Connection> {
        self.connections.get_mut(&key.place).filter(|connection| connection.generation == key.generation)
    }

    pub(super) fn keys(&self) -> Vec<ConnectionKey> {
        let key = |(place, connection): (&u32, &Connection)| ConnectionKey {
            place: *place,
            generation: connection.generation,
        };
        self.connections.iter().map(key).collect()
    }

    fn key(&self, resident: usize) -> Option<ConnectionKey> {
        let place = place(resident);
        let connection = self.connections.get(&place)?;
        Some(ConnectionKey { place, generation: connection.generation })
    }

    pub(super) fn answer(&mut self, key: ConnectionKey, answered: Answered, now: Instant) {
        self.with_session(key, |session, env, out| session.on_answer(env, now, answered, out));
        self.leave_if_done(key, now);
    }

    /// Takes a subscription that has left its connection out of its room.
    pub(super) fn part(&mut self, subscription: &Subscription) {
        if subscription.phase == Phase::Joining {
            return;
        }
        let Some(room) = self.rooms.get_mut(&subscription.room) else { return };
        room.members -= 1;
        self.quit_if_empty(&subscription.room);
    }

    pub(super) fn quit_if_empty(&mut self, id: &RoomId) {
        if self.rooms.get(id).is_some_and(|room| room.members == 0) && !self.try_quit(id) {
            self.quits.insert(id.clone());
        }
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

    fn leave_if_done(&mut self, key: ConnectionKey, now: Instant) {
        let Some(connection) = self.connection(key) else { return };
        let Some(until) = connection.leaving else { return };
        if connection.session.awaits_verdicts() && now < until {
            return;
        }
        let refusal = Refusal::new(chat::Code::GoingAway, "this server is going away");
        self.with_session(key, |session, env, out| session.dismiss(env, refusal, out));
    }
}

fn place(resident: usize) -> u32 {
    u32::try_from(resident).expect("a handful")
}

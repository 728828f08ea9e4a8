//! Fan-out in two passes. First everything that is pending for the shard is taken, and each connection is
//! given the frames that are its own, in the order of their arrival; then every connection that was touched is
//! written to once. That coalesces by itself under load and costs nothing when idle.

use std::sync::Arc;
use std::time::Duration;

use chat::{Event, SystemClock};
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::encode::encode;
use super::{Shard, SharedShard, index};
use crate::connection::{End, Flushed};
use crate::sampling::Step;
use crate::session::Answered;
use crate::switchboard::{ConnectionKey, Live, Told};

/// How many hand-overs are taken at once.
const AT_ONCE: usize = 64;
/// After how long the other tasks of the shard get a turn, within a room of any size.
const TURN: Duration = Duration::from_millis(1);

/// Takes what the switchboard tells, until it is gone.
pub(super) async fn run(shard: SharedShard, mut told: mpsc::Receiver<Vec<Told>>) {
    let mut batches = Vec::with_capacity(AT_ONCE);
    while told.recv_many(&mut batches, AT_ONCE).await > 0 {
        let mut timings = Vec::new();
        let now = Instant::now();
        for told in batches.drain(..).flatten() {
            if let Told::Events(live) = &told {
                timings.push(Timing::begin(live));
            }
            shard.borrow_mut().take(told, now);
        }
        while shard.borrow_mut().flush_touched(Instant::now() + TURN) {
            yield_now().await;
        }
        shard.borrow_mut().observe(&timings);
    }
}

/// Events on their way through this shard.
struct Timing {
    events: Arc<[Arc<Event>]>,
    heard: Instant,
    /// What is recorded of it: until this is dropped.
    _trace: Option<Step>,
}

impl Timing {
    fn begin(live: &Live) -> Self {
        let trace = live.trace.as_ref().map(|arrival| arrival.part("write to sockets"));
        Self { events: Arc::clone(&live.events), heard: live.heard, _trace: trace }
    }
}

impl Shard {
    /// The first pass: takes one note.
    pub(super) fn take(&mut self, told: Told, now: Instant) {
        match told {
            Told::Events(live) => self.note(&live),
            Told::Restarted { room, state, start } => self.restart(&room, &state, start),
            Told::Joined { to, room, at } => self.joined(to, &room, at, now),
            Told::NotJoined { to, refusal } => {
                if let Some(connection) = self.connection(to.connection) {
                    connection.subscriptions.take(to.sub);
                }
                let answered = Answered::Joined(to.sub, Err(refusal));
                self.answer(to.connection, answered, now);
            }
            Told::Passed(passing) => self.pass(&passing),
            Told::TunedIn { to, channel, outcome } => self.tuned_in(to, &channel, outcome, now),
            Told::Roster { to, roster } => self.roster(to, &roster),
            Told::Page { to, first, events } => self.page(to, first, &events),
            Told::Verdicts { connection, room, verdicts } => {
                self.answer(connection, Answered::Verdicts(room, verdicts), now);
            }
            Told::Read { connection, ask, answer } => {
                self.read_answered(connection, ask, answer, now);
            }
            Told::Survey { survey, reply } => {
                let _gone = reply.send(self.survey(&survey));
            }
            Told::SendAway { user, dialect, reply } => {
                let _gone = reply.send(self.send_away(&user, dialect.as_deref()));
            }
            Told::Status { degraded } => {
                self.env.set_degraded(degraded);
                let keys: Vec<_> = self.keys().collect();
                for key in keys {
                    self.with_session(key, |session, _, out| session.on_status(degraded, out));
                }
            }
        }
    }

    pub(super) fn answer(&mut self, key: ConnectionKey, answered: Answered, now: Instant) {
        let mut out = Vec::new();
        let connection = self.connections.get_mut(index(key.place));
        let Some(connection) = connection.filter(|connection| connection.generation == key.generation) else {
            return;
        };
        connection.session.on_answer(&self.env, now, answered, &mut out);
        self.carry_out(key, out);
        self.touch(key.place);
        self.leave_if_done(key, now);
    }

    /// Gives each listener of a room the frames that are its own. Whoever has no room for them reads them from
    /// the log when it has: a burst costs nobody the connection, and no outbox grows beyond its bound.
    fn note(&mut self, live: &Live) {
        self.last_page.hear(&live.events);
        let aside = self.stand_aside(live);
        let Some(room) = self.rooms.get_mut(&live.room) else { return };
        let Some(last) = live.events.last() else { return };
        let before = std::mem::replace(&mut room.state.seq, last.seq);
        debug_assert_eq!(live.events[0].seq, before.next(), "the switchboard told a shard of a hole");
        for group in room.groups.iter_mut() {
            let encoded = encode(group.dialect, &group.alias, &live.epoch, &live.events, &mut self.scratch);
            let Some((frame, shown)) = encoded else { continue };
            let (alias, connections, touched) = (&group.alias, &mut self.connections, &mut self.touched);
            group.listeners.retain(|&place| {
                let Some(connection) = connections.get_mut(index(place)) else { return false };
                if connection.end != End::Open {
                    return true; // It leaves all its rooms when it closes.
                }
                let takes = connection.push_live(&frame);
                if !takes {
                    connection.fall_behind(&live.room, alias, before);
                } else if !connection.touched {
                    connection.touched = true;
                    touched.push_back(place);
                }
                takes
            });
            group.deliveries.inc_by(shown * group.listeners.len() as u64);
        }
        room.groups.sweep();
        aside.iter().for_each(|aside| self.step_back(aside, live));
    }

    /// The second pass: writes to those who were touched, until `until`. True if some are left.
    pub(super) fn flush_touched(&mut self, until: Instant) -> bool {
        let mut since_look = 0_u32;
        while let Some(place) = self.touched.pop_front() {
            if let Some(connection) = self.connections.get_mut(index(place)) {
                connection.touched = false;
                let key = ConnectionKey { place, generation: connection.generation };
                self.flush(key);
            }
            since_look += 1;
            if since_look.is_multiple_of(16) && Instant::now() >= until {
                break;
            }
        }
        !self.touched.is_empty()
    }

    /// Puts a connection in line for the second pass.
    pub(super) fn touch(&mut self, place: u32) {
        if let Some(connection) = self.connections.get_mut(index(place))
            && !connection.touched
        {
            connection.touched = true;
            self.touched.push_back(place);
        }
    }

    /// Writes what a connection has to write. What the socket does not take waits for its task.
    pub(super) fn flush(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        if connection.outbox.is_empty() {
            return;
        }
        match connection.flush() {
            Ok(Flushed::All) => self.written(key),
            Ok(Flushed::Blocked { some }) => {
                connection.wake.notify_one();
                if some > 0 && connection.end == End::Open {
                    self.fill(key);
                }
            }
            Err(error) => {
                tracing::debug!(%error, "a socket failed");
                self.forget(key);
            }
        }
    }

    /// Measures how long events took to the last of their sockets: once an event, not once a delivery.
    fn observe(&self, timings: &[Timing]) {
        use chat::Clock;
        if timings.is_empty() {
            return;
        }
        let wall = SystemClock.now().as_micros();
        for Timing { events, heard, .. } in timings {
            let on_the_way = heard.elapsed().as_secs_f64();
            for event in events.iter() {
                self.metrics.bus_to_socket.observe(on_the_way);
                let since_commit = (wall - event.at.as_micros()).max(0);
                #[expect(clippy::cast_precision_loss, reason = "microseconds of a latency")]
                self.metrics.fanout.observe(since_commit as f64 / 1e6);
            }
        }
    }
}

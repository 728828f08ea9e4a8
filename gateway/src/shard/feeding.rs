//! Feeding subscriptions that are behind: page after page, the next one only when the outbox has room, until
//! they stand where their room stands. From there they are live, without a gap and without a double: the
//! switchboard's FIFO carries both the pages and the events. Who cannot take what is live is behind again.

use std::sync::Arc;

use chat::{Event, RoomId, RoomState, Seq};
use tokio::time::Instant;

use super::encode::encode;
use super::left_out::rest;
use super::room::LocalRoom;
use super::{Shard, index};
use crate::room::{Fed, Phase};
use crate::session::{Answered, JoinedAt, SubId};
use crate::switchboard::{ConnectionKey, SubKey, Want};

impl Shard {
    /// The switchboard has granted a join. From here on the shard is told of the room's events.
    pub(super) fn joined(&mut self, to: SubKey, id: &RoomId, at: JoinedAt, now: Instant) {
        let room = self.rooms.entry(id.clone()).or_insert_with(|| LocalRoom::new(at.state.clone()));
        room.received += 1;
        let start = at.start;
        let waits = self.connection(to.connection).and_then(|connection| {
            let subscription = connection.subscription(to.sub)?;
            subscription.phase = Phase::behind(start);
            Some(())
        });
        if waits.is_none() {
            // It has left, or is gone, while the answer was on its way.
            if self.rooms.get(id).is_some_and(|room| room.members == 0) && !self.try_quit(id) {
                self.quits.insert(id.clone());
            }
            return;
        }
        self.metrics.subscriptions.inc();
        if let Some(room) = self.rooms.get_mut(id) {
            room.members += 1;
        }
        let mut out = Vec::new();
        if let Some(connection) = self.connections.get_mut(index(to.connection.place)) {
            connection.session.on_answer(&self.env, now, Answered::Joined(to.sub, Ok(at)), &mut out);
        }
        self.carry_out(to.connection, out);
        self.go_live_if_there(to);
        self.feed(to.connection);
        self.touch(to.connection.place);
    }

    /// A page for a subscription that is behind.
    pub(super) fn page(&mut self, to: SubKey, first: Seq, events: &Arc<[Arc<Event>]>) {
        let connection = self.connections.get_mut(index(to.connection.place));
        let connection = connection.filter(|connection| connection.generation == to.connection.generation);
        let Some(connection) = connection else { return };
        let (dialect, name) = (connection.dialect, connection.session.name());
        let Some(subscription) = connection.subscription(to.sub) else {
            return self.feed(to.connection); // It has left; the others have waited for its page.
        };
        let Some(room) = self.rooms.get(&subscription.room) else { return };
        match subscription.phase.feed(events, first, room.state.seq) {
            Fed::Nothing => {}
            Fed::Hole(start) => {
                let id = subscription.room.clone();
                self.start_again(to, &id, start);
                return;
            }
            Fed::Show(events) => {
                let (alias, epoch) = (&subscription.alias, &room.state.epoch);
                let frame = match rest(events, name) {
                    None => self.last_page.encode(dialect, alias, epoch, events, &mut self.scratch),
                    // Nobody else gets the same.
                    Some(rest) => {
                        encode(dialect, alias, epoch, &rest, &mut self.scratch).map(|(frame, _)| frame)
                    }
                };
                if let Some(frame) = frame {
                    connection.say(frame);
                }
            }
        }
        self.go_live_if_there(to);
        self.touch(to.connection.place);
        self.feed(to.connection);
    }

    /// The history of a room is another one: all its subscriptions start again.
    pub(super) fn restart(&mut self, id: &RoomId, state: &RoomState, start: Seq) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        room.state = state.clone();
        room.groups.clear();
        let mut members = Vec::new();
        for key in self.keys().collect::<Vec<_>>() {
            let Some(connection) = self.connection(key) else { continue };
            for subscription in connection.subscriptions.iter_mut() {
                if subscription.room == *id && subscription.phase != Phase::Joining {
                    subscription.phase = Phase::behind(start);
                    members.push(SubKey { connection: key, sub: subscription.id });
                }
            }
        }
        for to in members {
            let at = JoinedAt { state: state.clone(), start, truncated: true };
            self.tell_restarted(to, &at);
            self.go_live_if_there(to);
            self.feed(to.connection);
        }
    }

    /// What a subscription wanted next is gone from the store: it starts again where there is something.
    fn start_again(&mut self, to: SubKey, id: &RoomId, start: Seq) {
        let Some(room) = self.rooms.get(id) else { return };
        let state = RoomState { first_seq: start.next(), ..room.state.clone() };
        let at = JoinedAt { state, start, truncated: true };
        self.tell_restarted(to, &at);
        self.go_live_if_there(to);
        self.feed(to.connection);
    }

    fn tell_restarted(&mut self, to: SubKey, at: &JoinedAt) {
        let now = Instant::now();
        self.with_session(to.connection, |session, env, out| {
            session.on_restarted(env, now, to.sub, at, out);
        });
    }

    /// Asks for the next page of a connection that is behind somewhere, if it waits for none and there is room for
    /// it.
    pub(super) fn feed(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        if connection.outbox.is_half_full() {
            return;
        }
        let Some((sub, room, after)) = connection.subscriptions.hungry() else { return };
        let to = SubKey { connection: key, sub };
        if self.line.ask(Want::Page { to, room, after }).is_err() {
            return; // The next tick asks again.
        }
        if let Some(subscription) = self.connection(key).and_then(|c| c.subscription(sub)) {
            subscription.phase.ask();
        }
    }

    /// Makes a subscription live if it stands where its room stands.
    fn go_live_if_there(&mut self, to: SubKey) {
        let connection = self.connections.get_mut(index(to.connection.place));
        let connection = connection.filter(|connection| connection.generation == to.connection.generation);
        let Some(connection) = connection else { return };
        let dialect = connection.dialect;
        let Some(subscription) = connection.subscription(to.sub) else { return };
        let Some(room) = self.rooms.get_mut(&subscription.room) else { return };
        let had_fallen = subscription.phase.has_fallen();
        if !subscription.phase.go_live(room.state.seq) {
            return;
        }
        let deliveries = || self.metrics.deliveries.with_label_values(&[dialect.name()]);
        room.groups.listen(dialect, &subscription.alias, to.connection.place, deliveries);
        if !had_fallen {
            let sub: SubId = to.sub;
            self.with_session(to.connection, |session, _, out| session.on_caught_up(sub, out));
        }
    }
}

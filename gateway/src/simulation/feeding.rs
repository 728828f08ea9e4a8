//! What a shard does with what the switchboard tells it.

use std::sync::Arc;
use std::time::Duration;

use chat::{Event, RoomId, RoomState, Seq};
use tokio::time::Instant;

use super::shard::{LocalRoom, Mail, Shard};
use crate::connection::Subscription;
use crate::room::{Fed, Phase};
use crate::session::{Answered, JoinedAt};
use crate::switchboard::{ConnectionKey, Live, SubKey, Told, Want};

impl Shard {
    pub(super) fn take(&mut self, told: Told, now: Instant) {
        match told {
            Told::Events(live) => self.note(&live),
            Told::Restarted { room, state, start } => self.restart(&room, &state, start),
            Told::Joined { to, room, at } => self.joined(to, &room, at, now),
            Told::NotJoined { to, refusal } => {
                if let Some(connection) = self.connection(to.connection) {
                    connection.subscriptions.take(to.sub);
                }
                self.answer(to.connection, Answered::Joined(to.sub, Err(refusal)), now);
            }
            Told::Page { to, first, events } => self.page(to, first, &events),
            Told::Verdicts { connection, room, verdicts } => {
                self.answer(connection, Answered::Verdicts(room, verdicts), now);
            }
            Told::Read { connection, ask, answer } => {
                self.answer(connection, Answered::Read(ask, answer), now);
            }
            // Who is there has a simulation of its own.
            Told::Passed(_)
            | Told::Roster { .. }
            | Told::TunedIn { .. }
            | Told::Survey { .. }
            | Told::SendAway { .. } => {}
            Told::Status { degraded } => {
                self.env.set_degraded(degraded);
                for key in self.keys() {
                    self.with_session(key, |session, _, out| session.on_status(degraded, out));
                }
            }
        }
    }

    /// Asks for the next page of a connection that is behind somewhere and waits for none.
    pub(super) fn feed(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key).filter(|connection| !connection.is_clogged()) else {
            return;
        };
        let Some((sub, room, after)) = connection.subscriptions.hungry() else { return };
        let to = SubKey { connection: key, sub };
        if self.line.ask(Want::Page { to, room, after }).is_err() {
            return; // The next tick asks again.
        }
        if let Some(subscription) = self.connection(key).and_then(|c| c.subscription(sub)) {
            subscription.phase.ask();
        }
    }

    fn note(&mut self, live: &Live) {
        let Some(room) = self.rooms.get_mut(&live.room) else { return };
        let before = room.state.seq;
        for event in live.events.iter() {
            assert_eq!(event.seq, room.state.seq.next(), "the shard was told of a hole in {:?}", live.room);
            room.state.seq = event.seq;
        }
        for (place, connection) in self.connections.iter_mut().filter(|(_, connection)| connection.is_open())
        {
            if self.chance.happens(self.clogged) {
                let clear = Duration::from_millis(self.chance.between(1, 2_000));
                connection.clogged_until = Some(Instant::now() + clear);
            }
            let clogged = connection.is_clogged();
            let hears = |sub: &&mut Subscription| sub.room == live.room && sub.phase == Phase::Live;
            for subscription in connection.subscriptions.iter_mut().filter(hears) {
                if clogged {
                    subscription.phase.fall_behind(before);
                    continue;
                }
                let (room, epoch) = (live.room.clone(), live.epoch.clone());
                let alias = subscription.alias.clone();
                let mail = Mail::Events { alias, room, epoch, events: live.events.to_vec() };
                self.mail.push_back((*place as usize, mail));
            }
        }
    }

    fn joined(&mut self, to: SubKey, id: &RoomId, at: JoinedAt, now: Instant) {
        let (state, start) = (at.state.clone(), at.start);
        let room =
            self.rooms.entry(id.clone()).or_insert_with(|| LocalRoom { state, received: 0, members: 0 });
        assert_eq!(room.state.seq, at.state.seq, "a join was answered beside the stream");
        room.received += 1;
        let subscription = self
            .connections
            .get_mut(&to.connection.place)
            .and_then(|connection| connection.subscription_of(to));
        let Some(subscription) = subscription else {
            self.quit_if_empty(id); // It has left, or is gone, while the answer was on its way.
            return;
        };
        subscription.phase = Phase::behind(start);
        room.members += 1;
        self.answer(to.connection, Answered::Joined(to.sub, Ok(at)), now);
        self.go_live_if_there(to);
        self.feed(to.connection);
    }

    fn page(&mut self, to: SubKey, first: Seq, events: &Arc<[Arc<Event>]>) {
        let Some(connection) = self.connections.get_mut(&to.connection.place) else { return };
        if !connection.is(to.connection) {
            return;
        }
        let Some(subscription) = connection.subscription(to.sub) else {
            return self.feed(to.connection); // It has left; the others have waited for its page.
        };
        let Some(room) = self.rooms.get(&subscription.room) else { return };
        match subscription.phase.feed(events, first, room.state.seq) {
            Fed::Nothing => {}
            Fed::Hole(start) => {
                let id = subscription.room.clone();
                return self.start_again(to, &id, start);
            }
            Fed::Show(events) => {
                let (id, epoch) = (subscription.room.clone(), room.state.epoch.clone());
                let alias = subscription.alias.clone();
                let mail = Mail::Events { alias, room: id, epoch, events: events.to_vec() };
                self.mail.push_back((to.connection.place as usize, mail));
            }
        }
        self.go_live_if_there(to);
        self.feed(to.connection);
    }

    /// The history of a room is another one: all its subscriptions start again.
    fn restart(&mut self, id: &RoomId, state: &RoomState, start: Seq) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        room.state = state.clone();
        let mut members = Vec::new();
        for key in self.keys() {
            let Some(connection) = self.connection(key) else { continue };
            for subscription in connection.subscriptions.iter_mut() {
                if subscription.room == *id && subscription.phase != Phase::Joining {
                    subscription.phase = Phase::behind(start);
                    members.push(SubKey { connection: key, sub: subscription.id });
                }
            }
        }
        for to in members {
            self.begin_anew(to, &JoinedAt { state: state.clone(), start, truncated: true });
        }
    }

    /// What a subscription wanted next is gone from the store: it starts again where there is something.
    fn start_again(&mut self, to: SubKey, id: &RoomId, start: Seq) {
        let Some(room) = self.rooms.get(id) else { return };
        let state = RoomState { first_seq: start.next(), ..room.state.clone() };
        self.begin_anew(to, &JoinedAt { state, start, truncated: true });
    }

    fn begin_anew(&mut self, to: SubKey, at: &JoinedAt) {
        let now = Instant::now();
        self.with_session(to.connection, |session, env, out| {
            session.on_restarted(env, now, to.sub, at, out);
        });
        self.go_live_if_there(to);
        self.feed(to.connection);
    }

    fn go_live_if_there(&mut self, to: SubKey) {
        let Some(connection) = self.connections.get_mut(&to.connection.place) else { return };
        let Some(subscription) = connection.subscription_of(to) else { return };
        let Some(room) = self.rooms.get(&subscription.room) else { return };
        let had_fallen = subscription.phase.has_fallen();
        if subscription.phase.go_live(room.state.seq) && !had_fallen {
            self.with_session(to.connection, |session, _, out| session.on_caught_up(to.sub, out));
        }
    }
}

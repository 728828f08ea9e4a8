//! Carrying out what sessions want done. Decides nothing.

use std::collections::VecDeque;

use chat::{Place, RoomId, Timestamp};
use tokio::time::Instant;
use websocket::Opcode;

use super::company::Company;
use super::{Shard, busy};
use crate::connection::{Frame, Subscription};
use crate::presence::Parting;
use crate::room::Phase;
use crate::sampling::Step;
use crate::session::{Action, Answered, Join, SubId};
use crate::switchboard::{ConnectionKey, Want};

impl Shard {
    /// Carries actions out in order. What cannot be handed to the switchboard is answered at once, which may
    /// bring further actions.
    pub(super) fn carry_out(&mut self, key: ConnectionKey, actions: Vec<Action>) {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            let refused = match action {
                Action::Write(bytes) => {
                    self.write(key, Frame::from(&bytes[..]));
                    None
                }
                Action::Ping => {
                    self.ping(key);
                    None
                }
                Action::Beat(at) => {
                    self.beat(key, at);
                    None
                }
                Action::Join(join) => self.join(key, join),
                Action::Leave(sub) => {
                    self.leave(key, sub);
                    None
                }
                Action::Submit { room, drafts, accepted, trace } => {
                    self.submit(key, room, drafts, accepted, trace)
                }
                Action::Count(code) => {
                    self.metrics.refusals.with_label_values(&[code.as_str()]).inc();
                    None
                }
                Action::Attend { sub, user, attendance } => {
                    self.attend(key, sub, user, attendance);
                    None
                }
                Action::Whisper { room, by, whisper } => {
                    self.whisper(key, Place::Room(room), by, whisper);
                    None
                }
                Action::TuneIn { sub, channel, member } => {
                    self.tune_in(key, sub, channel, member.map(|member| *member));
                    None
                }
                Action::TuneOut(sub) => {
                    self.tune_out(key, sub);
                    None
                }
                Action::Call { channel, by, whisper } => {
                    self.whisper(key, Place::Channel(channel), by, whisper);
                    None
                }
                Action::Read(ask, read) => self.read(key, ask, read),
                Action::Who(ask, room) => self.who(key, ask, room),
                Action::Close(closing) => {
                    self.close(key, &closing);
                    None
                }
            };
            if let Some(answered) = refused {
                let mut more = Vec::new();
                let now = Instant::now();
                if let Some(connection) = self.connections.get_mut(super::index(key.place)) {
                    connection.session.on_answer(&self.env, now, answered, &mut more);
                }
                actions.extend(more);
            }
        }
    }

    /// Adds a frame for one connection, to be flushed soon.
    pub(super) fn write(&mut self, key: ConnectionKey, frame: Frame) {
        if let Some(connection) = self.connection(key) {
            connection.say(frame);
        }
    }

    fn ping(&mut self, key: ConnectionKey) {
        if let Some(connection) = self.connection(key) {
            connection.outbox.push(Frame::from(&websocket::frame(Opcode::Ping, b"")[..]));
        }
    }

    fn beat(&mut self, key: ConnectionKey, at: Timestamp) {
        let Some(dialect) = self.connection(key).map(|connection| connection.dialect) else { return };
        if let Some(frame) = self.last_beats.encode(dialect, at) {
            self.write(key, frame);
        }
    }

    fn join(&mut self, key: ConnectionKey, join: Join) -> Option<Answered> {
        let (id, room, alias) = (join.sub, join.room.clone(), join.alias.clone());
        if self.line.ask(Want::Join { connection: key, join }).is_err() {
            return Some(Answered::Joined(id, Err(busy())));
        }
        let subscription =
            Subscription { id, room, alias, phase: Phase::Joining, company: Company::default() };
        self.connection(key)?.subscriptions.add(subscription);
        None
    }

    /// Ends a subscription. If the switchboard has not answered its join yet, the answer will find nobody.
    fn leave(&mut self, key: ConnectionKey, sub: SubId) {
        let Some(connection) = self.connection(key) else { return };
        let dialect = connection.dialect;
        if let Some(subscription) = connection.subscriptions.take(sub) {
            self.part(key, dialect, &subscription, Parting::Clean);
        }
    }

    /// Takes a subscription that has left its connection out of its room.
    pub(super) fn part(
        &mut self,
        key: ConnectionKey,
        dialect: &'static dyn dialect::Dialect,
        subscription: &Subscription,
        parting: Parting,
    ) {
        if subscription.phase == Phase::Joining {
            return;
        }
        self.end_company(key, dialect, subscription, parting);
        self.metrics.subscriptions.dec();
        let Some(room) = self.rooms.get_mut(&subscription.room) else { return };
        if subscription.phase == Phase::Live {
            room.groups.ignore(dialect, &subscription.alias, key.place);
        }
        room.members -= 1;
        if room.members == 0 && !self.try_quit(&subscription.room) {
            self.quits.insert(subscription.room.clone());
        }
    }

    fn submit(
        &mut self,
        key: ConnectionKey,
        room: RoomId,
        drafts: Vec<chat::Draft>,
        accepted: Instant,
        trace: Option<Step>,
    ) -> Option<Answered> {
        match self.line.ask(Want::Submit { connection: key, room, drafts, accepted, trace }) {
            Err(Want::Submit { room, drafts, .. }) => {
                Some(Answered::Verdicts(room, vec![Err(busy()); drafts.len()]))
            }
            _ => None,
        }
    }
}

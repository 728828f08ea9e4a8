//! What the subscriptions of a shard have to do with the others in their rooms: who of them is seen, and who is told what
//! passes. Like an event, it is encoded once a group; unlike one, it is not kept for those who are behind.

use chat::{Attendee, Moment, Place, PresenceChange, Roster, Shift, User, UserId};
use dialect::{Attendance, Dialect, Payloads};

use super::room::Groups;
use super::{Shard, busy, index};
use crate::connection::{End, Frame, Subscription};
use crate::porter::{Errand, Passing};
use crate::presence::Parting;
use crate::session::{Answered, AskId, SubId};
use crate::switchboard::{ConnectionKey, SubKey};

/// What a subscription has to do with the others.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Company {
    /// Whether its user is seen by it.
    present: bool,
    /// Whether it is told what passes, or will be once it has its roster.
    watches: bool,
    /// Whether it stands among those who are told.
    listed: bool,
    /// Whether it gets a roster first.
    roster: bool,
}

impl Shard {
    /// Hands an errand to the porter, behind those that wait for it to have time.
    pub(super) fn errand(&mut self, errand: Errand) {
        if !self.errands.is_empty() {
            self.errands.push_back(errand);
        } else if let Err(errand) = self.bell.ring(errand) {
            self.errands.push_back(errand);
        }
    }

    /// Tries again what the porter had no time for. To be called with each tick.
    pub(super) fn ring_again(&mut self) {
        while let Some(errand) = self.errands.pop_front() {
            if let Err(errand) = self.bell.ring(errand) {
                self.errands.push_front(errand);
                return;
            }
        }
    }

    /// What a subscription has to do with the others from now on.
    pub(super) fn attend(&mut self, key: ConnectionKey, id: SubId, user: User, attendance: Attendance) {
        let Some(connection) = self.connection(key) else { return };
        let Some(sub) = connection.subscription(id) else { return };
        let room = sub.room.clone();
        let was_present = connection.is_present(&room);
        let Some(sub) = connection.subscription(id) else { return };
        sub.company.present = attendance.present;
        let begins = attendance.moments && !sub.company.watches;
        if begins {
            sub.company.watches = true;
            sub.company.roster = attendance.roster;
        }
        let is_present = connection.is_present(&room);
        if begins {
            self.begin_watching(SubKey { connection: key, sub: id });
        }
        if is_present && !was_present {
            self.errand(Errand::Enter { connection: key, room, user });
        } else if was_present && !is_present {
            self.errand(Errand::Exit { connection: key, room, parting: Parting::Clean });
        }
    }

    fn begin_watching(&mut self, to: SubKey) {
        let Some(sub) = self.connection(to.connection).and_then(|connection| connection.subscription(to.sub))
        else {
            return;
        };
        let (id, waits) = (sub.room.clone(), sub.company.roster);
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.watchers += 1;
        if room.watchers == 1 {
            self.errand(Errand::Watch { room: id.clone(), watches: true });
        }
        if waits {
            self.errand(Errand::Roster { to, room: id });
        } else {
            self.list(to);
        }
    }

    /// Puts a subscription among those who are told what passes.
    fn list(&mut self, to: SubKey) {
        let Some(connection) = self.connection(to.connection) else { return };
        let dialect = connection.dialect;
        let Some(sub) = connection.subscription(to.sub) else { return };
        sub.company.listed = true;
        let (alias, id) = (sub.alias.clone(), sub.room.clone());
        let deliveries = || self.metrics.deliveries.with_label_values(&[dialect.name()]);
        if let Some(room) = self.rooms.get_mut(&id) {
            room.audience.listen(dialect, &alias, to.connection.place, deliveries);
        }
    }

    /// A subscription has left its connection, which may have others in the room.
    pub(super) fn end_company(
        &mut self,
        key: ConnectionKey,
        dialect: &'static dyn Dialect,
        sub: &Subscription,
        parting: Parting,
    ) {
        let still_present = self.connection(key).is_some_and(|connection| connection.is_present(&sub.room));
        if sub.company.present && !still_present {
            self.errand(Errand::Exit { connection: key, room: sub.room.clone(), parting });
        }
        let Some(room) = self.rooms.get_mut(&sub.room).filter(|_| sub.company.watches) else { return };
        if sub.company.listed {
            room.audience.ignore(dialect, &sub.alias, key.place);
        }
        room.watchers -= 1;
        if room.watchers == 0 {
            self.errand(Errand::Watch { room: sub.room.clone(), watches: false });
        }
    }

    /// Asks the porter who is in a room.
    pub(super) fn who(&mut self, key: ConnectionKey, ask: AskId, room: chat::RoomId) -> Option<Answered> {
        let rung = self.bell.ring(Errand::Who { connection: key, ask, room });
        rung.is_err().then(|| Answered::Read(ask, Err(busy())))
    }

    /// Something is to be told to the others. Where the porter has too much to do, it is lost.
    pub(super) fn whisper(&mut self, key: ConnectionKey, place: Place, by: User, whisper: chat::Whisper) {
        let Some(except) = self.connection(key).map(|connection| connection.session.name()) else { return };
        let _lost = self.bell.ring(Errand::Whisper { place, by, whisper, except });
    }

    /// It is known who is in the room of a subscription. One that is listed already has missed something, and gets the
    /// list anew.
    pub(super) fn roster(&mut self, to: SubKey, roster: &Roster) {
        let Some(connection) = self.connection(to.connection) else { return };
        let dialect = connection.dialect;
        let Some(sub) = connection.subscription(to.sub).filter(|sub| sub.company.watches) else { return };
        if !sub.company.listed {
            self.with_session(to.connection, |session, _, out| session.on_roster(to.sub, roster, out));
            self.list(to);
            return;
        }
        let (alias, room) = (sub.alias.clone(), sub.room.clone());
        let moment = Moment::Relisted { before: Vec::new(), now: roster.clone() };
        if let Some(frame) = encode(dialect, &alias, &Place::Room(room), &moment, &mut self.scratch) {
            self.write(to.connection, frame);
            self.touch(to.connection.place);
        }
    }

    /// Gives everybody who is told the frames that are its own.
    pub(super) fn pass(&mut self, passing: &Passing) {
        let Passing { place, moment, except } = passing;
        let audience = match place {
            Place::Room(room) => self.rooms.get(room).map(|room| &room.audience),
            Place::Channel(name) => self.channels.get(name).map(|channel| &channel.audience),
        };
        let mut slow = Vec::new();
        for group in audience.into_iter().flat_map(Groups::iter) {
            let shared = encode(group.dialect, &group.alias, place, moment, &mut self.scratch);
            let Some(shared) = shared else { continue };
            let about = if group.dialect.tells_of_oneself() { Vec::new() } else { users(moment) };
            for &at in &group.listeners {
                let Some(connection) = self.connections.get_mut(index(at)) else { continue };
                let session = &connection.session;
                if connection.end != End::Open || except.is_some_and(|except| except == session.name()) {
                    continue;
                }
                let own = match place {
                    Place::Room(_) => session.user(),
                    Place::Channel(name) => session.member(name).map(|member| &member.user.id),
                };
                let frame = match own.filter(|user| about.contains(user)) {
                    None => Some(Frame::clone(&shared)),
                    Some(own) => {
                        let others = without(moment, own);
                        encode(group.dialect, &group.alias, place, &others, &mut self.scratch)
                    }
                };
                let Some(frame) = frame else { continue };
                if connection.push_live(&frame) {
                    if !connection.touched {
                        connection.touched = true;
                        self.touched.push_back(at);
                    }
                } else if matches!(**moment, Moment::Whisper { .. }) {
                    // It was for those who are quick.
                } else if let Place::Room(_) = place {
                    connection.missed_moments = true;
                } else {
                    slow.push(ConnectionKey { place: at, generation: connection.generation });
                }
            }
            if let Moment::Broadcast(_) = **moment {
                group.deliveries.inc_by(group.listeners.len() as u64);
            }
        }
        // Nobody can make up for what was missed in a channel: who comes back knows at least that something was.
        slow.into_iter().for_each(|key| self.dismiss_slow(key));
    }

    /// Whoever was too slow for what passed, and is no longer, is told anew who is there. To be called with each tick.
    pub(super) fn make_up(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        if !connection.missed_moments || connection.outbox.is_half_full() {
            return;
        }
        connection.missed_moments = false;
        let listed = connection.subscriptions.iter().filter(|sub| sub.company.listed);
        let missed: Vec<_> = listed.map(|sub| (sub.id, sub.room.clone())).collect();
        for (sub, room) in missed {
            self.errand(Errand::Roster { to: SubKey { connection: key, sub }, room });
        }
    }
}

impl crate::connection::Connection {
    /// Whether one of the subscriptions makes the user seen in a room.
    fn is_present(&self, room: &chat::RoomId) -> bool {
        self.subscriptions.iter().any(|sub| sub.company.present && sub.room == *room)
    }
}

/// The frames of a moment, one behind the other. `None` if it shows nothing.
fn encode(
    dialect: &'static dyn Dialect,
    alias: &dialect::Alias,
    place: &Place,
    moment: &Moment,
    scratch: &mut Vec<u8>,
) -> Option<Frame> {
    let mut payloads = Payloads::default();
    match place {
        Place::Room(room) => dialect.moment(alias, room, moment, &mut payloads),
        Place::Channel(name) => dialect.in_channel(name, moment, &mut payloads),
    }
    scratch.clear();
    for payload in payloads.iter() {
        websocket::text_into(scratch, |out| out.extend_from_slice(payload));
    }
    (!scratch.is_empty()).then(|| Frame::from(scratch.as_slice()))
}

/// Of whom a moment tells that they have come or gone.
fn users(moment: &Moment) -> Vec<&UserId> {
    match moment {
        Moment::Presence(change) => {
            change.came.iter().chain(&change.went).map(|shift| &shift.attendee.user.id).collect()
        }
        Moment::Relisted { before, now } => {
            before.iter().chain(now.attendees()).map(|attendee| &attendee.user.id).collect()
        }
        Moment::Whisper { .. } | Moment::Broadcast(_) => Vec::new(),
    }
}

/// The same without one user.
fn without(moment: &Moment, user: &UserId) -> Moment {
    let shifts = |shifts: &[Shift]| -> Vec<Shift> {
        shifts.iter().filter(|shift| shift.attendee.user.id != *user).cloned().collect()
    };
    let attendees = |all: &[Attendee]| -> Vec<Attendee> {
        all.iter().filter(|attendee| attendee.user.id != *user).cloned().collect()
    };
    match moment {
        Moment::Presence(change) => {
            let (came, went) = (shifts(&change.came), shifts(&change.went));
            Moment::Presence(PresenceChange { came, went, count: change.count })
        }
        Moment::Relisted { before, now } => {
            let listed = now.listed.as_deref().map(attendees);
            let now = Roster { count: now.count, listed };
            Moment::Relisted { before: attendees(before), now }
        }
        Moment::Whisper { .. } | Moment::Broadcast(_) => moment.clone(),
    }
}

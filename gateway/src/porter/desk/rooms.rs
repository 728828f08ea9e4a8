//! The rooms at the desk: begun with, asked, ended, and what they want done.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use chat::{Place, RoomId};
use tokio::time::Instant;

use super::Desk;
use crate::porter::post::Letter;
use crate::presence::{Asker, Effect, Room};
use crate::session::ReadAnswer;
use crate::switchboard::Told;

/// How many rooms that nobody needs any more may linger.
pub(super) const LINGERING_MAX: usize = 4096;

impl Desk {
    /// Another gateway is gone.
    pub(super) fn rooms_lose(&mut self, gone: u64, now: Instant) {
        let rooms: Vec<_> = self.rooms.keys().cloned().collect();
        for room in rooms {
            self.with_room(&room, now, |room, now, fx| room.lose(gone, now, fx));
        }
    }

    /// Lets a room do something that is begun with if it is not there: listened to first, so that nothing that is told
    /// because of it is missed.
    pub(super) fn with_opened(
        &mut self,
        id: &RoomId,
        now: Instant,
        act: impl FnOnce(&mut Room, Instant, &mut Vec<Effect>),
    ) {
        if !self.rooms.contains_key(id) {
            let (at, alone) = (self.beginning(), self.gateways.is_alone());
            let mut effects = Vec::new();
            let room = Room::open(at, self.rules, alone, now, &mut effects);
            if let Entry::Vacant(place) = self.rooms.entry(id.clone()) {
                place.insert(Box::new(room));
            }
            self.lingering += 1;
            self.letters.push(Letter::Listen(Place::Room(id.clone())));
            self.carry_out(id, effects);
        }
        self.with_room(id, now, act);
    }

    pub(super) fn with_room(
        &mut self,
        id: &RoomId,
        now: Instant,
        act: impl FnOnce(&mut Room, Instant, &mut Vec<Effect>),
    ) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        let mut effects = Vec::new();
        let lingered = room.is_needless();
        act(room, now, &mut effects);
        let lingers = room.is_needless();
        self.lingering = self.lingering + usize::from(lingers) - usize::from(lingered);
        // Also one that was asked about and answered at once: it was never needed.
        if lingers && self.lingering > LINGERING_MAX {
            effects.push(Effect::Close);
        }
        self.carry_out(id, effects);
    }

    fn carry_out(&mut self, id: &RoomId, effects: Vec<Effect>) {
        let place = Place::Room(id.clone());
        for effect in effects {
            match effect {
                Effect::Tell(moment, except) => self.pass(&place, moment, except),
                Effect::Publish(news) => self.publish(&place, news),
                Effect::Answer(Asker::Roster { shard, to }, roster) => {
                    self.outgoing[shard].push(Told::Roster { to, roster: Arc::new(roster) });
                }
                Effect::Answer(Asker::Who { shard, connection, ask }, roster) => {
                    let answer = Ok(ReadAnswer::Who(roster));
                    self.outgoing[shard].push(Told::Read { connection, ask, answer });
                }
                Effect::Answer(Asker::Caller(caller), roster) => self.callers.answer(caller, roster),
                Effect::Look(at) => self.due.at(at, &place),
                Effect::Close => {
                    if self.rooms.remove(id).is_some() {
                        self.lingering -= 1;
                        self.letters.push(Letter::Ignore(place.clone()));
                    }
                }
            }
        }
    }
}

//! The rooms of the broadcaster, who listens to them, and what goes wrong there.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chat::{
    Body, Code, Epoch, Event, EventKind, Refusal, RequestId, RoomId, RoomKind, RoomState, Seq, Stored,
    Timestamp, User,
};
use dialect::native::Native;
use dialect::{Alias, Dialect as _, From, Mark, Say};

use super::connection::{Outbox, push, say};
use super::{Defects, Planted};

pub(super) struct Rooms {
    defects: Defects,
    planted: Planted,
    rooms: BTreeMap<String, Room>,
    connections: HashMap<u64, (usize, Outbox)>,
    next_connection: u64,
    /// Counts the messages that were sent, for the defects of verdicts.
    messages: u64,
}

#[derive(Default)]
struct Room {
    log: Vec<Event>,
    ids: HashMap<RequestId, Seq>,
    listeners: Vec<u64>,
    /// An event that waits for the next one to overtake it.
    held: Option<Event>,
}

impl Rooms {
    pub(super) fn new(defects: Defects) -> Self {
        let (rooms, connections) = (BTreeMap::new(), HashMap::new());
        Self { defects, planted: Planted::default(), rooms, connections, next_connection: 0, messages: 0 }
    }

    pub(super) fn connect(&mut self, address: usize, outbox: Outbox) -> (u64, Duration) {
        self.next_connection += 1;
        self.connections.insert(self.next_connection, (address, outbox));
        (self.next_connection, self.defects.delay)
    }

    pub(super) fn disconnect(&mut self, connection: u64) {
        self.connections.remove(&connection);
        for room in self.rooms.values_mut() {
            room.listeners.retain(|listener| *listener != connection);
        }
    }

    pub(super) fn outbox(&self, connection: u64) -> Option<&Outbox> {
        self.connections.get(&connection).map(|(_, outbox)| outbox)
    }

    /// A connection without an outbox ends as soon as its queue is empty.
    pub(super) fn cut(&mut self, address: usize) {
        self.connections.retain(|_, (its_address, _)| *its_address != address);
    }

    /// What went wrong; an event that nothing has overtaken was in fact dropped.
    pub(super) fn planted(&self) -> Planted {
        let held = self.rooms.values().filter(|room| room.held.is_some());
        let never_shown: usize = held.map(|room| room.listeners.len()).sum();
        Planted { dropped: self.planted.dropped + never_shown as u64, ..self.planted }
    }

    pub(super) fn stored(&self) -> u64 {
        self.rooms.values().map(|room| room.log.len() as u64).sum()
    }

    pub(super) fn join(&mut self, connection: u64, mark: &Mark, alias: &Alias, name: &RoomId, from: &From) {
        let delay = self.defects.delay;
        let room = self.rooms.entry(name.as_str().to_owned()).or_default();
        let Some((_, outbox)) = self.connections.get(&connection) else { return };
        if self.defects.closed {
            let refusal = Refusal::new(Code::NotAllowed, "there is no such room");
            say(outbox, delay, &Say::Refused { mark, alias: Some(alias), id: None, refusal: &refusal });
            return;
        }
        let epoch = if self.defects.new_epochs { format!("e{connection}") } else { "e".to_owned() };
        let state = RoomState {
            kind: RoomKind::Public,
            epoch: Epoch::parse(&epoch).unwrap(),
            first_seq: Seq::new(1).unwrap(),
            seq: Seq::new(room.log.len() as u64).unwrap(),
        };
        let joined = Say::Joined {
            mark: Some(mark),
            opening: mark,
            alias,
            room: name,
            state: &state,
            truncated: false,
        };
        say(outbox, delay, &joined);
        if let From::After(seq, _) = from {
            for event in room.log.iter().filter(|event| event.seq > *seq) {
                show(outbox, delay, event);
            }
        }
        room.listeners.push(connection);
    }

    pub(super) fn send(&mut self, connection: u64, mark: &Mark, name: &RoomId, id: &RequestId, body: Body) {
        self.messages += 1;
        let every = |n: u64| n > 0 && self.messages.is_multiple_of(n);
        let defects = self.defects;
        let (unsure, refuse, forget) =
            (every(defects.unsure_every), every(defects.refuse_every), every(defects.forget_every));
        let room = self.rooms.entry(name.as_str().to_owned()).or_default();
        let known = room.ids.get(id).copied().filter(|_| !defects.forget_ids);
        let seq = known.unwrap_or_else(|| Seq::new(room.log.len() as u64 + 1).unwrap());
        if known.is_none() && !forget {
            let event = Event {
                room: name.clone(),
                seq,
                id: id.clone(),
                by: User::parse("somebody", None).unwrap(),
                at: Timestamp::from_micros(0),
                kind: EventKind::Message { body: Some(body), reply_to: None },
            };
            room.ids.insert(id.clone(), seq);
            room.log.push(event.clone());
            self.deliver(name.as_str(), event);
        }
        self.planted.forgotten += u64::from(forget);
        let Some((_, outbox)) = self.connections.get(&connection) else { return };
        let refusal = match (unsure, refuse) {
            (true, _) => Refusal::unavailable("nobody knows").retry_in(Duration::from_millis(50)),
            (_, true) => Refusal::new(Code::TooMany, "certainly not stored"),
            _ => {
                let stored =
                    Stored { seq, at: Timestamp::from_micros(0), target: None, repeat: known.is_some() };
                say(outbox, defects.delay, &Say::Sent { mark, room: name, id, stored: &stored });
                return;
            }
        };
        self.planted.unsure += u64::from(unsure);
        self.planted.refused += u64::from(refuse && !unsure);
        say(outbox, defects.delay, &Say::Refused { mark, alias: None, id: Some(id), refusal: &refusal });
    }

    fn deliver(&mut self, name: &str, event: Event) {
        let Defects { drop_every, double_every, swap_every, misplace_every, delay, .. } = self.defects;
        let every = |n: u64| n > 0 && event.seq.get().is_multiple_of(n);
        let misplaced = every(misplace_every);
        let elsewhere = self.rooms.keys().find(|other| *other != name).cloned().filter(|_| misplaced);
        let Some(room) = self.rooms.get_mut(name) else { return };
        let here = room.listeners.clone();
        let held = room.held.take();
        if every(swap_every) && held.is_none() && !every(drop_every) {
            room.held = Some(event);
            return;
        }
        if let Some(other) = elsewhere {
            let there = self.rooms.get(&other).map(|room| room.listeners.clone()).unwrap_or_default();
            self.planted.misplaced += self.show_all(&there, &event, delay);
            self.planted.dropped += here.len() as u64;
        } else if every(drop_every) {
            self.planted.dropped += here.len() as u64;
        } else {
            self.show_all(&here, &event, delay);
            if every(double_every) {
                self.planted.doubled += self.show_all(&here, &event, delay);
            }
        }
        if let Some(held) = held {
            let shown = self.show_all(&here, &held, delay);
            // Overtaken by something that nobody saw, it is in order after all.
            let overtaken = !every(drop_every);
            self.planted.swapped += if overtaken { shown } else { 0 };
        }
    }

    fn show_all(&self, listeners: &[u64], event: &Event, delay: Duration) -> u64 {
        let outboxes = listeners.iter().filter_map(|listener| self.connections.get(listener));
        outboxes.map(|(_, outbox)| show(outbox, delay, event)).count() as u64
    }
}

fn show(outbox: &Outbox, delay: Duration, event: &Event) {
    let mut payload = Vec::new();
    let alias = Alias::new(event.room.as_str());
    assert!(Native.event(&alias, &Epoch::parse("e").unwrap(), event, &mut payload));
    push(outbox, delay, &payload);
}

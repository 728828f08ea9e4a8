//! The rooms of the broadcaster, who listens to them, and what goes wrong there.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use chat::{Body, Code, Event, Refusal, RequestId, RoomId, Seq};
use dialect::{Alias, From, Mark};
use tokio::time::Instant;

use super::connection::{Outbox, push};
use super::{Defects, Planted, words};

pub(super) struct Rooms {
    defects: Defects,
    planted: Planted,
    rooms: BTreeMap<String, Room>,
    connections: HashMap<u64, (usize, Outbox)>,
    next_connection: u64,
    /// Counts the messages that were sent, for the defects of verdicts.
    messages: u64,
    /// When the joins that wait will have their answers.
    joins: VecDeque<Instant>,
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
        Self {
            defects,
            planted: Planted::default(),
            rooms: BTreeMap::new(),
            connections: HashMap::new(),
            next_connection: 0,
            messages: 0,
            joins: VecDeque::new(),
        }
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
        let crowded = self.is_crowded();
        let room = self.rooms.entry(name.as_str().to_owned()).or_default();
        let Some((_, outbox)) = self.connections.get(&connection) else { return };
        let why = match (self.defects.closed, crowded) {
            (true, _) => Some("there is no such room"),
            (false, true) => Some("too many join at once"),
            (false, false) => None,
        };
        if let Some(why) = why {
            let refusal = Refusal::new(Code::NotAllowed, why);
            push(outbox, delay, words::refused(mark, Some(alias), None, &refusal));
            return;
        }
        let epoch = if self.defects.new_epochs { format!("e{connection}") } else { "e".to_owned() };
        push(outbox, delay, words::joined(mark, alias, name, &words::epoch(&epoch), room.head()));
        if let From::After(seq, _) = from {
            for event in room.log.iter().filter(|event| event.seq > *seq) {
                push(outbox, delay, words::message(event));
            }
        }
        room.listeners.push(connection);
    }

    /// One more joins. True if that is one too many.
    fn is_crowded(&mut self) -> bool {
        let now = Instant::now();
        while self.joins.pop_front_if(|answered| *answered <= now).is_some() {}
        self.joins.push_back(now + self.defects.delay);
        self.defects.joins_max > 0 && self.joins.len() > self.defects.joins_max
    }

    pub(super) fn leave(&mut self, connection: u64, mark: &Mark, alias: &Alias, name: &RoomId) {
        if let Some(room) = self.rooms.get_mut(name.as_str()) {
            room.listeners.retain(|listener| *listener != connection);
        }
        self.answer(connection, words::left(mark, alias, name));
    }

    /// This server keeps what was said only for those who come back: its pages are empty.
    pub(super) fn history(&self, connection: u64, mark: &Mark, name: &RoomId) {
        self.answer(connection, words::empty_page(mark, name));
    }

    fn answer(&self, connection: u64, frame: words::Frame) {
        if let Some((_, outbox)) = self.connections.get(&connection) {
            push(outbox, self.defects.delay, frame);
        }
    }

    pub(super) fn send(&mut self, connection: u64, mark: &Mark, name: &RoomId, id: &RequestId, body: Body) {
        self.messages += 1;
        let every = |n: u64| n > 0 && self.messages.is_multiple_of(n);
        let defects = self.defects;
        let (unsure, refuse, forget) =
            (every(defects.unsure_every), every(defects.refuse_every), every(defects.forget_every));
        let room = self.rooms.entry(name.as_str().to_owned()).or_default();
        let known = room.ids.get(id).copied().filter(|_| !defects.forget_ids);
        let seq = known.unwrap_or_else(|| room.head().next());
        if known.is_none() && !forget {
            let event = words::event(name, seq, id, body);
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
                push(outbox, defects.delay, words::sent(mark, name, id, seq, known.is_some()));
                return;
            }
        };
        self.planted.unsure += u64::from(unsure);
        self.planted.refused += u64::from(refuse && !unsure);
        push(outbox, defects.delay, words::refused(mark, None, Some(id), &refusal));
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
        let frame = words::message(event);
        outboxes.map(|(_, outbox)| push(outbox, delay, frame.clone())).count() as u64
    }
}

impl Room {
    /// Its last position.
    fn head(&self) -> Seq {
        self.log.last().map_or(Seq::ZERO, |event| event.seq)
    }
}

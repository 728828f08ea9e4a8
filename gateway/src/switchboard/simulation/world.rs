//! The store, the bus, the switchboard's room, and the shard, in one place and one step at a time.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bus::RoomEvents;
use chat::{
    Body, Epoch, Event, EventKind, LogPage, Refusal, RequestId, RoomId, RoomKind, RoomState, Seq, Timestamp,
    User,
};
use dialect::{Alias, From};
use tokio::time::Instant;

use super::Step;
use super::person::Person;
use crate::room::Phase;
use crate::session::{Join, SubId};
use crate::switchboard::rooms::{Effect, Room};
use crate::switchboard::{ConnectionKey, Settings, SubKey, Told};

/// The ring holds two events, less than a page, so that pages reach past what the shard was told of.
const SETTINGS: Settings = Settings { replay: 1000, ring_bytes: 400, linger: Duration::from_secs(30) };

pub(super) struct World {
    now: Instant,
    /// What the switchboard has of the room; `None` while it has none.
    room: Option<Room>,
    /// The store: which history, the first event that it keeps, and the last one.
    epoch: u32,
    first: u64,
    pub(super) head: u64,
    bus: Vec<(u32, Event)>,
    reads: VecDeque<Read>,
    fifo: VecDeque<Told>,
    looks: Vec<Instant>,
    pub(super) people: BTreeMap<u32, Person>,
    gone: Vec<Person>,
    /// The shard's side of the room: the last event it was told of, and the joins it has received.
    last: Option<u64>,
    received: u32,
    next: u32,
}

/// A request to the store, with what it found there once it has looked.
enum Read {
    Open(Option<RoomState>),
    Page { after: Seq, number: u64, found: Option<LogPage> },
}

pub(super) fn room_id() -> RoomId {
    RoomId::parse("r").unwrap()
}

pub(super) fn epoch(number: u32) -> Epoch {
    Epoch::parse(&format!("e.{number}")).unwrap()
}

fn number(epoch: &Epoch) -> u32 {
    epoch.as_str()[2..].parse().unwrap()
}

pub(super) fn seq(n: u64) -> Seq {
    Seq::new(n).unwrap()
}

pub(super) fn event(n: u64) -> Event {
    Event {
        room: room_id(),
        seq: seq(n),
        id: RequestId::parse(&format!("id-{n}")).unwrap(),
        by: User::parse("ana", None).unwrap(),
        at: Timestamp::from_micros(0),
        kind: EventKind::Message { body: Some(Body::trusted("hi")), reply_to: None },
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            now: Instant::now(),
            room: None,
            epoch: 0,
            first: 1,
            head: 0,
            bus: Vec::new(),
            reads: VecDeque::new(),
            fifo: VecDeque::new(),
            looks: Vec::new(),
            people: BTreeMap::new(),
            gone: Vec::new(),
            last: None,
            received: 0,
            next: 0,
        }
    }

    pub(super) fn step(&mut self, step: &Step) {
        match step {
            Step::Say(times) => {
                self.head += 1;
                (0..*times).for_each(|_| self.bus.push((self.epoch, event(self.head))));
            }
            Step::Arrive(at) if !self.bus.is_empty() => {
                let (number, event) = self.bus.remove(at.index(self.bus.len()));
                let heard = RoomEvents { room: room_id(), epoch: epoch(number), events: vec![event] };
                self.act(|room, now, fx| room.heard(heard, now, fx));
            }
            Step::Look => self.look(),
            Step::Answer(well) => self.answer(*well),
            Step::Take => self.take(),
            Step::Join(wish) => {
                let position = |at: &proptest::sample::Index| at.index(self.first_to_head() + 1) as u64;
                self.join(wish.as_ref().map(|at| (self.epoch, self.first - 1 + position(at))));
            }
            Step::Leave(at) if !self.people.is_empty() => {
                let id = *self.people.keys().nth(at.index(self.people.len())).unwrap();
                self.gone.extend(self.people.remove(&id));
                self.quit_if_empty();
            }
            Step::Announce => {
                let (epoch, head) = (epoch(self.epoch), seq(self.head));
                self.act(|room, now, fx| room.head(&epoch, head, now, fx));
            }
            Step::Pass(ms) => self.pass(Duration::from_millis((*ms).into())),
            Step::Restore(at) => {
                self.epoch += 1;
                self.head = self.first - 1 + at.index(self.first_to_head() + 1) as u64;
            }
            Step::Forget(at) => self.first += at.index(self.first_to_head() + 1) as u64,
            Step::Arrive(_) | Step::Leave(_) => {}
        }
        self.feed();
    }

    /// How many events the store has.
    fn first_to_head(&self) -> usize {
        usize::try_from(self.head + 1 - self.first).unwrap()
    }

    pub(super) fn act(&mut self, act: impl FnOnce(&mut Room, Instant, &mut Vec<Effect>)) {
        let Some(room) = &mut self.room else { return };
        let mut effects = Vec::new();
        act(room, self.now, &mut effects);
        for effect in effects {
            match effect {
                Effect::Tell(_, told) => self.fifo.push_back(told),
                Effect::Read { after, number } => {
                    self.reads.push_back(Read::Page { after, number, found: None });
                }
                Effect::Look(at) => self.looks.push(at),
                Effect::Close => {
                    let inside = self.people.values().any(|person| person.phase != Phase::Joining);
                    assert!(!inside, "the room was closed over somebody's head");
                    assert!(self.reads.is_empty(), "an answer would come to the next one of that name");
                    self.room = None;
                    return;
                }
                Effect::Repaired(_) => {}
            }
        }
    }

    pub(super) fn join(&mut self, wish: Option<(u32, u64)>) {
        self.next += 1;
        let id = self.next;
        self.people.insert(id, Person::new(wish));
        let from = wish.map_or(From::Live, |(number, after)| From::After(seq(after), Some(epoch(number))));
        let join = Join { sub: SubId(id), room: room_id(), alias: Alias::new("r"), from, create: false };
        let connection = ConnectionKey { place: id, generation: 1 };
        if self.room.is_none() {
            self.room = Some(Room::new(room_id(), 1, SETTINGS));
            self.reads.push_back(Read::Open(None));
        }
        self.act(|room, now, fx| room.join(0, connection, join, now, fx));
    }

    /// The oldest read that has not looked at the store yet does so.
    fn look(&mut self) {
        let (epoch, first_seq, head) = (epoch(self.epoch), seq(self.first), seq(self.head));
        let yet = self.reads.iter_mut().find(|read| read.has_not_looked());
        match yet {
            Some(Read::Open(found)) => {
                *found = Some(RoomState { kind: RoomKind::Public, epoch, first_seq, seq: head });
            }
            Some(Read::Page { after, found, .. }) => {
                let from = after.next().max(first_seq).get();
                let events = (from..=self.head).take(5).map(event).collect();
                *found = Some(LogPage { epoch, first_seq, head, events });
            }
            None => {}
        }
    }

    pub(super) fn answer(&mut self, well: bool) {
        if self.reads.front().is_some_and(Read::has_not_looked) {
            self.look();
        }
        let failed = || Refusal::unavailable("by chance");
        match self.reads.pop_front() {
            Some(Read::Open(found)) => {
                let result = found.filter(|_| well).ok_or_else(failed);
                self.act(|room, now, fx| room.opened(result, now, fx));
            }
            Some(Read::Page { after, number, found }) => {
                let result = found.filter(|_| well).ok_or_else(failed);
                self.act(|room, now, fx| room.read(number, after, result, now, fx));
            }
            None => {}
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let due = self.looks.iter().filter(|at| **at <= self.now).count();
        self.looks.retain(|at| *at > self.now);
        (0..due).for_each(|_| self.act(Room::look));
        self.people.values_mut().for_each(|person| person.phase.on_tick());
    }

    pub(super) fn take_all(&mut self) {
        while !self.fifo.is_empty() {
            self.take();
        }
    }

    pub(super) fn next_note(&self) -> Option<&Told> {
        self.fifo.front()
    }

    pub(super) fn reads_under_way(&self) -> usize {
        self.reads.len()
    }

    /// The shard: what `shard::feeding` and `shard::fanout` do, without sockets.
    fn take(&mut self) {
        match self.fifo.pop_front() {
            Some(Told::Events(live)) => {
                let Some(last) = &mut self.last else { return };
                for event in live.events.iter() {
                    assert_eq!(event.seq.get(), *last + 1, "the shard was told of a hole");
                    *last += 1;
                    self.people.values_mut().for_each(|person| person.hear(event));
                }
            }
            Some(Told::Restarted { state, start, .. }) => {
                if self.last.is_none() {
                    return;
                }
                self.last = Some(state.seq.get());
                for person in self.people.values_mut().filter(|person| person.phase != Phase::Joining) {
                    person.begin(number(&state.epoch), start, state.seq);
                }
            }
            Some(Told::Joined { to, at, .. }) => {
                self.received += 1;
                let last = *self.last.get_or_insert(at.state.seq.get());
                assert_eq!(last, at.state.seq.get(), "a join was answered beside the stream");
                if let Some(person) = self.people.get_mut(&to.sub.0) {
                    let as_wished = (number(&at.state.epoch), at.start.get());
                    assert!(at.truncated || person.wish.is_none_or(|wish| wish == as_wished));
                    person.begin(number(&at.state.epoch), at.start, at.state.seq);
                }
                self.quit_if_empty();
            }
            Some(Told::Page { to, first, events }) => {
                let Some(last) = self.last else { return };
                let Some(person) = self.people.get_mut(&to.sub.0) else { return };
                person.feed(&events, first, last);
            }
            Some(Told::NotJoined { to, .. }) => {
                self.people.remove(&to.sub.0);
            }
            Some(other) => panic!("{other:?}"),
            None => {}
        }
    }

    pub(super) fn feed(&mut self) {
        let hungry: Vec<_> =
            self.people.iter().filter_map(|(id, person)| Some((*id, person.phase.hungry()?))).collect();
        for (id, after) in hungry {
            self.people.get_mut(&id).unwrap().phase.ask();
            let to = SubKey { connection: ConnectionKey { place: id, generation: 1 }, sub: SubId(id) };
            self.act(|room, _, fx| room.page(0, to, after, fx));
        }
    }

    fn quit_if_empty(&mut self) {
        let inside = self.people.values().any(|person| person.phase != Phase::Joining);
        if !inside && self.received > 0 {
            let received = std::mem::take(&mut self.received);
            self.last = None;
            self.act(|room, now, fx| room.quit(0, received, now, fx));
        }
    }

    /// No more faults: everything arrives, every read succeeds, for longer than an empty room is kept.
    pub(super) fn calm(&mut self) {
        self.step(&Step::Announce);
        for _ in 0..400 {
            self.step(&Step::Pass(100));
            self.step(&Step::Answer(true));
            (0..8).for_each(|_| self.step(&Step::Take));
        }
    }

    pub(super) fn leave_all(&mut self) {
        self.gone.extend(std::mem::take(&mut self.people).into_values());
        self.quit_if_empty();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.room.is_none()
    }

    pub(super) fn everybody(&self) -> impl Iterator<Item = &Person> {
        self.people.values().chain(&self.gone)
    }

    /// All is well after a calm.
    pub(super) fn check(&self) {
        self.everybody().for_each(Person::check);
        self.people.values().for_each(|person| person.check_end(self.epoch, self.head));
    }
}

impl Read {
    fn has_not_looked(&self) -> bool {
        matches!(self, Self::Open(None) | Self::Page { found: None, .. })
    }
}

//! A room on the switchboard, driven by chance: a store, a bus that loses, doubles and swaps, reads that take
//! their time or fail, and a shard whose people join, leave and come back. Whatever happens, everybody is
//! shown each event after the place of entry exactly once and in order, until they leave.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bus::RoomEvents;
use chat::{Body, Epoch, Event, EventKind, LogPage, Refusal, RequestId, RoomId, RoomKind, RoomState, Seq};
use chat::{Timestamp, User};
use dialect::{Alias, From};
use proptest::prelude::*;
use tokio::time::Instant;

use super::rooms::{Effect, Room};
use super::{ConnectionKey, Settings, SubKey, Told};
use crate::room::{Fed, Phase};
use crate::session::{Join, SubId};

/// The ring holds two events, less than a page, so that pages reach past what the shard was told of.
const SETTINGS: Settings = Settings { replay: 1000, ring_bytes: 400, linger: Duration::from_secs(30) };

#[derive(Debug, Clone)]
enum Step {
    /// Somebody says something; what the bus does with it: lost, once, twice.
    Say(u8),
    /// The note at this place of the bus's queue arrives.
    Arrive(prop::sample::Index),
    /// The oldest read comes back, or fails.
    Answer(bool),
    /// The shard takes its next note.
    Take,
    /// Somebody joins: live, or after some position.
    Join(Option<prop::sample::Index>),
    /// Somebody leaves.
    Leave(prop::sample::Index),
    /// A writer announces the head.
    Announce,
    /// Time passes.
    Pass(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..3).prop_map(Step::Say),
        4 => any::<prop::sample::Index>().prop_map(Step::Arrive),
        2 => prop::bool::weighted(0.8).prop_map(Step::Answer),
        4 => Just(Step::Take),
        2 => prop::option::of(any::<prop::sample::Index>()).prop_map(Step::Join),
        1 => any::<prop::sample::Index>().prop_map(Step::Leave),
        1 => Just(Step::Announce),
        2 => (0u16..900).prop_map(Step::Pass),
    ]
}

/// One subscription, as the shard and the person behind it see it.
struct Person {
    phase: Phase,
    wish: Option<u64>,
    entered: Option<u64>,
    seen: Vec<u64>,
}

struct World {
    now: Instant,
    room: Room,
    head: u64,
    bus: Vec<Event>,
    reads: VecDeque<(Seq, u64)>,
    fifo: VecDeque<Told>,
    looks: Vec<Instant>,
    people: BTreeMap<u32, Person>,
    gone: Vec<Person>,
    /// The shard's side of the room: the last event it was told of, and the joins it has received.
    last: Option<u64>,
    received: u32,
    next: u32,
    opened: bool,
    closed: bool,
}

fn room_id() -> RoomId {
    RoomId::parse("r").unwrap()
}

fn epoch() -> Epoch {
    Epoch::parse("e.1").unwrap()
}

fn seq(n: u64) -> Seq {
    Seq::new(n).unwrap()
}

fn event(n: u64) -> Event {
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
    fn new() -> Self {
        Self {
            now: Instant::now(),
            room: Room::new(room_id(), 1, SETTINGS),
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
            opened: false,
            closed: false,
        }
    }

    fn act(&mut self, act: impl FnOnce(&mut Room, Instant, &mut Vec<Effect>)) {
        let mut effects = Vec::new();
        act(&mut self.room, self.now, &mut effects);
        for effect in effects {
            match effect {
                Effect::Tell(_, told) => self.fifo.push_back(told),
                Effect::Read { after, number } => self.reads.push_back((after, number)),
                Effect::Look(at) => self.looks.push(at),
                Effect::Close => {
                    assert!(self.people.is_empty(), "the room was closed over somebody's head");
                    self.closed = true;
                }
                Effect::Repaired(_) => {}
            }
        }
    }

    fn step(&mut self, step: &Step) {
        if self.closed {
            return;
        }
        match step {
            Step::Say(times) => {
                self.head += 1;
                (0..*times).for_each(|_| self.bus.push(event(self.head)));
            }
            Step::Arrive(at) if !self.bus.is_empty() => {
                let event = self.bus.remove(at.index(self.bus.len()));
                let heard = RoomEvents { room: room_id(), epoch: epoch(), events: vec![event] };
                self.act(|room, now, fx| room.heard(heard, now, fx));
            }
            Step::Answer(well) => self.answer(*well),
            Step::Take => self.take(),
            Step::Join(wish) => {
                self.join(wish.as_ref().map(|at| at.index(usize::try_from(self.head).unwrap() + 1) as u64));
            }
            Step::Leave(at) if !self.people.is_empty() => {
                let id = *self.people.keys().nth(at.index(self.people.len())).unwrap();
                let person = self.people.remove(&id).unwrap();
                self.gone.push(person);
                self.quit_if_empty();
            }
            Step::Announce => {
                let head = seq(self.head);
                self.act(|room, now, fx| room.head(&epoch(), head, now, fx));
            }
            Step::Pass(ms) => self.pass(Duration::from_millis((*ms).into())),
            Step::Arrive(_) | Step::Leave(_) => {}
        }
        self.feed();
    }

    fn join(&mut self, wish: Option<u64>) {
        self.next += 1;
        let id = self.next;
        self.people.insert(id, Person { phase: Phase::Joining, wish, entered: None, seen: Vec::new() });
        let from = wish.map_or(From::Live, |after| From::After(seq(after), Some(epoch())));
        let join = Join { sub: SubId(id), room: room_id(), alias: Alias::new("r"), from, create: false };
        let connection = ConnectionKey { place: id, generation: 1 };
        self.act(|room, now, fx| room.join(0, connection, join, now, fx));
        if !self.opened {
            self.opened = true;
            let state =
                RoomState { kind: RoomKind::Public, epoch: epoch(), first_seq: seq(1), seq: seq(self.head) };
            self.act(|room, now, fx| room.opened(Ok(state), now, fx));
        }
    }

    fn answer(&mut self, well: bool) {
        let Some((after, number)) = self.reads.pop_front() else { return };
        let events = (after.get() + 1..=self.head).take(5).map(event).collect();
        let page = LogPage { epoch: epoch(), first_seq: seq(1), head: seq(self.head), events };
        let result = if well { Ok(page) } else { Err(Refusal::unavailable("by chance")) };
        self.act(|room, now, fx| room.read(number, after, result, now, fx));
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let due = self.looks.iter().filter(|at| **at <= self.now).count();
        self.looks.retain(|at| *at > self.now);
        (0..due).for_each(|_| self.act(Room::look));
    }

    /// The shard: what `shard::feeding` and `shard::fanout` do, without sockets.
    fn take(&mut self) {
        match self.fifo.pop_front() {
            Some(Told::Events(live)) => {
                if let Some(last) = &mut self.last {
                    for event in live.events.iter() {
                        assert_eq!(event.seq.get(), *last + 1, "the shard was told of a hole");
                        *last += 1;
                        for person in self.people.values_mut().filter(|p| p.phase == Phase::Live) {
                            person.seen.push(event.seq.get());
                        }
                    }
                }
            }
            Some(Told::Joined { to, at, .. }) => {
                self.received += 1;
                let last = *self.last.get_or_insert(at.state.seq.get());
                assert_eq!(last, at.state.seq.get(), "a join was answered beside the stream");
                if let Some(person) = self.people.get_mut(&to.sub.0) {
                    person.phase = Phase::behind(at.start);
                    person.entered = Some(at.start.get());
                    person.phase.go_live(seq(last));
                }
                self.quit_if_empty();
            }
            Some(Told::Page { to, first, events }) => {
                let Some(last) = self.last else { return };
                let Some(person) = self.people.get_mut(&to.sub.0) else { return };
                if let Fed::Show(fresh) = person.phase.feed(&events, first, seq(last)) {
                    person.seen.extend(fresh.iter().map(|event| event.seq.get()));
                }
                person.phase.go_live(seq(last));
            }
            Some(Told::NotJoined { to, .. }) => {
                self.people.remove(&to.sub.0);
            }
            Some(other) => panic!("{other:?}"),
            None => {}
        }
    }

    fn feed(&mut self) {
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

    /// No more faults: everything arrives, every read succeeds.
    fn calm(&mut self) {
        self.step(&Step::Announce);
        for _ in 0..400 {
            self.step(&Step::Pass(100));
            self.step(&Step::Answer(true));
            (0..8).for_each(|_| self.step(&Step::Take));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn everybody_is_shown_everything_once_and_in_order(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        world.join(None);
        steps.iter().for_each(|step| world.step(step));
        world.calm();
        for person in world.people.values() {
            prop_assert_eq!(person.phase, Phase::Live);
            let entered = person.entered.unwrap();
            if let Some(wish) = person.wish {
                prop_assert_eq!(entered, wish);
            }
            prop_assert_eq!(&person.seen, &(entered + 1..=world.head).collect::<Vec<_>>());
        }
        for person in &world.gone {
            let entered = person.entered.unwrap_or_default();
            let expected: Vec<_> = (entered + 1..).take(person.seen.len()).collect();
            prop_assert_eq!(&person.seen, &expected);
        }
    }
}

#[test]
fn ten_thousand_that_come_back_cost_one_read_a_page() {
    let mut world = World::new();
    world.head = 9;
    world.join(None);
    (0..10_000).for_each(|_| world.join(Some(0)));
    while let Some(_told) = world.fifo.front() {
        world.take();
    }
    world.feed();
    let mut reads = 0;
    while !world.reads.is_empty() {
        reads += world.reads.len();
        world.answer(true);
        while !world.fifo.is_empty() {
            world.take();
        }
        world.feed();
    }
    assert_eq!(reads, 2, "nine events in pages of five");
    assert!(world.people.values().skip(1).all(|person| person.seen == (1..=9).collect::<Vec<_>>()));
}

#[test]
fn a_late_gateway_believes_a_client_that_is_ahead_of_it() {
    let mut world = World::new();
    world.head = 4;
    world.join(None);
    world.head = 6; // Two more, which this gateway has not heard of.
    world.join(Some(6));
    world.calm();
    let person = &world.people[&2];
    assert_eq!((person.entered, person.phase), (Some(6), Phase::Live), "not truncated");
}

#[test]
fn events_are_shared_and_not_copied() {
    let mut world = World::new();
    world.join(None);
    world.take();
    let heard = RoomEvents { room: room_id(), epoch: epoch(), events: vec![event(1)] };
    world.act(|room, now, fx| room.heard(heard, now, fx));
    let Some(Told::Events(live)) = world.fifo.front() else { panic!("nothing was told") };
    assert_eq!(Arc::strong_count(&live.events), 1, "one hand-over to the one shard");
}

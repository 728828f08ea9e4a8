//! The gateways of a simulation, and what lies between them.

use std::collections::VecDeque;
use std::time::Duration;

use bus::News;
use chat::{Stay, StayId, Timestamp, User};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use tokio::time::Instant;

use super::super::{Asker, BEAT_EVERY, Beginning, Effect, Gateways, Guest, Parting, Room, Rules};
use super::client::{Client, list};
use crate::session::SubId;
use crate::switchboard::{ConnectionKey, SubKey};

const STEP: Duration = Duration::from_millis(50);
const GATEWAYS: usize = 3;
const USERS: u32 = 6;
const GRACE: Duration = Duration::from_secs(5);

/// What may go wrong.
#[derive(Clone, Copy)]
pub(super) struct Faults {
    /// How many of a thousand notes are lost.
    loss: u32,
    /// Whether gateways die and links break.
    deaths: bool,
}

impl Faults {
    pub(super) fn all() -> Self {
        Self { loss: 100, deaths: true }
    }

    pub(super) fn none() -> Self {
        Self { loss: 0, deaths: false }
    }
}

enum Note {
    Beat,
    News(News),
}

struct Gateway {
    id: u64,
    room: Room,
    others: Gateways,
    beat_at: Instant,
    connected: bool,
    client: Client,
    number: u64,
}

/// A connection: where it is, and whose.
#[derive(Clone, Copy)]
pub(super) struct Connection {
    gateway: usize,
    guest: Guest,
    user: u32,
}

pub(super) struct Town {
    now: Instant,
    random: Xoshiro256PlusPlus,
    faults: Faults,
    rules: Rules,
    /// `None`: dead.
    gateways: Vec<Option<Gateway>>,
    /// From whom to whom, and when it arrives; in order for each pair.
    on_the_way: Vec<VecDeque<(Instant, Note)>>,
    connections: Vec<Connection>,
    started: u64,
    departures: usize,
}

impl Town {
    pub(super) fn new(seed: u64, list_max: u32, faults: Faults) -> Self {
        let mut town = Self {
            now: Instant::now(),
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            faults,
            rules: Rules { list_max, grace: GRACE },
            gateways: (0..GATEWAYS).map(|_| None).collect(),
            on_the_way: (0..GATEWAYS * GATEWAYS).map(|_| VecDeque::new()).collect(),
            connections: Vec::new(),
            started: 0,
            departures: 0,
        };
        (0..GATEWAYS).for_each(|gateway| town.start(gateway));
        town
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.random.next_u32() % bound.max(1)
    }

    /// A number below `bound`, as an index.
    fn index(&mut self, bound: usize) -> usize {
        let number = usize::try_from(self.random.next_u32()).unwrap_or(0);
        number % bound.max(1)
    }

    fn start(&mut self, place: usize) {
        self.started += 1;
        let mut fx = Vec::new();
        let at = Beginning { me: self.started, incarnation: 1, shards: 1, spread: 0.5 };
        let mut others = Gateways::new(GRACE);
        // It has listened for as long as beats take before it is asked for anything, or it has not.
        if self.random.next_u32().is_multiple_of(2) {
            for other in self.gateways.iter().flatten() {
                others.heard(other.id);
            }
        }
        let mut room = Room::open(at, self.rules, others.is_alone(), self.now, &mut fx);
        room.watch(0, true, self.now, &mut fx);
        let key = ConnectionKey { place: 0, generation: 0 };
        room.ask(
            Asker::Roster { shard: 0, to: SubKey { connection: key, sub: SubId(0) } },
            self.now,
            &mut fx,
        );
        let (id, beat_at) = (self.started, self.now);
        let client = Client::default();
        self.gateways[place] =
            Some(Gateway { id, room, others, beat_at, connected: true, client, number: 0 });
        self.carry_out(place, fx);
    }

    fn with(&mut self, place: usize, act: impl FnOnce(&mut Gateway, Instant, &mut Vec<Effect>)) {
        let mut fx = Vec::new();
        if let Some(gateway) = &mut self.gateways[place] {
            act(gateway, self.now, &mut fx);
        }
        self.carry_out(place, fx);
    }

    fn carry_out(&mut self, place: usize, fx: Vec<Effect>) {
        for effect in fx {
            let Some(gateway) = &mut self.gateways[place] else { return };
            match effect {
                Effect::Tell(moment, _) => gateway.client.moment(&moment),
                Effect::Answer(Asker::Roster { .. }, roster) => gateway.client.roster(&roster),
                Effect::Answer(Asker::Who { .. } | Asker::Caller(_), _) | Effect::Look(_) => {}
                Effect::Publish(news) => self.publish(place, &|| Note::News(news.clone())),
                Effect::Close => panic!("somebody watches"),
            }
        }
    }

    fn publish(&mut self, from: usize, note: &dyn Fn() -> Note) {
        if !self.gateways[from].as_ref().is_some_and(|gateway| gateway.connected) {
            return;
        }
        for to in (0..GATEWAYS).filter(|to| *to != from) {
            let lost = self.below(1000) < self.faults.loss;
            let hears = self.gateways[to].as_ref().is_some_and(|gateway| gateway.connected);
            if lost || !hears {
                continue;
            }
            let delay = STEP * self.below(4);
            let line = &mut self.on_the_way[from * GATEWAYS + to];
            let at = line.back().map_or(self.now, |(at, _)| *at).max(self.now + delay);
            line.push_back((at, note()));
        }
    }

    fn step(&mut self) {
        self.now += STEP;
        let now = self.now;
        for line in 0..self.on_the_way.len() {
            while self.on_the_way[line].front().is_some_and(|(at, _)| *at <= now) {
                let Some((_, note)) = self.on_the_way[line].pop_front() else { break };
                self.deliver(line / GATEWAYS, line % GATEWAYS, note);
            }
        }
        for place in 0..GATEWAYS {
            let mut beats = false;
            self.with(place, |gateway, now, fx| {
                for gone in gateway.others.tick(gateway.connected, now) {
                    gateway.room.lose(gone, now, fx);
                }
                gateway.room.look(gateway.others.is_alone(), now, fx);
                beats = gateway.beat_at <= now;
                if beats {
                    gateway.beat_at = now + BEAT_EVERY;
                }
            });
            if beats {
                self.publish(place, &|| Note::Beat);
            }
        }
    }

    fn deliver(&mut self, from: usize, to: usize, note: Note) {
        let Some(sender) = self.gateways[from].as_ref().map(|gateway| gateway.id) else { return };
        self.with(to, |gateway, now, fx| {
            gateway.others.heard(sender);
            if let Note::News(news) = note {
                gateway.room.hear(sender, news, now, fx);
            }
        });
    }

    /// Somebody comes.
    pub(super) fn connect(&mut self, gateway: usize) -> Connection {
        let user = self.below(USERS);
        self.connect_as(gateway, user)
    }

    fn connect_as(&mut self, place: usize, user: u32) -> Connection {
        let key = ConnectionKey { place: self.random.next_u32(), generation: 0 };
        let connection = Connection { gateway: place, guest: Guest { shard: 0, connection: key }, user };
        let who = User::parse(&format!("u{user}"), None).unwrap();
        self.with(place, |gateway, now, fx| {
            gateway.number += 1;
            let id = StayId { gateway: gateway.id, number: gateway.number };
            let stay = Stay { id, since: Timestamp::from_micros(0) };
            gateway.room.enter(connection.guest, &who, None, stay, now, fx);
        });
        self.connections.push(connection);
        connection
    }

    pub(super) fn disconnect(&mut self, connection: Connection) {
        self.part(connection, Parting::Clean);
    }

    fn part(&mut self, connection: Connection, parting: Parting) {
        self.connections.retain(|other| other.guest != connection.guest);
        self.with(connection.gateway, |gateway, now, fx| {
            gateway.room.exit(connection.guest, parting, now, fx);
        });
    }

    pub(super) fn kill(&mut self, place: usize) {
        self.gateways[place] = None;
        self.connections.retain(|connection| connection.gateway != place);
        self.on_the_way[place * GATEWAYS..(place + 1) * GATEWAYS].iter_mut().for_each(VecDeque::clear);
    }

    /// Cuts everybody off from the bus, or ends that.
    pub(super) fn cut(&mut self, cut: bool) {
        self.gateways.iter_mut().flatten().for_each(|gateway| gateway.connected = !cut);
    }

    /// Lets all that happens happen, in so many steps.
    pub(super) fn live(&mut self, steps: u32) {
        for _ in 0..steps {
            self.step();
            let place = self.index(GATEWAYS);
            match self.below(100) {
                0..12 if self.gateways[place].is_some() => drop(self.connect(place)),
                12..20 => self.part_somebody(Parting::Clean),
                20..24 => self.part_somebody(Parting::Broken),
                24 if self.faults.deaths && self.below(3) == 0 => self.kill(place),
                25..27 if self.gateways[place].is_none() => self.start(place),
                27 if self.faults.deaths => {
                    if let Some(gateway) = &mut self.gateways[place] {
                        gateway.connected = !gateway.connected;
                    }
                }
                _ => {}
            }
        }
    }

    fn part_somebody(&mut self, parting: Parting) {
        let at = self.index(self.connections.len());
        if let Some(connection) = self.connections.get(at).copied() {
            self.part(connection, parting);
        }
    }

    /// Everybody is there; connections break, and come back within five seconds, through any gateway.
    pub(super) fn live_restlessly(&mut self, steps: u32) {
        let mut away: Vec<(Instant, u32)> = Vec::new();
        for user in 0..USERS {
            self.connect_as(user as usize % GATEWAYS, user);
        }
        self.live_on_quietly(3);
        for _ in 0..steps {
            self.step();
            let now = self.now;
            for (_, user) in away.extract_if(.., |(at, _)| *at <= now).collect::<Vec<_>>() {
                let place = self.index(GATEWAYS);
                self.connect_as(place, user);
            }
            if self.below(10) == 0 && !self.connections.is_empty() {
                let at = self.index(self.connections.len());
                let connection = self.connections[at];
                self.part(connection, Parting::Broken);
                away.push((self.now + STEP * self.below(100), connection.user));
            }
        }
        for (_, user) in away {
            self.connect_as(0, user);
        }
    }

    /// Everything works from now on.
    pub(super) fn heal(&mut self) {
        self.faults = Faults::none();
        self.cut(false);
        for place in 0..GATEWAYS {
            if self.gateways[place].is_none() {
                self.start(place);
            }
        }
    }

    pub(super) fn live_on_quietly(&mut self, seconds: u32) {
        (0..seconds * 20).for_each(|_| self.step());
    }

    /// How many users a gateway knows of.
    pub(super) fn known_by(&self, gateway: usize) -> u32 {
        self.gateways[gateway].as_ref().unwrap().room.count().users
    }

    /// How often a client was told that a user is gone.
    pub(super) fn departures(&self) -> usize {
        self.departures
            + self.gateways.iter().flatten().map(|gateway| gateway.client.departures).sum::<usize>()
    }

    /// All gateways know the same, their clients were told it, and it is the truth.
    pub(super) fn check_agreement(&self) {
        let is_here = |connection: &Connection| self.gateways[connection.gateway].is_some();
        let here: Vec<_> = self.connections.iter().filter(|connection| is_here(connection)).collect();
        for gateway in self.gateways.iter().flatten() {
            let count = gateway.room.count();
            assert_eq!(count.connections as usize, here.len(), "connections known by {}", gateway.id);
            let crowded = count.connections > self.rules.list_max;
            let told = gateway.client.listed();
            assert_eq!(told.is_none(), crowded, "what the client of {} was told", gateway.id);
            if let Some(told) = told {
                let mut users: Vec<_> =
                    here.iter().map(|connection| format!("u{}", connection.user)).collect();
                users.sort();
                users.dedup();
                assert_eq!(told.keys().cloned().collect::<Vec<_>>(), users);
                assert_eq!(*told, list(&gateway.room.known()));
            }
        }
    }
}

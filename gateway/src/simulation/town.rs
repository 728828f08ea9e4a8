//! The whole town, in one thread and in a time that only passes when nothing is left to do. What happens next is the
//! next thing on the agenda; what comes of it, and when, is drawn by chance.

use std::future::poll_fn;
use std::sync::{Arc, LazyLock};
use std::task::Poll;

use bus::{Answer, Asked, Bus, LocalBus, Note, Partition, ReplyTo, RoomEvents};
use chat::{Epoch, Event, RoomHead, RoomId};
use futures::FutureExt;
use tokio::time::{Instant, sleep_until};

use super::agenda::{Agenda, Deed};
use super::cable::Cable;
use super::chance::Chance;
use super::gateway::{Gateway, Output, token};
use super::resident::{Resident, Rules};
use super::store::Store;
use super::trace::Trace;
use super::weather::Weather;
use super::writers::{Door, Fate, nobody_knows, work};

/// The rooms; the first and the last are of one partition.
static ROOMS: LazyLock<[RoomId; 3]> = LazyLock::new(|| {
    let room = |number: u32| RoomId::parse(&format!("r{number}")).expect("a room");
    let same = |other: &RoomId| Partition::of(other) == Partition::of(&room(0));
    [room(0), room(1), (2..).map(room).find(same).expect("there are 64 partitions")]
});

pub(super) struct Town {
    pub(super) chance: Chance,
    pub(super) weather: Weather,
    pub(super) rules: Rules,
    pub(super) trace: Trace,
    pub(super) agenda: Agenda,
    pub(super) store: Store,
    pub(super) rooms: Vec<RoomId>,
    /// `None`: dead, and not replaced yet.
    pub(super) gateways: Vec<Option<Gateway>>,
    pub(super) residents: Vec<Resident>,
    /// Numbered behind the residents.
    pub(super) cables: Vec<Cable>,
    pub(super) owner: Owner,
    pub(super) lives: u32,
    /// True once there are no faults any more.
    pub(super) calm: bool,
    /// How many faults there were.
    pub(super) faults: u64,
}

/// The writer that owns the rooms.
pub(super) enum Owner {
    Here,
    Gone,
    /// It does nothing, and will do this.
    Frozen(Vec<Deed>),
}

impl Town {
    pub(super) fn new(seed: u64, trace: Trace) -> Self {
        let mut chance = Chance::new(seed);
        let weather = Weather::draw(&mut chance);
        let rooms = ROOMS[ROOMS.len() - weather.rooms..].to_vec();
        let residents = (0..weather.residents).map(|number| Resident::new(number, &rooms, token)).collect();
        let first = weather.residents;
        let cables =
            (first..first + weather.cables).map(|number| Cable::new(number, &rooms, token)).collect();
        let rules = Rules { keeps_the_past: weather.keeps_the_past(), replay: weather.replay };
        let mut town = Self {
            store: Store::new(weather.page),
            agenda: Agenda::new(Instant::now()),
            gateways: (0..weather.gateways).map(|_| None).collect(),
            owner: Owner::Here,
            lives: 0,
            calm: false,
            faults: 0,
            chance,
            weather,
            rules,
            trace,
            rooms,
            residents,
            cables,
        };
        town.note(|town| format!("seed {seed}: {:?}", town.weather));
        (0..town.gateways.len()).for_each(|number| town.start(number));
        (0..town.everybody()).for_each(|number| town.plan_within(town.weather.idle, Deed::Act(number)));
        town.agenda.plan(1000, Deed::Tick);
        town.agenda.plan(500, Deed::Announce);
        if town.weather.trouble > 0 {
            town.plan_within(town.weather.trouble, Deed::Trouble);
        }
        town
    }

    /// Lets the town live until so many milliseconds after its beginning.
    pub(super) async fn live_until(&mut self, end: u64) {
        while self.agenda.now() < end {
            while let Some(deed) = self.agenda.take() {
                self.perform(deed);
                self.deliver();
            }
            let next = self.agenda.next().unwrap_or(end).min(end);
            let next = self.agenda.moment(next);
            let came = tokio::select! {
                biased;
                came = poll_fn(|cx| Self::poll(&mut self.gateways, cx)) => Some(came),
                () = sleep_until(next) => None,
            };
            if let Some((gateway, output)) = came {
                self.take(gateway, output);
            }
        }
    }

    fn poll(gateways: &mut [Option<Gateway>], cx: &std::task::Context<'_>) -> Poll<(usize, Output)> {
        for (number, gateway) in gateways.iter_mut().enumerate() {
            let Some(gateway) = gateway else { continue };
            assert!(!gateway.has_failed(), "the switchboard of gateway {number} has failed");
            if let Poll::Ready(output) = gateway.poll(cx) {
                return Poll::Ready((number, output));
            }
        }
        Poll::Pending
    }

    fn take(&mut self, number: usize, output: Output) {
        let Some(gateway) = &self.gateways[number] else { return };
        match output {
            Output::Asked(door, asked) => {
                let bus = Arc::clone(&gateway.bus);
                self.note(|_| format!("gateway {number} asks at {door:?}: {:?}", asked.ask));
                self.plan_within(self.weather.way, Deed::Ask { bus, door, asked, waited: 0 });
            }
            Output::Told(shard) => {
                let life = gateway.life;
                let lag = self.chance.between(0, self.weather.shard_lag);
                self.agenda.plan(lag, Deed::Take { gateway: number, life, shard });
            }
        }
    }

    fn perform(&mut self, deed: Deed) {
        match deed {
            Deed::Note { bus, note } => self.hear(&bus, note),
            Deed::Ask { bus, door, asked, waited } => self.ask(bus, door, asked, waited),
            Deed::Answer { bus, to, answer } => {
                self.note(|_| format!("answer: {answer:?}"));
                // Where the bus is cut, or nobody waits any more, it is lost.
                let _lost = bus.answer(to, answer).now_or_never();
            }
            Deed::Take { gateway, life, shard } => self.take_told(gateway, life, shard),
            Deed::Tick => self.tick(),
            Deed::Announce => self.announce(),
            Deed::Act(resident) => {
                self.act(resident);
                self.plan_within(self.weather.idle, Deed::Act(resident));
            }
            Deed::Trouble => self.make_trouble(),
            Deed::Mend { gateway, life } => self.mend(gateway, life),
            Deed::Start(gateway) => self.start(gateway),
            Deed::OwnerBack => self.bring_owner_back(),
        }
    }

    fn hear(&mut self, bus: &LocalBus, note: Note) {
        self.note(|_| format!("on the bus: {note:?}"));
        let _lost = bus.publish(note, None).now_or_never();
    }

    /// A request has come to the writers.
    fn ask(&mut self, bus: Arc<LocalBus>, door: Door, asked: Asked, waited: u64) {
        if let (Owner::Frozen(later), Door::Owner) = (&mut self.owner, door) {
            later.push(Deed::Ask { bus, door, asked, waited });
            return;
        }
        let fate = if self.calm { Fate::Done } else { Fate::draw(&self.weather, &mut self.chance) };
        if fate != Fate::Done {
            self.faults += 1;
            self.note(|_| format!("{fate:?}: {:?}", asked.ask));
        }
        match fate {
            Fate::Lost => {}
            Fate::Late if waited == 0 => {
                let late = self.chance.between(100, 8_000);
                self.agenda.plan(late, Deed::Ask { bus, door, asked, waited: late });
            }
            Fate::StoreAway => self.answer(bus, asked.reply_to, Answer::Refused(nobody_knows())),
            Fate::AnswerLost | Fate::Unknown | Fate::Done | Fate::Late => {
                let (answer, new) = work(&mut self.store, asked.ask, waited);
                self.publish(&new);
                match fate {
                    Fate::AnswerLost => {}
                    Fate::Unknown => self.answer(bus, asked.reply_to, Answer::Refused(nobody_knows())),
                    _ => self.answer(bus, asked.reply_to, answer),
                }
            }
        }
    }

    fn answer(&mut self, bus: Arc<LocalBus>, to: ReplyTo, answer: Answer) {
        self.plan_within(self.weather.way, Deed::Answer { bus, to, answer });
    }

    /// Tells every gateway of what was committed, by and by.
    fn publish(&mut self, new: &[Event]) {
        let Some(first) = new.first() else { return };
        let epoch = Epoch::parse(&format!("e.{}", self.store.epoch())).expect("an epoch");
        self.note(|_| {
            format!("stored in {epoch:?}: {:?}", new.iter().map(|e| (&e.seq, &e.id)).collect::<Vec<_>>())
        });
        if self.chance.happens(self.weather.unpublished) {
            return;
        }
        let note = Note::Events(RoomEvents { room: first.room.clone(), epoch, events: new.to_vec() });
        for gateway in 0..self.gateways.len() {
            let Some(bus) = self.gateways[gateway].as_ref().map(|gateway| Arc::clone(&gateway.bus)) else {
                continue;
            };
            let lost = self.chance.happens(self.weather.note_lost);
            let doubled = self.chance.happens(self.weather.note_doubled);
            let late = self.chance.happens(self.weather.note_late);
            self.faults += u64::from(lost) + u64::from(doubled) + u64::from(late);
            for _ in 0..u64::from(!lost) + u64::from(doubled) {
                let way = if late { 3_000 } else { self.weather.way };
                self.plan_within(way, Deed::Note { bus: Arc::clone(&bus), note: note.clone() });
            }
        }
    }

    /// The writers announce the rooms that have changed. While the owner is not there it is not done: whoever takes
    /// over looks back as far as is needed.
    fn announce(&mut self) {
        self.agenda.plan(1000, Deed::Announce);
        if !matches!(self.owner, Owner::Here) {
            return;
        }
        let heads = self.store.announce();
        for partition in Partition::all() {
            let heads: Vec<RoomHead> =
                heads.iter().filter(|head| Partition::of(&head.room) == partition).cloned().collect();
            if heads.is_empty() {
                continue;
            }
            for number in 0..self.gateways.len() {
                let lost = self.chance.happens(self.weather.heads_lost);
                let way = self.chance.between(1, self.weather.way);
                let Some(gateway) = &mut self.gateways[number] else { continue };
                gateway.has_losses |= lost;
                let (bus, note) = (Arc::clone(&gateway.bus), Note::Heads(partition, heads.clone()));
                if !lost {
                    self.agenda.plan(way, Deed::Note { bus, note });
                }
            }
        }
    }

    fn take_told(&mut self, number: usize, life: u32, shard: usize) {
        if let Some(gateway) = self.gateways[number].as_mut().filter(|gateway| gateway.life == life) {
            gateway.take_told(shard);
        }
    }

    fn tick(&mut self) {
        self.agenda.plan(1000, Deed::Tick);
        for gateway in self.gateways.iter_mut().flatten() {
            gateway.shards.iter_mut().for_each(super::shard::Shard::tick);
        }
    }

    /// Gives the residents what stands in the shards' mailbags.
    pub(super) fn deliver(&mut self) {
        for number in 0..self.gateways.len() {
            for shard in 0..self.weather.shards {
                while let Some((resident, mail)) =
                    self.gateways[number].as_mut().and_then(|gateway| gateway.shards[shard].mail.pop_front())
                {
                    self.trace.note(self.agenda.now(), || format!("u{resident} at {number} gets {mail:?}"));
                    match self.cable(resident) {
                        None => self.residents[resident].receive(mail, &self.store, &self.rules),
                        Some(cable) => self.cables[cable].receive(mail, &self.store, &self.rules),
                    }
                }
            }
        }
    }

    /// How many live here: residents, then pages.
    pub(super) fn everybody(&self) -> usize {
        self.residents.len() + self.cables.len()
    }

    /// Which of the pages has this number, if it is one of theirs.
    pub(super) fn cable(&self, number: usize) -> Option<usize> {
        number.checked_sub(self.residents.len())
    }

    pub(super) fn plan_within(&mut self, most: u64, deed: Deed) {
        let after = self.chance.between(1, most.max(1));
        self.agenda.plan(after, deed);
    }

    pub(super) fn note(&mut self, what: impl FnOnce(&Self) -> String) {
        let mut trace = std::mem::replace(&mut self.trace, Trace::off());
        trace.note(self.agenda.now(), || what(self));
        self.trace = trace;
    }
}

//! A gateway of the model: the real switchboard, on a bus of its own that the model holds the other end of, and shards
//! without sockets.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bus::{Asked, Bus, Door as BusDoor, Listening, LocalBus, Partition};
use chat::{Clock, RoomId, Timestamp, User};
use futures::FutureExt;
use prometheus::Registry;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::bell::Rung;
use super::chance::Chance;
use super::shard::Shard;
use super::weather::Weather;
use super::writers::Door;
use crate::auth::{Pass, Reception, Secret, Settings as AuthSettings, Signer, Verifier};
use crate::metrics::Metrics;
use crate::sampling::Sampling;
use crate::session::EnvParts;
use crate::settings::Limits;
use crate::switchboard::test_bench::{Bounds, start_here};
use crate::switchboard::{Settings, ShardEnds};

/// How long interest in an empty room lingers: shorter than in earnest, so that rooms come and go.
pub(super) const LINGER: Duration = Duration::from_secs(1);
/// How many requests wait on a bus or at a door.
const REQUESTS_MAX: usize = 4096;

pub(super) struct Gateway {
    /// Counts the gateways that were in this place before.
    pub(super) life: u32,
    pub(super) bus: Arc<LocalBus>,
    pub(super) shards: Vec<Shard>,
    /// The bus has lost something that it has not told of yet.
    pub(super) has_losses: bool,
    stop: CancellationToken,
    work: JoinHandle<Vec<String>>,
    at_owner: Entrance,
    at_any: Entrance,
    rung: Rung,
}

/// Where requests come in.
struct Entrance {
    door: Door,
    into: mpsc::Sender<Asked>,
    asked: mpsc::Receiver<Asked>,
    open: Vec<Listening>,
}

/// What a gateway has to say.
pub(super) enum Output {
    /// It asks the writers for something.
    Asked(Door, Asked),
    /// The switchboard has something for a shard.
    Told(usize),
}

impl Gateway {
    pub(super) fn start(life: u32, seed: u64, weather: &Weather, owner: bool, rooms: &[RoomId]) -> Self {
        let bus = Arc::new(LocalBus::new(REQUESTS_MAX));
        let stop = CancellationToken::new();
        let (replay, ring_bytes) = (weather.replay, weather.ring_bytes);
        let settings = Settings { replay, ring_bytes, linger: LINGER, sampling: Sampling::NONE };
        let bounds = Bounds { wants: weather.wants_max, told: weather.told_max };
        let road = Arc::clone(&bus) as Arc<dyn Bus>;
        let (ends, work) = start_here(weather.shards, bounds, road, settings, metrics(), stop.clone());
        let shard = |ends: ShardEnds| {
            let parts = EnvParts {
                limits: limits(weather),
                presence: crate::settings::Presence::default(),
                auto_create: true,
                reception: Reception::new(Arc::clone(&VERIFIER), 0),
                clock: Arc::new(StandingClock),
                sampling: Sampling::NONE,
            };
            let chance = Chance::new(seed.wrapping_add(1));
            Shard::new(parts.into_env_with_seed(seed), ends, chance, weather.clogged)
        };
        let (at_owner, at_any) = (Entrance::new(Door::Owner), Entrance::new(Door::Any));
        let shards = ends.into_iter().map(shard).collect();
        let mut gateway = Self {
            life,
            bus,
            shards,
            has_losses: false,
            stop,
            work,
            at_owner,
            at_any,
            rung: Rung::default(),
        };
        gateway.at_any.serve(&gateway.bus, rooms);
        if owner {
            gateway.at_owner.serve(&gateway.bus, rooms);
        }
        gateway
    }

    /// The owner of the rooms is there again, or gone.
    pub(super) fn set_owner(&mut self, there: bool, rooms: &[RoomId]) {
        if there {
            self.at_owner.serve(&self.bus, rooms);
        } else {
            self.at_owner.open.clear();
        }
    }

    /// Ready when there is something that the model has to deal with.
    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<Output> {
        let mut rung = std::mem::take(&mut self.rung);
        let polled = rung.poll(cx, |cx| self.poll_all(cx));
        self.rung = rung;
        polled
    }

    /// A shard has taken what it was told: there may be more for it.
    pub(super) fn take_told(&mut self, shard: usize) {
        self.shards[shard].take_all();
        self.rung = Rung::default();
    }

    fn poll_all(&mut self, cx: &mut Context<'_>) -> Poll<Output> {
        for entrance in [&mut self.at_owner, &mut self.at_any] {
            if let Poll::Ready(Some(asked)) = entrance.asked.poll_recv(cx) {
                return Poll::Ready(Output::Asked(entrance.door, asked));
            }
        }
        for (number, shard) in self.shards.iter_mut().enumerate() {
            if shard.poll_told(cx).is_ready() {
                return Poll::Ready(Output::Told(number));
            }
        }
        Poll::Pending
    }

    /// It dies: nothing of it is left.
    pub(super) fn kill(&self) {
        self.work.abort();
    }

    /// It ends in peace. Tells what it still held.
    pub(super) async fn end(self) -> Vec<String> {
        self.stop.cancel();
        let mut held = self.work.await.expect("the switchboard has not failed");
        held.extend(self.shards.iter().flat_map(Shard::holds));
        held
    }

    /// True if the switchboard has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.work.is_finished()
    }
}

impl Entrance {
    fn new(door: Door) -> Self {
        let (into, asked) = mpsc::channel(REQUESTS_MAX);
        Self { door, into, asked, open: Vec::new() }
    }

    fn serve(&mut self, bus: &LocalBus, rooms: &[RoomId]) {
        self.open.clear();
        let partitions: BTreeSet<u8> = rooms.iter().map(|room| Partition::of(room).index()).collect();
        let doors: Vec<BusDoor> = match self.door {
            Door::Any => vec![BusDoor::SubmitAny, BusDoor::ReadAny],
            Door::Owner => Partition::all()
                .filter(|partition| partitions.contains(&partition.index()))
                .flat_map(|partition| [BusDoor::Submit(partition), BusDoor::Read(partition)])
                .collect(),
        };
        for door in doors {
            let served = bus.serve(door, self.into.clone()).now_or_never();
            self.open.push(served.expect("nothing is waited for").expect("the bus is there"));
        }
    }
}

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_795_150_800_000_000)
    }
}

static AUTH: LazyLock<AuthSettings> = LazyLock::new(|| AuthSettings {
    secret: Some(Secret::new("a secret of thirty-two bytes, ok")),
    ..AuthSettings::default()
});

static VERIFIER: LazyLock<Arc<Verifier>> =
    LazyLock::new(|| Arc::new(Verifier::new(&AUTH).expect("the settings are right")));

/// A token that lasts as long as any town does.
pub(super) fn token(user: &User) -> String {
    let pass = Pass { user: user.clone(), lives: Duration::from_hours(1), rooms: None, admin: false };
    Signer::new(&AUTH).expect("there is a secret").sign(&pass, StandingClock.now()).expect("it can be signed")
}

fn limits(weather: &Weather) -> Limits {
    Limits {
        sends_per_s: 0,
        joins_per_s: 0,
        replay: weather.replay,
        sends_waiting: weather.sends_waiting,
        ..Limits::default()
    }
}

/// Nobody looks at them here, so all gateways share one set: making one takes longer than a second of a town.
fn metrics() -> Metrics {
    static METRICS: LazyLock<Metrics> =
        LazyLock::new(|| Metrics::register(&Registry::new()).expect("the names are free"));
    METRICS.clone()
}

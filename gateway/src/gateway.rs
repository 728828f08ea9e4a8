//! Starting a gateway, and running it to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{JoinHandle, available_parallelism};
use std::time::Duration;

use bus::Bus;
use chat::Clock;
use dialect::{Dialect, dialects};
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task;
use tokio_util::sync::CancellationToken;

use crate::Settings;
use crate::auth::{Reception, Signer, Verifier};
use crate::http::accept::{Door, accept, bind};
use crate::http::longpoll;
use crate::http::pusher::Office;
use crate::http::{Arrival, Desk, Load, Origins, Service, router};
use crate::leaving::{Exits, Told, follow_link, leave};
use crate::longpoll::Polls;
use crate::metrics::Metrics;
use crate::neighbours::{self, Here, Neighbours};
use crate::porter::{self, Bell};
use crate::session::EnvParts;
use crate::settings::Drain;
use crate::shard::ShardLimits;
use crate::shard::thread::{self, ARRIVALS_MAX, Life};
use crate::switchboard::{self, ShardEnds};

/// How long interest in an empty room lingers: those who reconnect find it warm.
const LINGER: Duration = Duration::from_secs(30);

/// What a gateway is given.
pub struct Parts {
    /// The road to the writers.
    pub bus: Arc<dyn Bus>,
    /// Where its metrics are registered.
    pub registry: Registry,
    /// Where it says whether it can serve; an error is the reason why not.
    pub readiness: watch::Sender<Result<(), String>>,
    /// Where it says at which address it listens, once it does.
    pub listening: watch::Sender<Option<SocketAddr>>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}

/// Why a gateway did not start, or ended without having been asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The public port cannot be bound.
    #[error("gateway.listen: cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// Tokens can be neither made nor checked with these settings.
    #[error("{}", .0.join("; "))]
    Auth(Vec<String>),
    /// A metric cannot be registered.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The system gives no thread.
    #[error("no thread to run on: {0}")]
    Thread(std::io::Error),
    /// A part of it has ended: a bug. Whoever was connected comes back, elsewhere or to the next one.
    #[error("a part of the gateway has failed")]
    Failed,
}

/// Runs a gateway until `shutdown` is cancelled; then drains it and comes back. Dropping the future stops it
/// at once, without farewells.
///
/// Must run within a `LocalSet`. The switchboard works on its thread, and does so best if the bus was opened there, too;
/// each shard has a thread of its own.
///
/// # Errors
/// [`RunError`]: all but [`RunError::Failed`] before anything is served.
pub async fn run(settings: Settings, parts: Parts, shutdown: CancellationToken) -> Result<(), RunError> {
    let address = settings.gateway.listen;
    let desk = Desks::new(&settings, &parts)?;
    let metrics = Metrics::register(&parts.registry)?;
    desk.dialects.iter().for_each(|dialect| metrics.show_dialect(dialect.name()));
    let listener = bind(address).map_err(|source| RunError::Listen { address, source })?;
    let address = listener.local_addr().map_err(|source| RunError::Listen { address, source })?;
    let stop = CancellationToken::new();
    let _stopped_whatever_happens = stop.clone().drop_guard();
    let (drain, draining) = watch::channel(None);
    let started = start(&settings, &parts, &desk, &metrics, &draining, &stop).map_err(RunError::Thread)?;
    tracing::info!(%address, shards = started.doors.len(), "the gateway listens");
    parts.listening.send_replace(Some(address));
    serve(&settings, &parts, listener, started, &drain, shutdown).await
}

/// The parts of a running gateway that its end needs.
struct Started {
    doors: Vec<Door>,
    loads: Vec<Load>,
    switchboard: task::JoinHandle<()>,
    porter: task::JoinHandle<()>,
    threads: Vec<JoinHandle<()>>,
    stop: CancellationToken,
    /// Cancelled once the switchboard, the porter or a thread has ended.
    ended: CancellationToken,
}

fn start(
    settings: &Settings,
    parts: &Parts,
    desks: &Desks,
    metrics: &Metrics,
    draining: &watch::Receiver<Option<Drain>>,
    stop: &CancellationToken,
) -> std::io::Result<Started> {
    let shards = match settings.gateway.shards {
        0 => available_parallelism().map_or(1, usize::from),
        shards => shards,
    };
    let lines = switchboard::Settings {
        replay: settings.limits.replay,
        ring_bytes: settings.limits.ring_bytes,
        linger: LINGER,
        sampling: settings.sampling,
    };
    let ended = CancellationToken::new();
    let alive = || ended.clone().drop_guard();
    let switchboard::Started { ends, told, work: switchboard } =
        switchboard::start(shards, Arc::clone(&parts.bus), lines, metrics.clone(), stop.clone(), alive());
    let (bells, errands) = porter::bells(shards);
    let (bus, clock) = (Arc::clone(&parts.bus), Arc::clone(&parts.clock));
    let (me, (others_in, others)) = (rand::random(), watch::channel(None));
    let here = Here::new(told.clone(), bells[0].clone(), desks.reception.clone());
    task::spawn(neighbours::keep(me, Arc::clone(&bus), here.clone(), stop.clone(), alive()));
    let neighbours = Neighbours::new(Arc::clone(&bus), here, others);
    let porter = porter::Parts {
        me,
        others: others_in,
        bus,
        clock,
        settings: settings.presence,
        channels: porter::ChannelRules::from(&settings.pusher),
        errands,
        told,
    };
    let porter = porter::start(porter, stop.clone(), alive());
    task::spawn(Arc::clone(&desks.polls).serve(stop.clone(), alive()));
    let mut started = Started {
        doors: Vec::new(),
        loads: vec![desks.polls.load()],
        switchboard,
        porter,
        threads: Vec::new(),
        stop: stop.clone(),
        ended: ended.clone(),
    };
    for (number, (ends, bell)) in ends.into_iter().zip(bells).enumerate() {
        let life = Life { drain: draining.clone(), stop: stop.clone(), alive: alive() };
        let lines = Lines { ends, bell, neighbours: neighbours.clone() };
        let (door, thread) = start_shard(number, lines, settings, desks, metrics, life)?;
        started.loads.push(door.load.clone());
        started.doors.push(door);
        started.threads.push(thread);
    }
    Ok(started)
}

/// How a shard, and what is asked on its sockets, reaches the rest of the gateway, and the others.
struct Lines {
    ends: ShardEnds,
    bell: Bell,
    neighbours: Neighbours,
}

fn start_shard(
    number: usize,
    lines: Lines,
    settings: &Settings,
    desks: &Desks,
    metrics: &Metrics,
    life: Life,
) -> std::io::Result<(Door, JoinHandle<()>)> {
    let (sockets_in, sockets) = mpsc::channel(ARRIVALS_MAX);
    let (arrivals_in, arrivals) = mpsc::channel(ARRIVALS_MAX);
    let load = Load::default();
    let limits = ShardLimits {
        frame_bytes: settings.limits.frame_bytes,
        outbox_bytes: settings.limits.outbox_bytes,
        stalled: settings.limits.stalled,
    };
    let Lines { ends, bell, neighbours } = lines;
    let office = Office::new(settings, ends.line.clone(), bell.clone(), neighbours);
    let desk = desks.desk(arrivals_in, load.clone(), office);
    let polls = longpoll::routes(&desk, &desks.polls, &desks.dialects);
    let service = Service::new(router(desk, &desks.dialects).merge(polls));
    let env = desks.env(settings);
    let metrics = metrics.clone();
    let parts = thread::Parts { ends, bell, env, metrics, limits, sockets, service, arrivals, life };
    let thread = thread::start(number, parts)?;
    Ok((Door { sockets: sockets_in, load }, thread))
}

/// Serves until told to go, and goes; or until the switchboard, the porter or a shard has ended, and then stops at once: whoever is
/// to start it anew must hear of that.
async fn serve(
    settings: &Settings,
    parts: &Parts,
    listener: TcpListener,
    started: Started,
    drain: &watch::Sender<Option<Drain>>,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    let Started { doors, loads, switchboard, porter, threads, stop, ended } = started;
    let closed = CancellationToken::new();
    let accepting = tokio::spawn(accept(listener, doors, closed.clone()));
    let served = async {
        let (readiness, mut told) = (&parts.readiness, Told::NeverReady);
        tokio::select! {
            () = follow_link(parts.bus.link(), readiness, &mut told) => {}
            () = shutdown.cancelled() => {}
        }
        leave(settings.drain, told, Exits { readiness, loads: &loads, closed: &closed, drain }).await;
    };
    let outcome = tokio::select! {
        () = served => Ok(()),
        () = ended.cancelled() => Err(RunError::Failed),
    };
    stop.cancel();
    closed.cancel();
    let _ended = accepting.await;
    if switchboard.await.is_err() {
        tracing::error!("the switchboard has panicked");
    }
    if porter.await.is_err() {
        tracing::error!("the porter has panicked");
    }
    join(threads).await;
    outcome
}

async fn join(threads: Vec<JoinHandle<()>>) {
    let joined = task::spawn_blocking(move || {
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the gateway has panicked");
            }
        }
    });
    let _joined = joined.await;
}

/// What all shards' handlers and sessions are made from.
struct Desks {
    dialects: Vec<&'static dyn Dialect>,
    origins: Arc<Origins>,
    query_token: bool,
    dev_tokens: Option<Arc<Signer>>,
    loopback: bool,
    clock: Arc<dyn Clock>,
    reception: Reception,
    polls: Arc<Polls>,
}

impl Desks {
    fn new(settings: &Settings, parts: &Parts) -> Result<Self, RunError> {
        let auth = &settings.auth;
        let dev_tokens = match auth.dev {
            true => {
                let signer = Signer::new(auth).map_err(|error| RunError::Auth(vec![error.to_string()]))?;
                Some(Arc::new(signer))
            }
            false => None,
        };
        Ok(Self {
            dialects: dialects(dialect::Settings {
                action_cable: settings.action_cable.clone(),
                phoenix: settings.phoenix.clone(),
                pusher: settings.pusher.clone(),
            }),
            origins: Arc::new(Origins::new(&settings.gateway.origins)),
            query_token: auth.takes_query_token(),
            dev_tokens,
            loopback: settings.gateway.listen.ip().is_loopback(),
            clock: Arc::clone(&parts.clock),
            reception: Reception::new(
                Arc::new(Verifier::new(auth).map_err(RunError::Auth)?),
                settings.limits.connections_per_user,
            ),
            polls: Polls::new(auth.secret.as_ref(), Arc::clone(&parts.bus)),
        })
    }

    fn desk(&self, arrivals: mpsc::Sender<Arrival>, load: Load, office: Option<Office>) -> Desk {
        Desk {
            arrivals,
            load,
            origins: Arc::clone(&self.origins),
            query_token: self.query_token,
            dev_tokens: self.dev_tokens.clone(),
            loopback: self.loopback,
            reception: self.reception.clone(),
            clock: Arc::clone(&self.clock),
            pusher: office.map(Arc::new),
        }
    }

    fn env(&self, settings: &Settings) -> EnvParts {
        EnvParts {
            limits: settings.limits,
            presence: settings.presence,
            auto_create: settings.rooms.auto_create,
            reception: self.reception.clone(),
            clock: Arc::clone(&self.clock),
            sampling: settings.sampling,
        }
    }
}

#[cfg(test)]
mod tests {
    use bus::LocalBus;
    use chat::SystemClock;

    use super::*;

    #[tokio::test]
    async fn a_gateway_without_one_of_its_threads_ends_as_failed() {
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        let (waits, alive) = (stop.clone(), ended.clone().drop_guard());
        let broken = std::thread::spawn(move || {
            let _alive = alive;
            panic!("a bug");
        });
        let whole = std::thread::spawn(move || {
            while !waits.is_cancelled() {
                std::thread::yield_now();
            }
        });
        let parts = Parts {
            bus: Arc::new(LocalBus::new(1)),
            registry: Registry::new(),
            readiness: watch::channel(Ok(())).0,
            listening: watch::channel(None).0,
            clock: Arc::new(SystemClock),
        };
        let started = Started {
            doors: Vec::new(),
            loads: Vec::new(),
            switchboard: task::spawn(async {}),
            porter: task::spawn(async {}),
            threads: vec![broken, whole],
            stop,
            ended,
        };
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let (drain, never) = (watch::channel(None).0, CancellationToken::new());
        let outcome = serve(&Settings::default(), &parts, listener, started, &drain, never).await;
        assert!(matches!(outcome, Err(RunError::Failed)));
    }
}

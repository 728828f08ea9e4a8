//! Starting a gateway, and its orderly end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{JoinHandle, available_parallelism};
use std::time::Duration;

use bus::Bus;
use chat::Clock;
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::Settings;
use crate::auth::{Seats, Signer, Verifier};
use crate::http::accept::{Door, accept, bind};
use crate::http::{Desk, Load, Origins, Service, router};
use crate::metrics::Metrics;
use crate::session::EnvParts;
use crate::shard::ShardLimits;
use crate::shard::thread::{self, ARRIVALS_MAX};
use crate::switchboard::{self, ShardEnds};

/// How long interest in an empty room lingers: those who reconnect find it warm.
const LINGER: Duration = Duration::from_secs(30);
/// How often the drain looks whether everybody has gone.
const LOOK: Duration = Duration::from_millis(20);

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

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
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
}

/// Runs a gateway until `shutdown` is cancelled; then drains it and comes back. Dropping the future stops it
/// at once, without farewells.
///
/// # Errors
/// [`StartError`], before anything is served.
pub async fn run(settings: Settings, parts: Parts, shutdown: CancellationToken) -> Result<(), StartError> {
    let address = settings.gateway.listen;
    let desk = Desks::new(&settings, &parts)?;
    let metrics = Metrics::register(&parts.registry)?;
    let listener = bind(address).map_err(|source| StartError::Listen { address, source })?;
    let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
    let stop = CancellationToken::new();
    let _stopped_whatever_happens = stop.clone().drop_guard();
    let (drain, draining) = watch::channel(None);
    let started = start(&settings, &parts, &desk, &metrics, &draining, &stop).map_err(StartError::Thread)?;
    tracing::info!(%address, shards = started.doors.len(), "the gateway listens");
    parts.listening.send_replace(Some(address));
    serve(&settings, &parts, listener, started, &drain, shutdown).await;
    Ok(())
}

/// The parts of a running gateway that its end needs.
struct Started {
    doors: Vec<Door>,
    loads: Vec<Load>,
    threads: Vec<JoinHandle<()>>,
    stop: CancellationToken,
}

fn start(
    settings: &Settings,
    parts: &Parts,
    desks: &Desks,
    metrics: &Metrics,
    draining: &watch::Receiver<Option<Duration>>,
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
    };
    let (ends, switchboard) =
        switchboard::start(shards, Arc::clone(&parts.bus), lines, metrics.clone(), stop.clone())?;
    let mut started =
        Started { doors: Vec::new(), loads: Vec::new(), threads: vec![switchboard], stop: stop.clone() };
    for (number, ends) in ends.into_iter().enumerate() {
        let (door, thread) =
            start_shard(number, ends, settings, desks, metrics, draining.clone(), stop.clone())?;
        started.loads.push(door.load.clone());
        started.doors.push(door);
        started.threads.push(thread);
    }
    Ok(started)
}

fn start_shard(
    number: usize,
    ends: ShardEnds,
    settings: &Settings,
    desks: &Desks,
    metrics: &Metrics,
    drain: watch::Receiver<Option<Duration>>,
    stop: CancellationToken,
) -> std::io::Result<(Door, JoinHandle<()>)> {
    let (sockets_in, sockets) = mpsc::channel(ARRIVALS_MAX);
    let (arrivals_in, arrivals) = mpsc::channel(ARRIVALS_MAX);
    let load = Load::default();
    let limits = ShardLimits {
        frame_bytes: settings.limits.frame_bytes,
        outbox_bytes: settings.limits.outbox_bytes,
        stalled: settings.limits.stalled,
    };
    let service = Service::new(router(desks.desk(arrivals_in, load.clone())));
    let env = desks.env(settings);
    let metrics = metrics.clone();
    let parts = thread::Parts { ends, env, metrics, limits, sockets, service, arrivals, drain, stop };
    let thread = thread::start(number, parts)?;
    Ok((Door { sockets: sockets_in, load }, thread))
}

/// Serves until told to go, then goes in phases: unready, but serving; waves; what is left is cut.
async fn serve(
    settings: &Settings,
    parts: &Parts,
    listener: TcpListener,
    started: Started,
    drain: &watch::Sender<Option<Duration>>,
    shutdown: CancellationToken,
) {
    let Started { doors, loads, threads, stop } = started;
    let closed = CancellationToken::new();
    let accepting = tokio::spawn(accept(listener, doors, closed.clone()));
    tokio::select! {
        () = follow_link(parts) => {}
        () = shutdown.cancelled() => {}
    }
    let _before = parts.readiness.send_replace(Err("draining".to_owned()));
    tracing::info!(connections = total(&loads), "the gateway drains");
    sleep(settings.drain.unready).await;
    closed.cancel();
    drain.send_replace(Some(settings.drain.spread));
    let patience = settings.drain.spread + settings.drain.grace;
    let emptied = async {
        while total(&loads) > 0 {
            sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(patience, emptied).await.is_err() {
        tracing::warn!(connections = total(&loads), "the drain has taken too long: the rest is cut");
    }
    stop.cancel();
    let _ended = accepting.await;
    join(threads).await;
}

/// Ready exactly while the bus is connected. Ends only with the bus.
async fn follow_link(parts: &Parts) {
    let mut link = parts.bus.link();
    loop {
        let connected = link.borrow_and_update().connected;
        let state = if connected { Ok(()) } else { Err("the bus is not connected".to_owned()) };
        let _before = parts.readiness.send_replace(state);
        if link.changed().await.is_err() {
            return;
        }
    }
}

async fn join(threads: Vec<JoinHandle<()>>) {
    let joined = tokio::task::spawn_blocking(move || {
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the gateway has panicked");
            }
        }
    });
    let _joined = joined.await;
}

fn total(loads: &[Load]) -> usize {
    loads.iter().map(Load::count).sum()
}

/// What all shards' handlers and sessions are made from.
struct Desks {
    origins: Arc<Origins>,
    query_token: bool,
    dev_tokens: Option<Arc<Signer>>,
    loopback: bool,
    clock: Arc<dyn Clock>,
    verifier: Arc<Verifier>,
    seats: Arc<Seats>,
}

impl Desks {
    fn new(settings: &Settings, parts: &Parts) -> Result<Self, StartError> {
        let auth = &settings.auth;
        let dev_tokens = match auth.dev {
            true => {
                let signer = Signer::new(auth).map_err(|error| StartError::Auth(vec![error.to_string()]))?;
                Some(Arc::new(signer))
            }
            false => None,
        };
        Ok(Self {
            origins: Arc::new(Origins::new(&settings.gateway.origins)),
            query_token: auth.takes_query_token(),
            dev_tokens,
            loopback: settings.gateway.listen.ip().is_loopback(),
            clock: Arc::clone(&parts.clock),
            verifier: Arc::new(Verifier::new(auth).map_err(StartError::Auth)?),
            seats: Seats::new(settings.limits.connections_per_user),
        })
    }

    fn desk(&self, arrivals: mpsc::Sender<crate::http::Arrival>, load: Load) -> Desk {
        Desk {
            arrivals,
            load,
            origins: Arc::clone(&self.origins),
            query_token: self.query_token,
            dev_tokens: self.dev_tokens.clone(),
            loopback: self.loopback,
            clock: Arc::clone(&self.clock),
        }
    }

    fn env(&self, settings: &Settings) -> EnvParts {
        EnvParts {
            limits: settings.limits,
            auto_create: settings.rooms.auto_create,
            verifier: Arc::clone(&self.verifier),
            seats: Arc::clone(&self.seats),
            clock: Arc::clone(&self.clock),
        }
    }
}

//! The thread of a shard, and its tasks. They wait; the shard decides.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet, spawn_local, yield_now};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::waves::Waves;
use super::{Shard, ShardLimits, SharedShard, fanout};
use crate::connection::task::attend;
use crate::http::{Arrival, Service, Slot, Upgraded};
use crate::metrics::Metrics;
use crate::porter::Bell;
use crate::session::EnvParts;
use crate::settings::Drain;
use crate::switchboard::ShardEnds;

/// How often a shard looks after its connections.
pub(super) const TICK: Duration = Duration::from_secs(1);
/// How often a wave of a drain goes out.
const WAVE: Duration = Duration::from_millis(50);
/// How many sockets, or finished handshakes, wait for a shard.
pub(crate) const ARRIVALS_MAX: usize = 1024;

/// All that a shard is made of.
pub(crate) struct Parts {
    pub(crate) ends: ShardEnds,
    pub(crate) bell: Bell,
    pub(crate) env: EnvParts,
    pub(crate) metrics: Metrics,
    pub(crate) limits: ShardLimits,
    /// New sockets, before their handshake.
    pub(crate) sockets: mpsc::Receiver<(std::net::TcpStream, Slot)>,
    /// Makes the HTTP service that answers on them.
    pub(crate) service: Service,
    /// Handshakes that the service has accepted.
    pub(crate) arrivals: mpsc::Receiver<Arrival>,
    pub(crate) life: Life,
}

/// How a shard is told to end, and tells that it has.
pub(crate) struct Life {
    /// When it is set: dismiss everybody like this.
    pub(crate) drain: watch::Receiver<Option<Drain>>,
    /// Cancelled: stop at once.
    pub(crate) stop: CancellationToken,
    /// Dropped when the shard has ended, however it did.
    pub(crate) alive: DropGuard,
}

/// Starts a shard's thread. It ends when `stop` is cancelled, or with a panic in one of its own tasks.
///
/// # Errors
/// If the system gives no thread.
pub(crate) fn start(number: usize, parts: Parts) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(format!("shard-{number}")).spawn(move || {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => tokio::task::LocalSet::new().block_on(&runtime, run(parts)),
            Err(error) => tracing::error!(%error, number, "a shard could not start"),
        }
    })
}

async fn run(parts: Parts) {
    let Life { drain: told, stop, alive: _alive } = parts.life;
    let Parts { ends, bell, env, metrics, limits, .. } = parts;
    let shard = Shard::new(env.into_env(), ends.line, bell, metrics.clone(), limits);
    let shard = Rc::new(RefCell::new(shard));
    let mut tasks = JoinSet::new();
    tasks.spawn_local(fanout::run(Rc::clone(&shard), ends.told));
    tasks.spawn_local(answer_http(parts.sockets, parts.service, told.clone()));
    tasks.spawn_local(welcome(Rc::clone(&shard), parts.arrivals));
    tasks.spawn_local(tick(Rc::clone(&shard), metrics.clone()));
    tasks.spawn_local(drain(shard, told, metrics));
    tokio::select! {
        () = stop.cancelled() => {}
        error = panic_of(tasks) => tracing::error!(%error, "a shard has failed: this is a bug"),
    }
}

/// Comes back when a task has panicked. A shard without one of its tasks would look alive and serve nobody.
async fn panic_of(mut tasks: JoinSet<()>) -> JoinError {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            return error;
        }
    }
    std::future::pending().await
}

async fn tick(shard: SharedShard, metrics: Metrics) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let due = ticks.tick().await;
        metrics.shard_lag.observe(due.elapsed().as_secs_f64());
        let mut from = Some(0);
        while let Some(place) = from {
            from = shard.borrow_mut().tick(place, Instant::now());
            yield_now().await;
        }
    }
}

/// Serves HTTP on new sockets, each in a task of its own, until the drain begins: then no socket is kept for a
/// next request.
async fn answer_http(
    mut sockets: mpsc::Receiver<(std::net::TcpStream, Slot)>,
    service: Service,
    drain: watch::Receiver<Option<Drain>>,
) {
    while let Some((socket, slot)) = sockets.recv().await {
        match TcpStream::from_std(socket) {
            Ok(socket) => {
                let (service, mut drain) = (service.clone(), drain.clone());
                spawn_local(async move {
                    let going = async {
                        let _told = drain.wait_for(Option::is_some).await;
                    };
                    service.serve(socket, going).await;
                    drop(slot);
                });
            }
            Err(error) => tracing::warn!(%error, "a socket was lost"),
        }
    }
}

/// Takes finished handshakes over, each into a fresh small task, so that what hyper needed is freed.
async fn welcome(shard: SharedShard, mut arrivals: mpsc::Receiver<Arrival>) {
    while let Some(arrival) = arrivals.recv().await {
        let shard = Rc::clone(&shard);
        spawn_local(async move {
            let Some(upgraded) = arrival.upgraded().await else { return };
            let Upgraded { stream, early, dialect, credential, slot } = upgraded;
            let (key, stream, wake) = shard.borrow_mut().add(stream, &early, dialect, credential);
            spawn_local(async move {
                attend(shard, key, stream, wake).await;
                drop(slot);
            });
        });
    }
}

/// Dismisses everybody in waves, once told to; whoever arrives meanwhile goes with them, and later at once.
async fn drain(shard: SharedShard, mut told: watch::Receiver<Option<Drain>>, metrics: Metrics) {
    let Ok(Some(drain)) = told.wait_for(Option::is_some).await.map(|drain| *drain) else { return };
    let mut waves = Waves::new(&drain, Instant::now());
    let mut clock = interval(WAVE);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut counted = 0_i64;
    loop {
        clock.tick().await;
        let remaining = shard.borrow_mut().dismiss_wave(&mut waves, Instant::now());
        let remaining = i64::try_from(remaining).unwrap_or(i64::MAX);
        metrics.drain_remaining.add(remaining - counted);
        counted = remaining;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_noticed_behind_those_that_have_ended() {
        let mut tasks = JoinSet::new();
        tasks.spawn(async {});
        tasks.spawn(async {
            yield_now().await;
            panic!("a bug");
        });
        tasks.spawn(std::future::pending());
        assert!(panic_of(tasks).await.is_panic());
    }
}

//! Starting a writer, and its orderly end.

use std::convert::Infallible;
use std::sync::Arc;

use bus::{Asked, Bus, BusError};
use prometheus::Registry;
use store::{OpenError, Store};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::backlog::Bounds;
use crate::commit::{self, Committer};
use crate::duty::{self, Doors, Duty, Keeper, Queues};
use crate::heads::{self, RecentHeads};
use crate::health::{self, Health};
use crate::metrics::Metrics;
use crate::readiness::{self, Readiness};
use crate::reads::{self, Reader};
use crate::standstill::{self, Standstill};
use crate::{Settings, opening, state};

/// How many requests may have come in at the doors and not yet be looked at.
const ASKED_MAX: usize = 4096;

/// What a writer is given.
pub struct Parts {
    /// The road to the gateways and to the other writers.
    pub bus: Arc<dyn Bus>,
    /// Where its metrics are registered.
    pub registry: Registry,
    /// Where it says whether it can serve; an error is the reason why not.
    pub readiness: watch::Sender<Result<(), String>>,
}

/// Why a writer ended without having been asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store can never be opened like this.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// A metric cannot be registered.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The bus was closed under it.
    #[error("the bus was closed: {0}")]
    Bus(#[from] BusError),
    /// A part of it has failed: a bug. What was under way is unknown to its askers.
    #[error("a part of the writer has failed: {0}")]
    Failed(#[from] JoinError),
}

/// Runs a writer until `shutdown` is cancelled; then it leaves in order: it says so to the others, closes its
/// doors, commits, publishes and answers what has come in, and makes sure that this has arrived. Dropping the
/// future stops it at once.
///
/// `open` is tried until it gives a store; until then the writer serves nobody and is not ready.
///
/// # Errors
/// [`RunError`].
pub async fn run<Fut>(
    settings: Settings,
    parts: Parts,
    open: impl Fn() -> Fut,
    shutdown: CancellationToken,
) -> Result<(), RunError>
where
    Fut: Future<Output = Result<Arc<dyn Store>, OpenError>>,
{
    let Parts { bus, registry, readiness } = parts;
    let metrics = Metrics::register(&registry)?;
    readiness::not_ready(&readiness, "starting");
    let told = |error: &OpenError| readiness::not_ready(&readiness, error.to_string());
    let Some(store) = shutdown.run_until_cancelled(opening::open(open, told)).await else {
        return Ok(());
    };
    let store = store?;
    tracing::info!("the writer has its store");
    let duty = watch::Sender::new(Duty::default());
    let writer = Writer { settings, bus, store, health: Health::new(), duty, metrics };
    tokio::select! {
        ended = writer.serve(&shutdown) => ended,
        never = writer.tell(&readiness, &shutdown) => match never {},
    }
}

/// A writer that has its store.
struct Writer {
    settings: Settings,
    bus: Arc<dyn Bus>,
    store: Arc<dyn Store>,
    health: Health,
    duty: watch::Sender<Duty>,
    metrics: Metrics,
}

impl Writer {
    /// Serves until `shutdown` is cancelled, then leaves.
    ///
    /// The order of the end: the keeper closes the doors; so the queues end, and with them those who work
    /// them off; what they have told is then pushed through to the other side.
    async fn serve(&self, shutdown: &CancellationToken) -> Result<(), RunError> {
        let (submissions_in, submissions) = mpsc::channel(ASKED_MAX);
        let (reads_in, reads) = mpsc::channel(ASKED_MAX);
        let heads = RecentHeads::default();
        let standstill = Standstill::new(Instant::now());
        let mut helpers = self.helpers(&heads, &standstill);

        let doors =
            Doors::new(Arc::clone(&self.bus), Queues { submissions: submissions_in, reads: reads_in });
        let keeper = spawn(self.keeper(doors).run(shutdown.clone()));
        let committer = spawn(self.committer(heads.clone(), standstill, submissions).run());
        let reader = spawn(self.reader(reads).run());
        let workers = async {
            let (left, (), ()) = tokio::try_join!(keeper, committer, reader)?;
            Ok::<(), RunError>(left?)
        };
        tokio::select! {
            ended = workers => ended?,
            Some(Err(failed)) = helpers.join_next() => return Err(RunError::Failed(failed)),
        }
        // One of them asks whether the store is well: it would take a store that is being closed for one that
        // is gone.
        helpers.shutdown().await;
        heads::announce_now(&*self.bus, &heads).await;
        if let Err(error) = self.bus.settle().await {
            tracing::warn!(%error, "the last words of this writer may have been lost");
        }
        self.store.close().await;
        Ok(())
    }

    fn keeper(&self, doors: Doors) -> Keeper {
        let parts = duty::Parts {
            bus: Arc::clone(&self.bus),
            health: self.health.clone(),
            beat: self.settings.beat,
            silence: self.settings.silence,
            duty: self.duty.clone(),
        };
        Keeper::new(parts, doors)
    }

    fn committer(
        &self,
        heads: RecentHeads,
        standstill: Standstill,
        submissions: mpsc::Receiver<Asked>,
    ) -> Committer {
        let parts = commit::Parts {
            bus: Arc::clone(&self.bus),
            store: Arc::clone(&self.store),
            health: self.health.clone(),
            heads,
            metrics: self.metrics.clone(),
            standstill,
        };
        let bounds = Bounds {
            batch_messages: self.settings.batch_messages.get(),
            batch_bytes: self.settings.batch_bytes.get(),
            queue_messages: self.settings.queue_messages.get(),
            queue_bytes: self.settings.queue_bytes.get(),
        };
        Committer::new(parts, bounds, submissions)
    }

    fn reader(&self, reads: mpsc::Receiver<Asked>) -> Reader {
        let parts = reads::Parts {
            bus: Arc::clone(&self.bus),
            store: Arc::clone(&self.store),
            health: self.health.clone(),
            metrics: self.metrics.clone(),
        };
        Reader::new(parts, self.settings.reads_at_once.get(), self.settings.reads_waiting.get(), reads)
    }

    /// Those who work for themselves, and never end.
    fn helpers(&self, heads: &RecentHeads, standstill: &Standstill) -> JoinSet<()> {
        let Self { bus, store, health, settings, .. } = self;
        let mut helpers = JoinSet::new();
        helpers.spawn(health::watch(health.clone(), Arc::clone(store)));
        helpers.spawn(standstill::watch(standstill.clone(), Arc::clone(bus)));
        helpers.spawn(heads::announce(Arc::clone(bus), heads.clone(), settings.heads));
        let (bus, store, duty) = (Arc::clone(bus), Arc::clone(store), self.duty.subscribe());
        helpers.spawn(heads::scan(bus, Arc::clone(&store), health.clone(), duty, settings.heads));
        helpers.spawn(state::show(self.metrics.clone(), store, health.clone(), self.duty.subscribe()));
        helpers
    }

    /// Tells whether the writer can serve, until it leaves.
    async fn tell(&self, readiness: &Readiness, shutdown: &CancellationToken) -> Infallible {
        shutdown
            .run_until_cancelled(readiness::follow(
                readiness,
                &*self.bus,
                &self.health,
                self.duty.subscribe(),
            ))
            .await;
        readiness::not_ready(readiness, "leaving");
        std::future::pending().await
    }
}

fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> AbortOnDropHandle<T> {
    AbortOnDropHandle::new(tokio::spawn(task))
}

//! A switchboard with bounds that a test sets, on the test's own thread, which tells at its end what it still held.

use std::sync::Arc;

use bus::Bus;
use tokio::task::{JoinHandle, spawn_local};
use tokio_util::sync::CancellationToken;

use super::operator::Operator;
use super::{Lines, Settings, ShardEnds};
use crate::metrics::Metrics;

/// How much may wait on the lines of a switchboard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Wishes of all shards.
    pub(crate) wants: usize,
    /// Hand-overs to one shard.
    pub(crate) told: usize,
}

/// Starts a switchboard for `shards` shards on the `LocalSet` of the caller. When it has ended, by `shutdown`, it tells
/// what it still held: nothing, if all was as it should be.
pub(crate) fn start_here(
    shards: usize,
    bounds: Bounds,
    bus: Arc<dyn Bus>,
    settings: Settings,
    metrics: Metrics,
    shutdown: CancellationToken,
) -> (Vec<ShardEnds>, JoinHandle<Vec<String>>) {
    let Lines { wants, told, ends } = Lines::lay(shards, bounds.wants, bounds.told);
    let operator = Operator::new(bus, settings, metrics, told);
    let work = spawn_local(async move {
        let mut operator = operator;
        operator.run(wants, shutdown).await;
        operator.holds()
    });
    (ends, work)
}

//! How the writer stands, for its metrics: looked at once a second. Ends with the writer.

use std::sync::Arc;
use std::time::Duration;

use store::Store;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::duty::Duty;
use crate::health::Health;
use crate::metrics::Metrics;

/// How old what is shown may be.
const PERIOD: Duration = Duration::from_secs(1);

/// Shows it. Never comes back.
///
/// Cancel safe.
pub(crate) async fn show(
    metrics: Metrics,
    store: Arc<dyn Store>,
    health: Health,
    duty: watch::Receiver<Duty>,
) {
    let mut clock = interval(PERIOD);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        metrics.store(health.is_up(), store.usage());
        metrics.partitions(duty.borrow().partitions);
    }
}

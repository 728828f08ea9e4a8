//! `parlor solo`: gateway and writer in one process, with nothing to install and nothing to configure.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{gateway, writer};
use crate::admin::{self, Readiness};
use crate::config::Config;
use crate::data;
use crate::failure::Failure;
use crate::vitals::Vitals;

/// Runs until `stop` is cancelled: then first the clients are sent away, which takes the writer's answers, and
/// then the writer ends.
///
/// # Errors
/// Why it could not start, or go on.
pub(crate) async fn run(config: Config, vitals: Vitals, stop: CancellationToken) -> Result<(), Failure> {
    let _lock = data::claim(config.store.url())?;
    let (config, _made) = data::with_key(config)?;
    let bus = config.bus.open("solo").await?;
    let mut readiness = Readiness::default();
    let (gateway_state, writer_state) = (readiness.part("gateway"), readiness.part("writer"));
    let insight = vitals.insight(readiness, &*bus)?;
    let registry = insight.registry.clone();
    let _admin = admin::open(config.admin.listen, insight).await?;

    let (stop_gateway, stop_writer) = (stop.child_token(), CancellationToken::new());
    let parts =
        ::writer::Parts { bus: Arc::clone(&bus), registry: registry.clone(), readiness: writer_state };
    let writing = async {
        let ended = writer::serve(&config, true, parts, stop_writer.clone()).await;
        stop_gateway.cancel();
        ended
    };
    let serving = async {
        let ended = gateway::serve(&config, bus, registry, gateway_state, stop_gateway.clone()).await;
        stop_writer.cancel();
        ended
    };
    let (served, written) = tokio::join!(serving, writing);
    served.and(written)
}

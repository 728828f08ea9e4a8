//! `parlor gateway`: one stateless gateway. It waits for a bus that is not there, and says so at `/readyz`.

use std::net::SocketAddr;
use std::sync::Arc;

use ::gateway::Parts;
use bus::Bus;
use chat::SystemClock;
use prometheus::Registry;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::admin::{self, PartState, Readiness};
use crate::config::Config;
use crate::failure::Failure;
use crate::open_files;
use crate::terminal::say;
use crate::vitals::Vitals;

/// Runs until `stop` is cancelled, and then until the clients have been sent away.
///
/// # Errors
/// Why it could not start.
pub(crate) async fn run(config: Config, vitals: Vitals, stop: CancellationToken) -> Result<(), Failure> {
    let bus = config.bus.open("gateway").await?;
    let mut readiness = Readiness::default();
    let state = readiness.part("gateway");
    let insight = vitals.insight(readiness, &*bus)?;
    let registry = insight.registry.clone();
    let _admin = admin::open(config.admin.listen, insight).await?;
    serve(&config, bus, registry, state, stop).await
}

/// The gateway itself, for this command and for solo.
pub(super) async fn serve(
    config: &Config,
    bus: Arc<dyn Bus>,
    registry: Registry,
    readiness: watch::Sender<PartState>,
    stop: CancellationToken,
) -> Result<(), Failure> {
    open_files::raise();
    let (listening, listens) = watch::channel(None);
    let parts = Parts { bus, registry, readiness, listening, clock: Arc::new(SystemClock) };
    let (ended, ()) = tokio::join!(::gateway::run(config.for_gateway(), parts, stop), announce(listens));
    Ok(ended?)
}

/// Prints where the gateway listens, once it does; a gateway that does not start has dropped its end.
async fn announce(mut listens: watch::Receiver<Option<SocketAddr>>) {
    if let Ok(address) = listens.wait_for(Option::is_some).await
        && let Some(address) = *address
    {
        say(format_args!("Parlor is open: http://{address}"));
    }
}

//! `parlor writer`: one writer. It waits for a bus and a store that are not there, and says so at `/readyz`.

use ::writer::Parts;
use tokio_util::sync::CancellationToken;

use crate::admin::{self, Readiness};
use crate::config::Config;
use crate::data;
use crate::failure::Failure;
use crate::vitals::Vitals;

/// What else to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run pending migrations first
    #[arg(long)]
    migrate: bool,
}

/// Runs until `stop` is cancelled, and then until what was accepted is committed and told.
///
/// # Errors
/// Why it could not start, or go on.
pub(crate) async fn run(
    args: Args,
    config: Config,
    vitals: Vitals,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let _lock = data::claim(config.store.url())?;
    let bus = config.bus.open("writer").await?;
    let mut readiness = Readiness::default();
    let state = readiness.part("writer");
    let insight = vitals.insight(readiness, &*bus)?;
    let registry = insight.registry.clone();
    let _admin = admin::open(config.admin.listen, insight).await?;
    serve(&config, args.migrate, Parts { bus, registry, readiness: state }, stop).await
}

/// The writer itself, for this command and for solo.
pub(super) async fn serve(
    config: &Config,
    migrate: bool,
    parts: Parts,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let open = || config.store.open(migrate);
    Ok(::writer::run(config.writer.clone(), parts, open, stop).await?)
}

//! `parlor migrate`: runs the store's migrations, and ends.

use std::time::Duration;

use store::OpenError;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::data;
use crate::failure::Failure;
use crate::terminal::say;

/// How long a database that does not answer is waited for: whoever starts this beside the database itself needs no
/// loop around it, and whoever has mistyped its address learns it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait between two attempts.
const PAUSE: Duration = Duration::from_secs(2);

/// What else to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Begin a new epoch, after the database was restored from copied files: clients then start again instead of
    /// trusting positions that the restored history does not have
    #[arg(long)]
    new_epoch: bool,
}

/// Migrates. A migration that has begun is finished, whatever `stop` says.
///
/// # Errors
/// [`Failure::Store`]; [`Failure::Data`] if a running process uses the database file; [`Failure::Stopped`].
pub(crate) async fn run(args: Args, config: Config, stop: CancellationToken) -> Result<(), Failure> {
    let _lock = data::claim(config.store.url())?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match store::migrate(config.store.url(), args.new_epoch).await {
            Ok(()) => {
                say(if args.new_epoch { "migrated; a new epoch has begun" } else { "migrated" });
                return Ok(());
            }
            Err(why @ OpenError::Unreachable(_)) if Instant::now() < deadline => {
                tracing::warn!(%why, again_in = ?PAUSE, "waiting for the store");
            }
            Err(why) => return Err(Failure::Store(why)),
        }
        tokio::select! {
            () = sleep(PAUSE) => {}
            () = stop.cancelled() => return Err(Failure::Stopped),
        }
    }
}

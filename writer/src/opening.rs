//! Getting at the store for the first time: again and again until it is there.

use std::sync::Arc;
use std::time::Duration;

use store::{OpenError, Store};
use tokio::time::sleep;

/// The pause between two attempts grows from the first to the last of these.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Opens the store, however long that takes. `told` hears why it is not there yet.
///
/// # Errors
/// [`OpenError`] if it can never be opened: it has to be told to somebody who can change that.
///
/// Cancel safe.
pub(crate) async fn open<Fut>(
    attempt: impl Fn() -> Fut,
    told: impl Fn(&OpenError),
) -> Result<Arc<dyn Store>, OpenError>
where
    Fut: Future<Output = Result<Arc<dyn Store>, OpenError>>,
{
    let (mut pause, longest) = PAUSE;
    loop {
        let error = match attempt().await {
            Ok(store) => return Ok(store),
            Err(error) => error,
        };
        match error {
            OpenError::Unreachable(_) | OpenError::NotMigrated { .. } => {
                tracing::warn!(%error, again_in = ?pause, "cannot open the store");
                told(&error);
            }
            OpenError::Url(_) | OpenError::Newer { .. } | OpenError::Migration(_) => return Err(error),
        }
        sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

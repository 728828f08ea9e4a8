//! Waiting for conditions: generously, never blindly. A time only bounds a hang.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long anything may take before a test gives up on it. Two cores may be busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often is looked again.
const GLANCE: Duration = Duration::from_millis(10);

/// Waits until `look` finds something.
///
/// # Panics
/// If it has found nothing within [`PATIENCE`]; `what` says what was waited for.
pub async fn until<T>(what: impl Display, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain until {what}");
        sleep(GLANCE).await;
    }
}

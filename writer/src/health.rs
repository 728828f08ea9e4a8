//! Whether the store can be written to.
//!
//! One [`Health`] is shared by all parts of a writer. A failed commit sets it down. [`watch()`] asks the
//! store every few seconds, so that a store is missed before somebody needs it, and again and again while it
//! is down, until it can commit. It ends with the writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use store::{Store, StoreError};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

/// How often a store that is up is asked.
const PERIOD: Duration = Duration::from_secs(2);
/// The pause between two questions to one that is down: the first, and what it grows to.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// The store's health. Cloning shares it.
#[derive(Debug, Clone)]
pub(crate) struct Health(Arc<State>);

#[derive(Debug)]
struct State {
    /// Since when the store is down, if it is.
    down: watch::Sender<Option<Instant>>,
    /// Wakes the one who watches.
    look: Notify,
    /// True after a read has failed, until the store has been asked.
    doubted: AtomicBool,
}

impl Health {
    pub(crate) fn new() -> Self {
        let down = watch::Sender::new(None);
        Self(Arc::new(State { down, look: Notify::new(), doubted: AtomicBool::new(false) }))
    }

    pub(crate) fn is_up(&self) -> bool {
        self.0.down.borrow().is_none()
    }

    /// Since when the store is down, as it changes.
    pub(crate) fn follow(&self) -> watch::Receiver<Option<Instant>> {
        self.0.down.subscribe()
    }

    /// A read has failed. That may have been its own fault: the store is asked.
    pub(crate) fn doubt(&self, error: &StoreError) {
        if !self.0.doubted.swap(true, Ordering::AcqRel) && self.is_up() {
            tracing::warn!(%error, "a read has failed");
        }
        self.0.look.notify_one();
    }

    /// A commit has failed, so that its outcome is unknown.
    pub(crate) fn set_down(&self, reason: &str) {
        self.0.down.send_if_modified(|down| {
            let was_up = down.is_none();
            if was_up {
                tracing::error!(reason, "the store is not available: sends are answered so until it is");
                *down = Some(Instant::now());
            }
            was_up
        });
        self.0.look.notify_one();
    }

    fn set_up(&self) {
        self.0.doubted.store(false, Ordering::Release);
        if self.0.down.send_if_modified(|down| down.take().is_some()) {
            tracing::info!("the store is available again");
        }
    }
}

/// Asks the store, and tells the health. Never comes back.
///
/// Cancel safe: the next one goes on.
pub(crate) async fn watch(health: Health, store: Arc<dyn Store>) {
    loop {
        tokio::select! {
            () = health.0.look.notified() => {}
            () = sleep(PERIOD) => {}
        }
        // One answer that is late is no outage: only the second one in a row counts.
        if let Err(_late) = check(&*store).await
            && let Err(error) = check(&*store).await
        {
            health.set_down(&error.to_string());
        }
        mend(&health, &*store).await;
    }
}

/// Whether the store can commit. What it writes to for that may be locked by somebody; then it is well all the same.
async fn check(store: &dyn Store) -> Result<(), StoreError> {
    match store.check().await {
        Err(StoreError::Locked(_)) => Ok(()),
        checked => checked,
    }
}

/// Comes back when the store can commit.
async fn mend(health: &Health, store: &dyn Store) {
    let (mut pause, longest) = PAUSE;
    let mut last_reason = String::new();
    while !health.is_up() {
        match check(store).await {
            Ok(()) => health.set_up(),
            Err(error) => {
                let reason = error.to_string();
                if reason != last_reason {
                    tracing::warn!(%reason, "the store is still not available");
                    last_reason = reason;
                }
                sleep(pause).await;
                pause = (pause * 2).min(longest);
            }
        }
    }
    health.set_up();
}

//! Whether this writer can serve, told to whoever asks the process.

use bus::Bus;
use tokio::sync::watch;

use crate::health::Health;

/// Ready, or why not.
pub(crate) type Readiness = watch::Sender<Result<(), String>>;

/// Keeps the readiness true to the bus and the store. Never comes back.
///
/// Cancel safe.
pub(crate) async fn follow(readiness: &Readiness, bus: &dyn Bus, health: &Health) {
    let (mut link, mut down) = (bus.link(), health.follow());
    loop {
        let (connected, up) = (link.borrow_and_update().connected, down.borrow_and_update().is_none());
        set(readiness, reason(connected, up));
        tokio::select! {
            Ok(()) = link.changed() => {}
            Ok(()) = down.changed() => {}
            else => return,
        }
    }
}

/// Says that the writer is not ready.
pub(crate) fn not_ready(readiness: &Readiness, reason: impl Into<String>) {
    set(readiness, Err(reason.into()));
}

fn reason(connected: bool, up: bool) -> Result<(), String> {
    let store = "the store is not available";
    let bus = "the bus is not connected";
    match (connected, up) {
        (true, true) => Ok(()),
        (true, false) => Err(store.to_owned()),
        (false, true) => Err(bus.to_owned()),
        (false, false) => Err(format!("{store}; {bus}")),
    }
}

fn set(readiness: &Readiness, state: Result<(), String>) {
    readiness.send_if_modified(|now| {
        let changed = *now != state;
        *now = state;
        changed
    });
}

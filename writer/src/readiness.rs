//! Whether this writer can serve, told to whoever asks the process.

use bus::Bus;
use tokio::sync::watch;

use crate::duty::Duty;
use crate::health::Health;

/// Ready, or why not.
pub(crate) type Readiness = watch::Sender<Result<(), String>>;

/// Keeps the readiness true to the bus, the store and the doors. Comes back when none of them changes any more.
///
/// Cancel safe.
pub(crate) async fn follow(
    readiness: &Readiness,
    bus: &dyn Bus,
    health: &Health,
    mut duty: watch::Receiver<Duty>,
) {
    let (mut link, mut down) = (bus.link(), health.follow());
    loop {
        let (connected, up) = (link.borrow_and_update().connected, down.borrow_and_update().is_none());
        let serves = duty.borrow_and_update().serves;
        set(readiness, reason(connected, up, serves));
        tokio::select! {
            Ok(()) = link.changed() => {}
            Ok(()) = down.changed() => {}
            Ok(()) = duty.changed() => {}
            else => return,
        }
    }
}

/// Says that the writer is not ready.
pub(crate) fn not_ready(readiness: &Readiness, reason: impl Into<String>) {
    set(readiness, Err(reason.into()));
}

fn reason(connected: bool, up: bool, serves: bool) -> Result<(), String> {
    let store = "the store is not available";
    let bus = "the bus is not connected";
    match (connected, up) {
        (true, true) if !serves => Err("its doors are not open yet".to_owned()),
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

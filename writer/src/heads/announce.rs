//! The two tasks that announce heads: from memory what this writer has committed, and from the store what
//! anybody has. They end with the writer; what was not announced then is found by another writer's scan.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, Note};
use store::{Cursor, Store};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::{RecentHeads, chunks};
use crate::duty::Duty;
use crate::health::Health;

/// Announces what was committed, every `period`. Never comes back.
///
/// Cancel safe.
pub(crate) async fn announce(bus: Arc<dyn Bus>, recent: RecentHeads, period: Duration) {
    let mut clock = every(period);
    loop {
        clock.tick().await;
        announce_now(&*bus, &recent).await;
    }
}

/// Announces what was committed. What cannot be announced stays for the next time.
pub(crate) async fn announce_now(bus: &dyn Bus, recent: &RecentHeads) {
    let heads = recent.take();
    if !heads.is_empty() && publish(bus, chunks(heads.clone())).await.is_err() {
        recent.put_back(heads);
    }
}

/// While its `duty` says that this is for this writer to do: every `period`, finds in the store which rooms have
/// changed since, and announces them. Two writers that do it at once are harmless. Never comes back.
///
/// Cancel safe.
pub(crate) async fn scan(
    bus: Arc<dyn Bus>,
    store: Arc<dyn Store>,
    health: Health,
    duty: watch::Receiver<Duty>,
    period: Duration,
) {
    let mut clock = every(period);
    let mut since = None;
    loop {
        clock.tick().await;
        if !duty.borrow().scans {
            // Whoever scans meanwhile goes further than we know.
            since = None;
        } else if health.is_up() && bus.link().borrow().connected {
            since = scan_once(&*bus, &*store, &health, since.clone()).await.or(since);
        }
    }
}

/// The cursor for the next scan, if this one has been told.
async fn scan_once(
    bus: &dyn Bus,
    store: &dyn Store,
    health: &Health,
    since: Option<Cursor>,
) -> Option<Cursor> {
    match store.heads_since(since).await {
        Ok((heads, cursor)) => publish(bus, chunks(heads)).await.is_ok().then_some(cursor),
        Err(error) => {
            health.doubt(&error);
            None
        }
    }
}

async fn publish(bus: &dyn Bus, notes: Vec<Note>) -> Result<(), BusError> {
    for note in notes {
        bus.publish(note, None).await?;
    }
    Ok(())
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut clock = interval(period);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    clock
}

//! The two tasks that announce heads: from memory what this writer has committed, and from the store what
//! anybody has. They end with the writer; what was not announced then is found by another writer's scan.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError};
use chat::RoomHead;
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

/// Announces what was committed. What has not arrived stays for the next time.
pub(crate) async fn announce_now(bus: &dyn Bus, recent: &RecentHeads) {
    let heads = recent.take();
    if tell(bus, heads.clone()).await.is_err() {
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

/// The cursor for the next scan, if what this one found has arrived.
async fn scan_once(
    bus: &dyn Bus,
    store: &dyn Store,
    health: &Health,
    since: Option<Cursor>,
) -> Option<Cursor> {
    match store.heads_since(since).await {
        Ok((heads, cursor)) => tell(bus, heads).await.is_ok().then_some(cursor),
        Err(error) => {
            health.doubt(&error);
            None
        }
    }
}

/// Publishes heads and makes sure that they have arrived. What is handed to a connection on which nothing gets out is
/// lost without an error, and nobody would look for it again.
async fn tell(bus: &dyn Bus, heads: Vec<RoomHead>) -> Result<(), BusError> {
    if heads.is_empty() {
        return Ok(());
    }
    for note in chunks(heads) {
        bus.publish(note, None).await?;
    }
    bus.settle().await
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut clock = interval(period);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    clock
}

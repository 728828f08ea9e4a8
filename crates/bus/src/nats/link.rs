//! Watches the connection.
//!
//! The client tells its events through a short queue that drops what does not fit, so an event here is only a
//! nudge: what counts is the client's own state and its count of connections, looked at after each nudge and
//! four times a second, and whether calls come back ([`Echo`]). One task owns the [`Link`]; it ends with the bus.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, Event, Server};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::echo::Echo;
use super::trouble::{Attempts, Lines};
use crate::Link;
use crate::waiting::Waiting;

/// How long a change can go unnoticed whose event was lost.
const LOOK: Duration = Duration::from_millis(250);

/// What the client's events have said since somebody last looked.
#[derive(Debug, Default)]
pub(super) struct Signals {
    nudge: Notify,
    slow: AtomicBool,
    /// What was told of attempts to connect, and of what servers refuse.
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    attempts: Attempts,
    refusals: Lines,
}

impl Signals {
    pub(super) fn take(&self, event: &Event) {
        match event {
            Event::SlowConsumer(_) | Event::ServerError(async_nats::ServerError::SlowConsumer(_)) => {
                self.slow.store(true, Ordering::Release);
            }
            Event::ServerError(error) => {
                let error = error.to_string();
                if self.told().refusals.is_news(&error, Instant::now()) {
                    tracing::warn!(error, "NATS refuses something");
                }
            }
            Event::LameDuckMode => tracing::info!("this NATS server is about to stop"),
            Event::Connected => self.told().attempts.end(),
            // Why an attempt has failed is told by `tries`, which knows where.
            Event::ClientError(_) | Event::Disconnected | Event::Draining | Event::Closed => {}
        }
        self.nudge.notify_one();
    }

    /// The client tries to connect. What is known of its servers is what came of the attempts before.
    pub(super) fn tries(&self, servers: &[Server]) {
        let failed = self.told().attempts.begin(servers, Instant::now());
        if let Some(servers) = failed {
            tracing::warn!(servers, "cannot connect to NATS, and keeps trying");
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        // Nothing panics while it holds this; were it poisoned, a line too many would be the worst.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts to watch a client, and to call each `calls`. Requests are let in and cut off here, before anybody is told by the link.
pub(super) fn watch(
    client: Client,
    signals: Arc<Signals>,
    waiting: Arc<Waiting>,
    echo: Echo,
    calls: Duration,
    stop: CancellationToken,
) -> watch::Receiver<Link> {
    let (link, told) = watch::channel(Link::default());
    let mut watcher = Watcher { client, waiting, echo, link, connections: 0 };
    tokio::spawn(async move {
        let (mut clock, mut calls) = (interval(LOOK), interval(calls));
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = signals.nudge.notified() => {}
                _ = clock.tick() => {}
                _ = calls.tick() => watcher.call(),
            }
            watcher.look(signals.slow.swap(false, Ordering::AcqRel));
        }
    });
    told
}

/// A clock that does not hurry after this process stood still: an echo must have its time.
fn interval(period: Duration) -> Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

struct Watcher {
    client: Client,
    waiting: Arc<Waiting>,
    echo: Echo,
    link: watch::Sender<Link>,
    /// How many connections there have been when we last looked.
    connections: u64,
}

impl Watcher {
    fn look(&mut self, slow: bool) {
        let connections = self.client.statistics().connects.load(Ordering::Relaxed);
        let reconnected = self.connections > 0 && connections > self.connections;
        self.connections = connections;
        if reconnected {
            self.echo.begin();
        }
        let connected = self.is_connected() && !self.echo.is_lost();
        if reconnected || !connected {
            // Also when it came back before we looked: answers may have been lost in between.
            self.waiting.cut();
        }
        if connected {
            self.waiting.connect();
        }
        if slow {
            tracing::warn!("too slow for what comes from NATS: some of it was lost");
        }
        self.tell(connected, u64::from(reconnected) + u64::from(slow));
    }

    fn call(&mut self) {
        // Without a connection calls would wait in the client's queue, and then all come at once.
        if self.is_connected() {
            self.echo.call(&self.client);
        }
    }

    fn is_connected(&self) -> bool {
        self.connections > 0 && self.client.connection_state() == State::Connected
    }

    fn tell(&self, connected: bool, losses: u64) {
        self.link.send_if_modified(|link| {
            let before = *link;
            *link = Link { connected, losses: link.losses + losses };
            match (before.connected, connected) {
                (false, true) => tracing::info!("connected to NATS"),
                (true, false) => tracing::warn!("the connection to NATS is lost"),
                _ => {}
            }
            *link != before
        });
    }
}

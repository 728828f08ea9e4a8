//! Whether a gateway is ready, and its orderly end: unready, but serving; then waves; what is left is cut.
//!
//! Nothing here owns a connection. The shards are told to dismiss theirs, and their loads say when all are gone.

use std::time::Duration;

use bus::Link;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::http::Load;
use crate::settings::Drain;

/// How often the drain looks whether everybody has gone.
const LOOK: Duration = Duration::from_millis(20);

/// Where a gateway says whether it can serve; an error is the reason why not.
pub(crate) type Readiness = watch::Sender<Result<(), String>>;

/// What balancers have been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// To stay away, since the gateway began: none sends anybody.
    NeverReady,
    /// To come.
    Ready,
    /// To come, and then to stay away, since then.
    UnreadySince(Instant),
}

/// Ready exactly while the bus is connected. Ends only with the bus.
///
/// Cancel safe: `told` is what was said last.
pub(crate) async fn follow_link(mut link: watch::Receiver<Link>, readiness: &Readiness, told: &mut Told) {
    loop {
        let connected = link.borrow_and_update().connected;
        *told = match (connected, *told) {
            (true, _) => Told::Ready,
            (false, Told::Ready) => Told::UnreadySince(Instant::now()),
            (false, before) => before,
        };
        let state = if connected { Ok(()) } else { Err("the bus is not connected".to_owned()) };
        let _before = readiness.send_replace(state);
        if link.changed().await.is_err() {
            return;
        }
    }
}

/// What the phases of the end act on.
pub(crate) struct Exits<'a> {
    pub(crate) readiness: &'a Readiness,
    /// How many sockets each shard has.
    pub(crate) loads: &'a [Load],
    /// Cancelled: nobody is let in any more.
    pub(crate) closed: &'a CancellationToken,
    /// Set: the shards dismiss their connections like this.
    pub(crate) drain: &'a watch::Sender<Option<Drain>>,
}

/// Goes in phases, and comes back when everybody has gone or has had the time to.
pub(crate) async fn leave(drain: Drain, told: Told, exits: Exits<'_>) {
    let Exits { readiness, loads, closed, drain: dismiss } = exits;
    let _before = readiness.send_replace(Err("draining".to_owned()));
    tracing::info!(connections = total(loads), "the gateway drains");
    sleep(until_noticed(drain.unready, told, Instant::now())).await;
    closed.cancel();
    dismiss.send_replace(Some(drain));
    let emptied = async {
        while total(loads) > 0 {
            sleep(LOOK).await;
        }
    };
    if timeout(drain.spread + drain.grace, emptied).await.is_err() {
        tracing::warn!(connections = total(loads), "the drain has taken too long: the rest is cut");
    }
}

/// How long to wait for balancers to notice: no longer than it takes one that was told to stay away already.
fn until_noticed(unready: Duration, told: Told, now: Instant) -> Duration {
    match told {
        Told::NeverReady => Duration::ZERO,
        Told::Ready => unready,
        Told::UnreadySince(since) => unready.saturating_sub(now.saturating_duration_since(since)),
    }
}

fn total(loads: &[Load]) -> usize {
    loads.iter().map(Load::count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAIN: Drain = Drain {
        unready: Duration::from_secs(5),
        spread: Duration::from_secs(20),
        grace: Duration::from_secs(10),
    };

    /// A gateway about to end.
    struct Gateway {
        readiness: Readiness,
        loads: Vec<Load>,
        closed: CancellationToken,
        drain: watch::Sender<Option<Drain>>,
    }

    impl Gateway {
        fn new() -> Self {
            Self {
                readiness: watch::channel(Ok(())).0,
                loads: vec![Load::default(), Load::default()],
                closed: CancellationToken::new(),
                drain: watch::channel(None).0,
            }
        }

        /// How long it takes to go.
        async fn leaves(&self, told: Told) -> Duration {
            let begin = Instant::now();
            let Self { readiness, loads, closed, drain } = self;
            leave(DRAIN, told, Exits { readiness, loads, closed, drain }).await;
            begin.elapsed()
        }

        fn is_ready(&self) -> bool {
            self.readiness.borrow().is_ok()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_unready_at_once_but_lets_in_and_keeps_everybody_until_balancers_have_noticed() {
        let gateway = Gateway::new();
        let _here = gateway.loads[1].enter();
        let watched = async {
            sleep(Duration::from_millis(4999)).await;
            assert!(!gateway.is_ready());
            assert!(!gateway.closed.is_cancelled() && gateway.drain.borrow().is_none());
            sleep(Duration::from_millis(2)).await;
            assert!(gateway.closed.is_cancelled() && gateway.drain.borrow().is_some());
        };
        tokio::join!(gateway.leaves(Told::Ready), watched);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_gone_as_soon_as_everybody_is() {
        let gateway = Gateway::new();
        let here = gateway.loads[0].enter();
        let goes = async {
            sleep(Duration::from_secs(7)).await;
            drop(here);
        };
        let (took, ()) = tokio::join!(gateway.leaves(Told::Ready), goes);
        assert!((7..8).contains(&took.as_secs()), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_keeps_it_longer_than_the_grace() {
        let gateway = Gateway::new();
        let _stays = gateway.loads[0].enter();
        let took = gateway.leaves(Told::Ready).await;
        assert_eq!(took.as_secs(), 35);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_waited_for_where_no_balancer_ever_sent_anybody() {
        assert_eq!(Gateway::new().leaves(Told::NeverReady).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_it_was_unready_already_counts() {
        let since = Instant::now();
        sleep(Duration::from_secs(3)).await;
        let took = Gateway::new().leaves(Told::UnreadySince(since)).await;
        assert_eq!(took.as_secs(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_balancers_were_told_follows_the_bus() {
        let (link, linked) = watch::channel(Link::default());
        let readiness = watch::channel(Ok(())).0;
        let begin = Instant::now();
        let mut told = Told::NeverReady;
        for (connected, expected) in [
            (false, Told::NeverReady),
            (true, Told::Ready),
            (false, Told::UnreadySince(begin)),
            (false, Told::UnreadySince(begin)),
            (true, Told::Ready),
        ] {
            link.send_replace(Link { connected, losses: 0 });
            let followed = timeout(Duration::ZERO, follow_link(linked.clone(), &readiness, &mut told));
            followed.await.expect_err("the bus is there still");
            assert_eq!((told, readiness.borrow().is_ok()), (expected, connected));
        }
    }
}

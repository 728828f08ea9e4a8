//! How long this process has stood still, as far as what it reads now may have waited for it meanwhile.
//!
//! A process that was stopped (SIGSTOP, a frozen container) reads what came meanwhile when it goes on, and cannot see
//! how old that is: it would store messages whose senders were told long ago that nobody knows. So whatever is read
//! after a standstill is as old as the standstill was long, until something that this process sent itself after it
//! has come back: on one connection, what came before that has been read by then.
//!
//! Shared by the committer, who asks, and [`watch()`], which looks at the clock; that ends with the writer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::Bus;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// A longer time between two looks is a standstill. On a busy machine it may be none; that does no harm, because
/// requests are far younger than they may become.
const NOTICED: Duration = Duration::from_secs(1);
/// What has been read may still be on its way inside this process for so many looks.
const INSIDE: usize = 4;

/// What is known of standstills. Cloning shares it.
#[derive(Debug, Clone)]
pub(crate) struct Standstill(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    looked: Instant,
    /// How long what is read now may have waited.
    stood: Duration,
}

impl Standstill {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Arc::new(Mutex::new(State { looked: now, stood: Duration::ZERO })))
    }

    /// How long something that is read now may have waited for this process.
    pub(crate) fn age(&self, now: Instant) -> Duration {
        self.with(|state| state.stood + state.pause(now))
    }

    /// Looks at the clock. Gives how long what is read now may have waited.
    fn look(&self, now: Instant) -> Duration {
        self.with(|state| {
            state.stood += state.pause(now);
            state.looked = now;
            state.stood
        })
    }

    /// Everything that waited has been read, unless there was another standstill since.
    fn is_over(&self, stood: Duration) {
        self.with(|state| {
            if state.stood == stood {
                state.stood = Duration::ZERO;
            }
        });
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// How long nobody has looked, if that is a standstill.
    fn pause(&self, now: Instant) -> Duration {
        let pause = now.saturating_duration_since(self.looked);
        if pause > NOTICED { pause } else { Duration::ZERO }
    }
}

/// Looks at the clock, and after a standstill finds out when everything that waited has been read. Never comes back.
///
/// Cancel safe.
pub(crate) async fn watch(standstill: Standstill, bus: Arc<dyn Bus>) {
    let mut clock = interval(LOOK);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let stood = standstill.look(Instant::now());
        if !stood.is_zero() {
            tracing::warn!(?stood, "this process stood still");
            catch_up(&standstill, stood, &*bus, &mut clock).await;
        }
    }
}

async fn catch_up(standstill: &Standstill, stood: Duration, bus: &dyn Bus, clock: &mut Interval) {
    let settled = bus.settle();
    tokio::pin!(settled);
    let settled = loop {
        tokio::select! {
            settled = &mut settled => break settled,
            _ = clock.tick() => drop(standstill.look(Instant::now())),
        }
    };
    // Without a connection nothing is read, and with a new one it is asked again.
    if settled.is_err() {
        return;
    }
    for _ in 0..INSIDE {
        clock.tick().await;
        standstill.look(Instant::now());
    }
    standstill.is_over(stood);
}

#[cfg(test)]
mod tests {
    use bus::LocalBus;
    use tokio::time::{advance, sleep};

    use super::*;

    const LONG: Duration = Duration::from_secs(25);

    #[tokio::test(start_paused = true)]
    async fn what_is_read_after_a_standstill_is_as_old_as_that_until_it_has_all_been_read() {
        let bus = Arc::new(LocalBus::new(8));
        let standstill = Standstill::new(Instant::now());
        tokio::spawn(watch(standstill.clone(), bus));
        sleep(LOOK * 10).await;
        assert_eq!(standstill.age(Instant::now()), Duration::ZERO);
        advance(LONG).await;
        assert!(standstill.age(Instant::now()) >= LONG, "nobody has looked at the clock yet");
        sleep(LOOK).await;
        assert!(standstill.age(Instant::now()) >= LONG, "something may still be on its way inside");
        sleep(LOOK * 10).await;
        assert_eq!(standstill.age(Instant::now()), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn while_nothing_comes_back_everything_may_have_waited() {
        let bus = Arc::new(LocalBus::new(8));
        let standstill = Standstill::new(Instant::now());
        tokio::spawn(watch(standstill.clone(), Arc::clone(&bus) as Arc<dyn Bus>));
        sleep(LOOK * 10).await;
        bus.cut();
        advance(LONG).await;
        sleep(LOOK * 40).await;
        assert!(standstill.age(Instant::now()) >= LONG);
        bus.restore();
        sleep(LOOK * 10).await;
        assert_eq!(standstill.age(Instant::now()), Duration::ZERO);
    }
}

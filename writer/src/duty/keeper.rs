//! The task that keeps the roster: beats, listens, and opens and closes doors as partitions change hands: the next
//! writer opens its door before the one before closes its own.
//!
//! It owns the roster and the doors. It ends when it is told to leave: with a last beat that says so, and all
//! doors closed.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, Heard, Link, Note, Partition, Topic};
use rand::RngExt as _;
use rand::distr::Alphanumeric;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::doors::{Doors, Keep};
use super::roster::{News, Roster};
use crate::health::Health;

/// How many beats may wait to be heard.
const BEATS_MAX: usize = 1024;
/// How long the store may be down before this writer leaves its partitions to others.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the keeper works with.
pub(crate) struct Parts {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) health: Health,
    pub(crate) beat: Duration,
    pub(crate) silence: Duration,
    /// Where it says what this writer does.
    pub(crate) duty: watch::Sender<Duty>,
}

/// What a writer does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Duty {
    /// Its doors are open.
    pub(crate) serves: bool,
    /// It scans the store for heads: it owns the first partition.
    pub(crate) scans: bool,
    /// How many partitions it owns.
    pub(crate) partitions: usize,
}

/// The one who keeps the roster.
pub(crate) struct Keeper {
    parts: Parts,
    roster: Roster,
    doors: Doors,
    /// Until when doors stay open that are another writer's now.
    hands_over_until: Instant,
}

impl Keeper {
    pub(crate) fn new(parts: Parts, doors: Doors) -> Self {
        let name = rand::rng().sample_iter(Alphanumeric).take(16).map(char::from).collect();
        let roster = Roster::new(name, parts.silence);
        Self { parts, roster, doors, hands_over_until: Instant::now() }
    }

    /// Works until `leave` is cancelled, then leaves.
    ///
    /// # Errors
    /// [`BusError`] if the bus has been closed.
    pub(crate) async fn run(mut self, leave: CancellationToken) -> Result<(), BusError> {
        let (into, mut heard) = mpsc::channel(BEATS_MAX);
        let _listening = self.parts.bus.listen(Topic::Beats, into).await?;
        let mut link = self.parts.bus.link();
        let mut down = self.parts.health.follow();
        self.introduce(&mut heard).await;
        let mut clock = clock(self.parts.beat);
        loop {
            let hands_over = Instant::now() < self.hands_over_until;
            self.open_and_close(hands_over).await?;
            tokio::select! {
                () = leave.cancelled() => break,
                () = sleep_until(self.hands_over_until), if hands_over => {}
                Some(heard) = heard.recv() => self.hear(heard).await,
                _ = clock.tick() => {
                    let (link, down) = (*link.borrow(), *down.borrow());
                    self.beat(link, down).await;
                }
                Ok(()) = link.changed() => {
                    let link = *link.borrow_and_update();
                    self.look_at(link).await;
                }
                Ok(()) = down.changed() => {}
            }
        }
        self.say(true).await;
        if !self.roster.is_alone() {
            sleep(self.hand_over()).await;
        }
        self.parts.duty.send_replace(Duty::default());
        Ok(())
    }

    /// How long a door stays open behind which another writer is about to stand. What is on its way to a door as it
    /// is closed is lost, and missed only seconds later: until the other one stands there too, it must be heard here.
    /// What both hear is stored once.
    fn hand_over(&self) -> Duration {
        self.parts.beat / 2
    }

    /// Says hello, and hears who is here before anything is taken: those who are here answer at once.
    async fn introduce(&mut self, heard: &mut mpsc::Receiver<Heard>) {
        self.say(false).await;
        let patience = self.parts.beat / 4;
        let others = async {
            while let Some(heard) = heard.recv().await {
                self.hear(heard).await;
            }
        };
        let _ = timeout(patience, others).await;
    }

    async fn hear(&mut self, heard: Heard) {
        let Note::Beat(beat) = heard.note else { return };
        let now = Instant::now();
        if self.roster.hear(beat, now) == News::Newcomer {
            // It listens for a quarter of a beat before it opens a door.
            self.hands_over_until = now + self.hand_over();
            self.say(false).await;
        }
    }

    async fn beat(&mut self, link: Link, down: Option<Instant>) {
        self.roster.set_able(down.is_none_or(|since| since.elapsed() < PATIENCE));
        if link.connected {
            self.roster.forget_silent(Instant::now());
            self.say(false).await;
        }
    }

    /// After a cut nobody can be blamed for having been silent.
    async fn look_at(&mut self, link: Link) {
        if link.connected {
            self.roster.could_not_hear(Instant::now());
            self.say(false).await;
        }
    }

    async fn open_and_close(&mut self, hands_over: bool) -> Result<(), BusError> {
        let Self { parts, roster, doors, .. } = self;
        let keep = if hands_over { Keep::Open } else { Keep::Own };
        doors.set(roster.on_duty(), |partition| roster.owns(partition), keep).await?;
        let scans = Partition::all().next().is_some_and(|first| roster.owns(first));
        let partitions = Partition::all().filter(|partition| roster.owns(*partition)).count();
        let duty = Duty { serves: roster.on_duty(), scans, partitions };
        parts.duty.send_if_modified(|now| std::mem::replace(now, duty) != duty);
        Ok(())
    }

    async fn say(&self, leaving: bool) {
        let beat = Note::Beat(self.roster.beat(leaving));
        if let Err(error) = self.parts.bus.publish(beat, None).await {
            tracing::debug!(%error, "a beat went nowhere");
        }
    }
}

fn clock(beat: Duration) -> Interval {
    let mut clock = interval(beat);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    clock
}

//! An experiment: a town under load, a fault, its end, and what it has cost.
//!
//! Three gateways, two writers, twenty rooms, and in each room a resident at every gateway who talks all the time.
//! [`Trial::ends`] holds all that they did and saw against what is stored, and against the bounds that are
//! promised. A short experiment has bounds that only catch a hang; a long one (`PARLOR_TEST_LONG=1`) has the
//! promised ones, and leaves a row for `docs/guarantees.md`.

mod bounds;
mod memory;
mod outcome;
mod scout;

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::audit::{Audit, Fault, Times};
use crate::crowd::{Crowd, Told};
use crate::length::length;
use crate::resident::Resident;
use crate::town::{Plan, Town};
use crate::watchers::Watchers;

pub use bounds::Promised;
pub use outcome::Outcome;

use memory::Memory;

/// Rooms of an experiment.
const ROOMS: usize = 20;
/// Residents: one at each gateway in each room.
const PEOPLE: usize = 3 * ROOMS;

/// An experiment that is under way.
pub struct Trial {
    /// What it happens to.
    pub town: Town,
    /// What may take how long; the promised bounds unless the experiment says why others hold.
    pub promised: Promised,
    name: &'static str,
    crowd: Option<Crowd>,
    watchers: Option<Watchers>,
    memory: Memory,
    struck: Option<Instant>,
    healed: Option<Instant>,
    recovery: Option<Duration>,
}

impl Trial {
    /// The town of most experiments.
    pub fn plan() -> Plan {
        Town::new().gateways(3).writers(2)
    }

    /// Starts a town and lets its residents talk. `name` is the row's name: what happens, in a few words.
    ///
    /// # Panics
    /// If the town does not start, or nobody can talk in it.
    pub async fn begins(name: &'static str, plan: Plan) -> Self {
        Self::begins_in(plan.start().await, name).await
    }

    /// The same in a town that runs.
    ///
    /// # Panics
    /// If nobody can talk in it.
    pub async fn begins_in(town: Town, name: &'static str) -> Self {
        let pause = length(Duration::from_millis(200), Duration::from_millis(100));
        let crowd = Crowd::murmurs(&town, PEOPLE, ROOMS, pause).await;
        crowd.says_more(length(100, 3000)).await;
        let memory = Memory::of(&town);
        let promised = Promised::default();
        let crowd = Some(crowd);
        Self {
            town,
            promised,
            name,
            crowd,
            watchers: None,
            memory,
            struck: None,
            healed: None,
            recovery: None,
        }
    }

    /// Lets somebody in each room watch at a gateway, who stays as long as a client should: what is silent for
    /// 25 s, and 10 s more after a ping, is given up; in the short form after one second and two.
    ///
    /// # Panics
    /// If one cannot come in.
    pub async fn is_watched_at(&mut self, gateway: usize) {
        let (quiet, sign) = length((1, 2), (25, 10));
        let (quiet, sign) = (Duration::from_secs(quiet), Duration::from_secs(sign));
        self.watchers = Some(Watchers::watch(&self.town, ROOMS, gateway, quiet, sign).await);
    }

    /// The fault begins, now.
    pub fn strikes(&mut self) {
        self.struck.get_or_insert_with(Instant::now);
    }

    /// Lets the fault last.
    pub async fn rages(&mut self, time: Duration) {
        self.strikes();
        sleep(time).await;
    }

    /// The residents say so many more messages, although the fault lasts.
    ///
    /// # Panics
    /// If they cannot.
    pub async fn talks_on(&self, count: usize) {
        self.crowd().says_more(count).await;
    }

    /// The fault has ended, now: from here on counts how long recovery takes.
    pub fn heals(&mut self) {
        self.strikes();
        self.healed = Some(Instant::now());
    }

    /// Waits until everybody is ready, and a message can be said and seen at each gateway. Without a call to
    /// [`Trial::heals`] nothing is healed, and what is left has to recover from the fault itself.
    ///
    /// # Panics
    /// If that takes longer than is promised.
    pub async fn recovers(&mut self) {
        self.strikes();
        let since = self.healed.or(self.struck).unwrap_or_else(Instant::now);
        scout::all_is_well(&self.town).await;
        self.recovery = Some(since.elapsed());
    }

    /// How often residents have come back and repeated themselves so far: what the fault has cost them.
    #[must_use]
    pub fn cost(&self) -> Told {
        self.crowd().told()
    }

    /// Lets everybody talk on for a while, ends the talk, waits until all have seen everything, reads everything
    /// again as somebody new and by SQL, and judges. The row is left even if something is wrong.
    ///
    /// # Panics
    /// If anything is wrong, or took longer than is promised.
    pub async fn ends(&mut self) -> Outcome {
        self.talks_on(length(60, 1000)).await;
        let (outcome, _here) = self.settles().await;
        outcome
    }

    /// The same, with the residents, who are here still.
    ///
    /// # Panics
    /// If anything is wrong, or took longer than is promised.
    pub async fn settles(&mut self) -> (Outcome, Vec<Resident>) {
        let crowd = self.crowd.take().unwrap_or_else(|| panic!("{} has ended already", self.name));
        let (mut told, mut residents) = crowd.ends().await;
        if let Some(watchers) = self.watchers.take() {
            let watchers = watchers.ends().await;
            told.returns += watchers.iter().map(Resident::returns).sum::<usize>();
            residents.extend(watchers);
        }
        let audit = self.town.examine().await;
        let times = Times::of(&self.town.diaries(), self.fault());
        (self.judge(told, audit, &times), residents)
    }

    fn judge(&self, told: Told, audit: Audit, times: &Times) -> Outcome {
        let memory = self.memory.growth(&self.town);
        let outcome = Outcome::of(self.name, &audit)
            .cost(told)
            .times(times)
            .fault(self.struck.zip(self.healed).map(|(from, until)| until - from))
            .recovery(self.recovery)
            .memory(memory.as_ref().map(|growth| growth.percent));
        outcome.record();
        let _clean = audit.clean();
        self.promised.check(times, self.recovery, memory.as_ref());
        outcome
    }

    fn fault(&self) -> Option<Fault> {
        let from = self.struck?.into_std();
        // What is never healed is survived: the others have as long as after a heal.
        Some(Fault { from, until: self.healed.map_or(from, Instant::into_std) })
    }

    fn crowd(&self) -> &Crowd {
        self.crowd.as_ref().unwrap_or_else(|| panic!("{} has ended already", self.name))
    }
}

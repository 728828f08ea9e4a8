//! Many residents who talk all the time, while something happens to the town.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::patience::until;
use crate::resident::Resident;
use crate::town::Town;

/// The pause of each one between two messages, if nothing else is said.
const PAUSE: Duration = Duration::from_millis(5);

/// Residents spread over all gateways and some rooms, each in one room.
#[derive(Debug)]
pub struct Crowd {
    tasks: Vec<JoinHandle<Talker>>,
    enough: Arc<AtomicBool>,
    tally: Arc<Tally>,
}

/// What all of them have done so far.
#[derive(Debug, Default)]
struct Tally {
    said: AtomicUsize,
    returns: AtomicUsize,
    repeats: AtomicUsize,
}

#[derive(Debug)]
struct Talker {
    resident: Resident,
    room: String,
    /// The last seq that it was acknowledged.
    last: u64,
}

/// What a crowd went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Messages that were acknowledged.
    pub said: usize,
    /// How often somebody came back.
    pub returns: usize,
    /// How often something was said again.
    pub repeats: usize,
}

impl Crowd {
    /// Lets so many residents talk in so many rooms, until they are told to end.
    ///
    /// # Panics
    /// If one cannot come in.
    pub async fn talks(town: &Town, people: usize, rooms: usize) -> Self {
        Self::murmurs(town, people, rooms, PAUSE).await
    }

    /// The same, each with such a pause between two messages.
    ///
    /// # Panics
    /// If one cannot come in.
    pub async fn murmurs(town: &Town, people: usize, rooms: usize, pause: Duration) -> Self {
        let (enough, tally) = (Arc::new(AtomicBool::new(false)), Arc::new(Tally::default()));
        let mut tasks = Vec::new();
        for number in 0..people {
            let room = square(number % rooms);
            // Whoever shares a room comes in through different gateways.
            let resident = town.resident(&format!("talker-{number}")).at(number / rooms).joins(&room).await;
            let talker = Talker { resident, room, last: 0 };
            tasks.push(tokio::spawn(talker.talk(pause, Arc::clone(&enough), Arc::clone(&tally))));
        }
        Self { tasks, enough, tally }
    }

    /// Waits until so many more messages were acknowledged.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn says_more(&self, count: usize) {
        let goal = self.told().said + count;
        until(format!("{goal} messages are said"), async || {
            let said = self.told().said;
            let failed = self.tasks.iter().any(JoinHandle::is_finished);
            assert!(!failed, "somebody gave up after {said} messages");
            (said >= goal).then_some(())
        })
        .await;
    }

    /// What it went through so far.
    #[must_use]
    pub fn told(&self) -> Told {
        let count = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        let Tally { said, returns, repeats } = &*self.tally;
        Told { said: count(said), returns: count(returns), repeats: count(repeats) }
    }

    /// Ends the talking, and waits until each has seen all of its room. They are all here still.
    ///
    /// # Panics
    /// If somebody was refused, or does not see everything.
    pub async fn ends(self) -> (Told, Vec<Resident>) {
        self.enough.store(true, Ordering::Relaxed);
        let talkers = join_all(self.tasks).await.into_iter().collect::<Result<Vec<_>, _>>();
        let mut talkers = talkers.unwrap_or_else(|e| panic!("somebody gave up: {e}"));
        let heads: Vec<(String, u64)> = talkers.iter().map(|t| (t.room.clone(), t.last)).collect();
        let head = |room: &str| heads.iter().filter(|(r, _)| r == room).map(|(_, last)| *last).max();
        join_all(talkers.iter_mut().map(async |talker| {
            let head = head(&talker.room).unwrap_or_default();
            talker.resident.sees(&talker.room, head).await;
        }))
        .await;
        let residents: Vec<Resident> = talkers.into_iter().map(|talker| talker.resident).collect();
        let told = Told {
            said: self.tally.said.load(Ordering::Relaxed),
            returns: residents.iter().map(Resident::returns).sum(),
            repeats: residents.iter().map(Resident::repeats).sum(),
        };
        (told, residents)
    }
}

/// The name of a room of a crowd.
pub(crate) fn square(number: usize) -> String {
    format!("square-{number}")
}

impl Talker {
    async fn talk(mut self, pause: Duration, enough: Arc<AtomicBool>, tally: Arc<Tally>) -> Self {
        let mut number = 0;
        while !enough.load(Ordering::Relaxed) {
            number += 1;
            let (returns, repeats) = (self.resident.returns(), self.resident.repeats());
            self.last = self.resident.says(&self.room, &format!("number {number}")).await.seq;
            tally.said.fetch_add(1, Ordering::Relaxed);
            tally.returns.fetch_add(self.resident.returns() - returns, Ordering::Relaxed);
            tally.repeats.fetch_add(self.resident.repeats() - repeats, Ordering::Relaxed);
            sleep(pause).await;
        }
        self
    }
}

//! Clients of a roll-out who write down how each connection ended and how long each acknowledgement took.
//!
//! A task each, which ends when it is told to. What they write down grows with what they say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::diary::Diary;
use crate::patience::PATIENCE;
use crate::person::{Answer, Closed, Person, Visit, new_id};
use crate::town::Town;

/// The pause between two messages.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a try to come in may take.
const COME_WITHIN: Duration = Duration::from_secs(3);
/// A server answers within 5 s whatever is dead.
const ANSWER_WITHIN: Duration = Duration::from_secs(6);

/// Some witnesses.
#[derive(Debug)]
pub struct Witnesses {
    tasks: Vec<JoinHandle<Account>>,
    enough: Arc<AtomicBool>,
}

/// What one of them has to tell.
#[derive(Debug)]
pub struct Account {
    /// Who.
    pub user: String,
    /// How its connections ended, without the last one.
    pub closings: Vec<Closed>,
    /// How long each of its messages took from the first time that it was said until it was acknowledged: with the
    /// time in which the client was away.
    pub acknowledged: Vec<Duration>,
}

struct Witness {
    visit: Visit,
    room: String,
    diary: Diary,
    enough: Arc<AtomicBool>,
    /// What is said and not acknowledged yet: its id, and since when.
    open: Option<(String, Instant)>,
    account: Account,
}

impl Witnesses {
    /// Lets so many come in, each into one of so many rooms, and talk there.
    #[must_use]
    pub fn watch(town: &Town, people: usize, rooms: usize) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let witness = |number: usize| {
            let user = format!("witness-{number}");
            let (visit, diary) = town.visit(&user);
            let account = Account { user, closings: Vec::new(), acknowledged: Vec::new() };
            let room = format!("square-{}", number % rooms);
            let witness = Witness { visit, room, diary, enough: Arc::clone(&enough), open: None, account };
            tokio::spawn(witness.watches())
        };
        Self { tasks: (0..people).map(witness).collect(), enough }
    }

    /// Ends it, and hears them all.
    ///
    /// # Panics
    /// If one could not come in, or was not answered in time.
    pub async fn tell(self) -> Vec<Account> {
        self.enough.store(true, Ordering::Relaxed);
        let told = join_all(self.tasks).await.into_iter().collect::<Result<Vec<_>, _>>();
        told.unwrap_or_else(|e| panic!("a witness gave up: {e}"))
    }
}

impl Witness {
    async fn watches(mut self) -> Account {
        loop {
            let person = self.comes().await;
            self.talks(&person).await;
            if self.is_enough() {
                person.goes().await;
                return self.account;
            }
            let closed = person.closed().await;
            // As a client should, and no later: without a chance of its own.
            let bye = closed.bye.as_ref();
            let away = bye.and_then(|bye| bye["retry_ms"].as_u64()).unwrap_or_default();
            self.account.closings.push(closed);
            person.vanishes().await;
            sleep(Duration::from_millis(away)).await;
        }
    }

    /// Says one thing after the other until the connection ends, or it is enough. What is said is said to the end.
    async fn talks(&mut self, person: &Person) {
        while person.is_here() && !(self.is_enough() && self.open.is_none()) {
            let (id, since) = self.open.get_or_insert_with(|| (new_id(), Instant::now()));
            let pending = person.begins(&self.room, id, "as I saw it").await;
            match person.answer_within(pending, ANSWER_WITHIN).await {
                Some(Answer::Sent(_)) => {
                    self.account.acknowledged.push(since.elapsed());
                    self.open = None;
                }
                Some(Answer::Refused(refused)) => assert_eq!(refused.code, "unavailable", "{refused:?}"),
                Some(Answer::Gone) => return,
                None => panic!("{} was not answered within {ANSWER_WITHIN:?}", person.user()),
            }
            sleep(PAUSE).await;
        }
    }

    async fn comes(&self) -> Person {
        let visit = self.visit.clone();
        let visit = match self.diary.place(&self.room) {
            Some(place) => visit.rejoins(&self.room, place),
            None => visit.joins(&self.room),
        };
        let came = timeout(PATIENCE, async {
            loop {
                match visit.tries(COME_WITHIN).await {
                    Ok(person) => return person,
                    Err(_) => sleep(PAUSE).await,
                }
            }
        });
        came.await.unwrap_or_else(|_| panic!("{} comes in nowhere", self.account.user))
    }

    fn is_enough(&self) -> bool {
        self.enough.load(Ordering::Relaxed)
    }
}

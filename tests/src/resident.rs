//! A client as an application should write it: it repeats what it does not know the fate of, under the same id,
//! and comes back, elsewhere if need be, after the last seq that it has seen.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::diary::Diary;
use crate::line::Line;
use crate::patience::PATIENCE;
use crate::person::{Answer, Person, Sent, Visit, new_id};

/// A server answers within 5 s whatever is dead; after a little more it is taken for dead.
const ANSWER_WITHIN: Duration = Duration::from_secs(6);
/// How long coming in may take before another gateway is tried.
const COME_WITHIN: Duration = Duration::from_secs(3);
/// How long anything is tried again and again: longer than any fault lasts.
const PERSISTENCE: Duration = Duration::from_secs(150);
/// The pause before anything is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// A client that comes back by itself.
#[derive(Debug)]
pub struct Resident {
    visit: Visit,
    gateways: usize,
    at: usize,
    diary: Diary,
    /// The rooms that it is in. How far it has come there stands in the diary.
    rooms: BTreeSet<String>,
    person: Option<Person>,
    returns: usize,
    repeats: usize,
}

impl Resident {
    pub(crate) fn new(visit: Visit, gateways: usize, diary: Diary) -> Self {
        Self { visit, gateways, at: 0, diary, rooms: BTreeSet::new(), person: None, returns: 0, repeats: 0 }
    }

    /// Comes in first at this gateway.
    #[must_use]
    pub fn at(mut self, gateway: usize) -> Self {
        self.at = gateway;
        self
    }

    /// Comes in over these lines, one to each gateway, instead of straight.
    #[must_use]
    pub fn over(mut self, lines: &[Line]) -> Self {
        self.visit = self.visit.over(lines);
        self
    }

    /// Comes in and joins a room, for what comes from now on.
    ///
    /// # Panics
    /// If it cannot for too long.
    #[must_use]
    pub async fn joins(mut self, room: &str) -> Self {
        self.person().await.joins(room).await;
        self.rooms.insert(room.to_owned());
        self
    }

    /// Says something, as often as it takes until it is stored.
    ///
    /// # Panics
    /// If it is refused for certain, or nobody stores it for too long.
    pub async fn says(&mut self, room: &str, body: &str) -> Sent {
        let id = new_id();
        self.insists(room, &id, body).await
    }

    /// Says several things at once; whatever is unknown then is said again, one after the other.
    ///
    /// # Panics
    /// If one is refused for certain, or nobody stores it for too long.
    pub async fn says_all(&mut self, room: &str, bodies: &[String]) -> Vec<Sent> {
        let ids: Vec<String> = bodies.iter().map(|_| new_id()).collect();
        let mut answers = Vec::new();
        let person = self.person().await;
        let mut pending = Vec::new();
        for (id, body) in ids.iter().zip(bodies) {
            pending.push(person.begins(room, id, body).await);
        }
        for pending in pending {
            answers.push(person.answer_within(pending, ANSWER_WITHIN).await);
        }
        let mut all = Vec::new();
        for ((answer, id), body) in answers.into_iter().zip(&ids).zip(bodies) {
            all.push(match self.judge(answer).await {
                Some(sent) => sent,
                None => self.insists(room, id, body).await,
            });
        }
        all
    }

    /// Waits until it was shown this seq, coming back as often as it takes.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn sees(&mut self, room: &str, seq: u64) {
        let start = Instant::now();
        loop {
            let place = self.diary.place(room);
            if place.as_ref().is_some_and(|place| place.seq >= seq) {
                return;
            }
            let Some(left) = PATIENCE.checked_sub(start.elapsed()) else {
                panic!("{} has not come to {seq} of {room}: {place:?}", self.diary.user())
            };
            let seen = self.person().await.reaches(room, seq, left).await;
            if seen == Some(false) {
                self.leaves().await;
            }
        }
    }

    /// Says nothing and only watches, until it is told to end. What has been silent for `quiet` is asked for a sign
    /// of life, and given up if there is none within `sign`.
    pub async fn watches(&mut self, quiet: Duration, sign: Duration, mut enough: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = self.keeps_watch(quiet, sign) => {}
                _ = enough.wait_for(|enough| *enough) => return,
            }
        }
    }

    async fn keeps_watch(&mut self, quiet: Duration, sign: Duration) {
        let person = self.person().await;
        if person.is_quiet_for(quiet).await && !person.is_answered_within(sign).await {
            self.leaves().await;
        }
    }

    /// How often it has come back.
    #[must_use]
    pub fn returns(&self) -> usize {
        self.returns
    }

    /// How often it has said something again.
    #[must_use]
    pub fn repeats(&self) -> usize {
        self.repeats
    }

    async fn insists(&mut self, room: &str, id: &str, body: &str) -> Sent {
        let start = Instant::now();
        loop {
            let person = self.person().await;
            let pending = person.begins(room, id, body).await;
            let answer = person.answer_within(pending, ANSWER_WITHIN).await;
            if let Some(sent) = self.judge(answer).await {
                return sent;
            }
            let waited = start.elapsed();
            assert!(
                waited < PERSISTENCE,
                "{} could not say {id} in {room} for {waited:?}",
                self.diary.user()
            );
            sleep(PAUSE).await;
        }
    }

    /// What an answer means. `None`: nobody knows, it is to be said again.
    async fn judge(&mut self, answer: Option<Answer>) -> Option<Sent> {
        match answer {
            Some(Answer::Sent(sent)) => return Some(sent),
            Some(Answer::Refused(refused)) => {
                let later = ["unavailable", "too_many", "going_away"];
                assert!(later.contains(&refused.code.as_str()), "{}: {refused:?}", self.diary.user());
            }
            Some(Answer::Gone) | None => self.leaves().await,
        }
        self.repeats += 1;
        None
    }

    /// The connection, which is made if there is none.
    async fn person(&mut self) -> &Person {
        if self.person.as_ref().is_some_and(|person| !person.is_here()) {
            self.leaves().await;
        }
        let person = match self.person.take() {
            Some(person) => person,
            None => self.comes().await,
        };
        self.person.insert(person)
    }

    async fn comes(&mut self) -> Person {
        let came = timeout(PERSISTENCE, async {
            loop {
                let visit = self.visit.clone().at(self.at);
                let visit = self.rooms.iter().fold(visit, |visit, room| match self.diary.place(room) {
                    Some(place) => visit.rejoins(room, place),
                    None => visit.joins(room),
                });
                match visit.tries(COME_WITHIN).await {
                    Ok(person) => return person,
                    Err(_) => self.at = (self.at + 1) % self.gateways,
                }
                sleep(PAUSE).await;
            }
        });
        came.await.unwrap_or_else(|_| panic!("{} comes in nowhere", self.diary.user()))
    }

    /// Gives the connection up; the next one is to another gateway.
    async fn leaves(&mut self) {
        if let Some(person) = self.person.take() {
            person.vanishes().await;
            self.at = (self.at + 1) % self.gateways;
            self.returns += 1;
        }
    }
}

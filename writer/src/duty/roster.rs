//! The writers that are heard, and which of them owns what. A state machine without I/O.
//!
//! Owned by the keeper. Bounded by a number of writers; one that is silent for too long leaves it.

use std::collections::HashMap;
use std::time::Duration;

use bus::{Beat, Partition};
use tokio::time::Instant;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// More writers than anybody runs; what claims to be another one is not heard.
const WRITERS_MAX: usize = 1000;

/// The writers, as one of them knows them.
#[derive(Debug)]
pub(super) struct Roster {
    own: Writer,
    others: HashMap<String, (Writer, Instant)>,
    silence: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Writer {
    name: String,
    able: bool,
}

/// What a beat has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Somebody has come who does not know yet who is here.
    Newcomer,
    /// The others are other ones now, or are able where they were not.
    Change,
    /// Nothing new.
    Nothing,
}

impl Roster {
    pub(super) fn new(own: String, silence: Duration) -> Self {
        Self { own: Writer { name: own, able: true }, others: HashMap::new(), silence }
    }

    /// What this writer says of itself.
    pub(super) fn beat(&self, leaving: bool) -> Beat {
        Beat { writer: self.own.name.clone(), able: self.own.able, leaving }
    }

    /// Whether this writer can reach its store.
    pub(super) fn set_able(&mut self, able: bool) {
        self.own.able = able;
    }

    pub(super) fn hear(&mut self, beat: Beat, now: Instant) -> News {
        let Beat { writer: name, able, leaving } = beat;
        if name == self.own.name {
            return News::Nothing;
        }
        if leaving {
            return if self.others.remove(&name).is_some() { News::Change } else { News::Nothing };
        }
        if self.others.len() >= WRITERS_MAX && !self.others.contains_key(&name) {
            return News::Nothing;
        }
        let writer = Writer { name: name.clone(), able };
        match self.others.insert(name, (writer, now)) {
            None => News::Newcomer,
            Some((known, _)) if known.able != able => News::Change,
            Some(_) => News::Nothing,
        }
    }

    /// Forgets who was silent for too long. Only to be asked while this writer can hear; true if somebody
    /// went.
    pub(super) fn forget_silent(&mut self, now: Instant) -> bool {
        let before = self.others.len();
        self.others.retain(|_, (_, heard)| now.saturating_duration_since(*heard) <= self.silence);
        self.others.len() != before
    }

    /// Nobody could be heard until now: silence counts from here.
    pub(super) fn could_not_hear(&mut self, now: Instant) {
        self.others.values_mut().for_each(|(_, heard)| *heard = now);
    }

    /// True if nobody else is heard.
    pub(super) fn is_alone(&self) -> bool {
        self.others.is_empty()
    }

    /// True if this writer takes its share. One that cannot reach its store leaves it to those that can;
    /// where none can, all serve on, and say so to whoever asks.
    pub(super) fn on_duty(&self) -> bool {
        self.own.able || !self.others.values().any(|(other, _)| other.able)
    }

    /// True if this writer owns the partition: of all who are on duty it has the highest score for it.
    pub(super) fn owns(&self, partition: Partition) -> bool {
        let own = score(&self.own.name, partition);
        let mut others = self.others.values().map(|(other, _)| other);
        // Who is on duty is able, unless nobody is: those like this writer take part.
        let is_outdone = |other: &Writer| other.able == self.own.able && score(&other.name, partition) > own;
        self.on_duty() && !others.any(is_outdone)
    }
}

/// Who scores highest owns a partition; equal scores are told apart by the names. When a writer comes or
/// goes, only what it wins or had won changes hands.
fn score(name: &str, partition: Partition) -> (u64, &str) {
    (xxh3_64_with_seed(name.as_bytes(), u64::from(partition.index())), name)
}

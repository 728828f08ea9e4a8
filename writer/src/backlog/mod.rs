//! What waits to be committed, and which of it makes the next batch. A state machine without I/O.
//!
//! Owned by the committer. Bounded by a number of messages and of bytes; each submission leaves it answered,
//! and exactly once. A submission keeps its order: what of it was not stored yet is given up as soon as the
//! fate of an earlier draft is unknown.

mod batch;
mod entry;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use bus::Submission;
use chat::Verdict;
use tokio::time::Instant;

pub(crate) use self::batch::Batch;
use self::batch::Choice;
use self::entry::Entry;
use crate::refusal;

/// A submission that is older is a ghost: its sender was told `unavailable` long ago.
const AGE_MAX: Duration = Duration::from_secs(10);

/// The bounds of a backlog and of its batches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) batch_messages: usize,
    pub(crate) batch_bytes: usize,
    pub(crate) queue_messages: usize,
    pub(crate) queue_bytes: usize,
}

/// Submissions in the order in which they came, each with what it takes to answer it.
#[derive(Debug)]
pub(crate) struct Backlog<T> {
    bounds: Bounds,
    queue: VecDeque<Entry<T>>,
    messages: usize,
    bytes: usize,
}

/// A submission that has its verdicts, one a draft, in order.
#[derive(Debug, PartialEq)]
pub(crate) struct Answered<T> {
    pub(crate) ticket: T,
    pub(crate) verdicts: Vec<Verdict>,
}

impl<T> Backlog<T> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, queue: VecDeque::new(), messages: 0, bytes: 0 }
    }

    /// Takes a submission in. It comes back at once if nothing of it is to be stored: it is too old, no room
    /// is left for it, or no draft of it makes sense.
    pub(crate) fn push(&mut self, submission: Submission, ticket: T, now: Instant) -> Option<Answered<T>> {
        let mut entry = Entry::new(submission, ticket, now);
        if entry.age(now) > AGE_MAX {
            entry.give_up(&refusal::unavailable());
        } else if self.messages + entry.messages() > self.bounds.queue_messages
            || self.bytes + entry.bytes() > self.bounds.queue_bytes
        {
            entry.give_up(&refusal::busy());
        }
        if entry.is_answered() {
            return Some(entry.answered());
        }
        self.messages += entry.messages();
        self.bytes += entry.bytes();
        self.queue.push_back(entry);
        None
    }

    /// Chooses the next batch, in the order of arrival, and finds the submissions that have waited for too
    /// long.
    ///
    /// A batch holds no (room, user, id) twice and no two changes of one message; the later one, and
    /// everything after it in that room, waits for the next batch. (A change of a message of its own batch is
    /// declined by the store: nobody can have seen the seq of that message yet.)
    pub(crate) fn take(&mut self, now: Instant) -> (Batch<T>, Vec<Answered<T>>) {
        let mut choice = Choice::new(self.bounds);
        let (mut passed_over, mut too_old) = (Vec::new(), Vec::new());
        while !choice.is_full() && passed_over.len() < self.bounds.batch_messages {
            let Some(mut entry) = self.queue.pop_front() else { break };
            self.messages -= entry.messages();
            self.bytes -= entry.bytes();
            if entry.age(now) > AGE_MAX {
                entry.give_up(&refusal::unavailable());
                too_old.push(entry.answered());
            } else if let Some(entry) = choice.offer(entry) {
                self.messages += entry.messages();
                self.bytes += entry.bytes();
                passed_over.push(entry);
            }
        }
        // Those that were passed over came before those that were not looked at.
        passed_over.into_iter().rev().for_each(|entry| self.queue.push_front(entry));
        (choice.batch(), too_old)
    }

    /// Takes back a batch with a verdict a draft. What has all its verdicts comes out; the rest waits on,
    /// before everything that came later.
    pub(crate) fn settle(&mut self, batch: Batch<T>, verdicts: Vec<Verdict>) -> Vec<Answered<T>> {
        let mut answered = Vec::new();
        let mut unfinished = Vec::new();
        for mut entry in batch.settle(verdicts) {
            if entry.is_in_doubt() {
                entry.give_up(&refusal::unavailable());
            }
            if entry.is_answered() {
                answered.push(entry.answered());
            } else {
                self.messages += entry.messages();
                self.bytes += entry.bytes();
                unfinished.push(entry);
            }
        }
        for entry in unfinished.into_iter().rev() {
            self.queue.push_front(entry);
        }
        answered
    }

    /// Gives up everything that waits.
    pub(crate) fn give_up(&mut self) -> Vec<Answered<T>> {
        (self.messages, self.bytes) = (0, 0);
        let given_up = self.queue.drain(..).map(|mut entry| {
            entry.give_up(&refusal::unavailable());
            entry.answered()
        });
        given_up.collect()
    }

    /// How many messages wait.
    pub(crate) const fn messages(&self) -> usize {
        self.messages
    }

    /// How many bytes these take.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

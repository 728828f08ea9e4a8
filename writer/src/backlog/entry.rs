//! One submission on its way through the backlog.

use std::collections::VecDeque;
use std::time::Duration;

use bus::Submission;
use chat::{Code, Draft, Refusal, RoomId, Verdict};
use tokio::time::Instant;

use super::Answered;
use crate::refusal;

/// A submission: the verdicts that it has, and the drafts that wait for theirs.
#[derive(Debug)]
pub(super) struct Entry<T> {
    ticket: T,
    arrived: Instant,
    /// How old it was when it arrived.
    age: Duration,
    verdicts: Vec<Option<Verdict>>,
    /// In order, each with its place among the verdicts.
    waiting: VecDeque<(usize, Draft)>,
    bytes: usize,
}

impl<T> Entry<T> {
    /// Looks at each draft: one that makes no sense is refused here and does not hold back the others.
    pub(super) fn new(submission: Submission, ticket: T, now: Instant) -> Self {
        let Submission { drafts, age } = submission;
        let room = drafts.first().map(|draft| draft.room.clone());
        let mut entry = Self {
            ticket,
            arrived: now,
            age,
            verdicts: Vec::with_capacity(drafts.len()),
            waiting: VecDeque::with_capacity(drafts.len()),
            bytes: 0,
        };
        for (place, draft) in drafts.into_iter().enumerate() {
            let elsewhere = (Some(&draft.room) != room.as_ref())
                .then(|| Refusal::malformed("the drafts of a submission must be of one room"));
            let refused = elsewhere.or_else(|| refusal::of_draft(&draft));
            if refused.is_none() {
                entry.bytes += draft.weight();
                entry.waiting.push_back((place, draft));
            }
            entry.verdicts.push(refused.map(Err));
        }
        entry
    }

    pub(super) fn ticket(&self) -> &T {
        &self.ticket
    }

    pub(super) fn age(&self, now: Instant) -> Duration {
        self.age.saturating_add(now.saturating_duration_since(self.arrived))
    }

    /// How many drafts wait.
    pub(super) fn messages(&self) -> usize {
        self.waiting.len()
    }

    /// How many bytes the drafts take that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The room of what waits.
    pub(super) fn room(&self) -> Option<&RoomId> {
        self.next().map(|draft| &draft.room)
    }

    /// The draft that waits first.
    pub(super) fn next(&self) -> Option<&Draft> {
        self.waiting.front().map(|(_, draft)| draft)
    }

    /// Takes that draft, and its place.
    pub(super) fn pop(&mut self) -> Option<(usize, Draft)> {
        let (place, draft) = self.waiting.pop_front()?;
        self.bytes -= draft.weight();
        Some((place, draft))
    }

    pub(super) fn decide(&mut self, place: usize, verdict: Verdict) {
        self.verdicts[place] = Some(verdict);
    }

    /// True if nobody knows what became of a draft: no later one may be stored by this copy.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.verdicts
            .iter()
            .any(|verdict| matches!(verdict, Some(Err(refusal)) if refusal.code == Code::Unavailable))
    }

    /// Everything that waits is given up.
    pub(super) fn give_up(&mut self, why: &Refusal) {
        for (place, _) in self.waiting.drain(..) {
            self.verdicts[place] = Some(Err(why.clone()));
        }
        self.bytes = 0;
    }

    /// True if every draft has its verdict.
    pub(super) fn is_answered(&self) -> bool {
        self.verdicts.iter().all(Option::is_some)
    }

    pub(super) fn answered(self) -> Answered<T> {
        let verdict = |verdict: Option<Verdict>| verdict.unwrap_or_else(|| Err(refusal::unavailable()));
        Answered { ticket: self.ticket, verdicts: self.verdicts.into_iter().map(verdict).collect() }
    }
}

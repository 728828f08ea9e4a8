//! What is committed together, and how it is chosen.

use std::collections::HashSet;
use std::time::Duration;

use chat::{Draft, RequestId, RoomId, Seq, UserId, Verdict};
use tokio::time::Instant;

use super::Bounds;
use super::entry::Entry;
use crate::refusal;

/// Drafts that are committed together, and the submissions that they belong to.
#[derive(Debug)]
pub(crate) struct Batch<T> {
    drafts: Vec<Draft>,
    parts: Vec<Part<T>>,
}

/// A submission's share: as many drafts of the batch as it has places, one after the other.
#[derive(Debug)]
struct Part<T> {
    entry: Entry<T>,
    places: Vec<usize>,
}

impl<T> Batch<T> {
    pub(crate) fn drafts(&self) -> &[Draft] {
        &self.drafts
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// For each draft, how long ago a gateway accepted it.
    pub(crate) fn ages(&self, now: Instant) -> impl Iterator<Item = Duration> {
        self.parts.iter().flat_map(move |part| std::iter::repeat_n(part.entry.age(now), part.places.len()))
    }

    /// For each draft, what its submission is answered by.
    pub(crate) fn tickets(&self) -> impl Iterator<Item = &T> {
        self.parts.iter().flat_map(|part| std::iter::repeat_n(part.entry.ticket(), part.places.len()))
    }

    /// Hands each submission its verdicts. Where one is missing, nobody knows.
    pub(super) fn settle(self, verdicts: Vec<Verdict>) -> Vec<Entry<T>> {
        let unknown = std::iter::repeat_with(|| Err(refusal::unavailable()));
        let mut verdicts = verdicts.into_iter().chain(unknown);
        let settled = self.parts.into_iter().map(|Part { mut entry, places }| {
            for (place, verdict) in places.into_iter().zip(&mut verdicts) {
                entry.decide(place, verdict);
            }
            entry
        });
        settled.collect()
    }
}

/// A batch in the making.
#[derive(Debug)]
pub(super) struct Choice<T> {
    bounds: Bounds,
    batch: Batch<T>,
    bytes: usize,
    full: bool,
    /// Rooms of which something has to wait: nothing of them may be taken any more.
    closed: HashSet<RoomId>,
    ids: HashSet<(RoomId, UserId, RequestId)>,
    targets: HashSet<(RoomId, Seq)>,
}

impl<T> Choice<T> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            batch: Batch { drafts: Vec::new(), parts: Vec::new() },
            bytes: 0,
            full: false,
            closed: HashSet::new(),
            ids: HashSet::new(),
            targets: HashSet::new(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Takes what it can of a submission; gives it back if that is nothing.
    pub(super) fn offer(&mut self, mut entry: Entry<T>) -> Option<Entry<T>> {
        if entry.room().is_some_and(|room| self.closed.contains(room)) {
            return Some(entry);
        }
        let mut places = Vec::new();
        while let Some(draft) = entry.next() {
            if !self.takes(draft) {
                self.closed.insert(draft.room.clone());
                break;
            }
            let Some((place, draft)) = entry.pop() else { break };
            self.bytes += draft.weight();
            self.batch.drafts.push(draft);
            places.push(place);
        }
        if places.is_empty() {
            return Some(entry);
        }
        self.batch.parts.push(Part { entry, places });
        None
    }

    /// True if the draft may be in this batch; it is then counted as being in it.
    fn takes(&mut self, draft: &Draft) -> bool {
        let fits = self.batch.drafts.len() < self.bounds.batch_messages
            && (self.batch.is_empty() || self.bytes + draft.weight() <= self.bounds.batch_bytes);
        self.full |= !fits;
        fits && self.is_first_change(draft)
            && self.ids.insert((draft.room.clone(), draft.by.id.clone(), draft.id.clone()))
    }

    /// True if nothing else in this batch changes the same message.
    fn is_first_change(&mut self, draft: &Draft) -> bool {
        draft.change.target().is_none_or(|target| self.targets.insert((draft.room.clone(), target)))
    }

    pub(super) fn batch(self) -> Batch<T> {
        self.batch
    }
}

//! Gets a batch committed, whatever the store says to it.
//!
//! A value that cannot be kept is found by halving; a conflict is tried again, first as it was, then each
//! room for itself; a room that somebody keeps locked is left, and the others go on; and where an outcome is unknown nothing more is tried: what comes later of a sender must
//! not be stored before what came earlier.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use chat::{Draft, Refusal, RoomId};
use store::{Appended, Declined, Store, StoreError};
use tokio::time::{Instant, sleep};

use crate::metrics::{Metrics, Outcome};
use crate::refusal;

/// What became of a draft.
pub(crate) type Fate = Result<Appended, Refusal>;

/// How often the same drafts are tried together, conflict by conflict.
const TRIES: u32 = 3;
/// The pause after a conflict: this much for each one so far.
const PAUSE: Duration = Duration::from_millis(5);
/// After this nothing is tried again: who asked has given up soon.
const ENOUGH: Duration = Duration::from_secs(4);

/// The fates of a batch, and why the store is not available if that was found out.
#[derive(Debug)]
pub(crate) struct Committed {
    /// One a draft, in order.
    pub(crate) fates: Vec<Fate>,
    pub(crate) unavailable: Option<String>,
}

/// Commits a batch. Ends within [`ENOUGH`] and one call of the store.
///
/// Dropped, the batch may have been committed or not, or in part.
pub(crate) async fn append(store: &dyn Store, batch: &[Draft], metrics: &Metrics) -> Committed {
    let mut work = Work::new(batch);
    let started = Instant::now();
    while let Some(piece) = work.next() {
        if started.elapsed() > ENOUGH {
            work.give_up(&piece);
            continue;
        }
        let drafts = work.drafts(&piece);
        let asked = Instant::now();
        let result = store.append(&drafts).await.and_then(|fates| complete(fates, drafts.len()));
        metrics.commit(outcome(&result), drafts.len(), asked.elapsed());
        match result {
            Ok(fates) => work.decide(&piece, fates),
            Err(StoreError::Data(reason)) => work.halve(&piece, &reason),
            Err(StoreError::Conflict(reason)) => {
                sleep(PAUSE * piece.tried).await;
                work.try_again(piece, &reason);
            }
            Err(StoreError::Locked(reason)) => work.part_rooms(&piece, &reason),
            Err(StoreError::Unavailable(reason)) => {
                work.unavailable = Some(reason);
                work.give_up(&piece);
            }
        }
    }
    work.committed()
}

type Answers = Vec<Result<Appended, Declined>>;

/// A store that answers for more or fewer drafts than it was given has not said what became of any.
fn complete(answers: Answers, drafts: usize) -> Result<Answers, StoreError> {
    if answers.len() == drafts {
        Ok(answers)
    } else {
        Err(StoreError::Unavailable(format!("{} answers for {drafts} drafts", answers.len())))
    }
}

fn outcome(result: &Result<Answers, StoreError>) -> Outcome {
    match result {
        Ok(_) => Outcome::Committed,
        Err(StoreError::Data(_)) => Outcome::Data,
        Err(StoreError::Conflict(_) | StoreError::Locked(_)) => Outcome::Conflict,
        Err(StoreError::Unavailable(_)) => Outcome::Unavailable,
    }
}

/// A batch in pieces: what is still to be tried, and the fates so far.
struct Work<'a> {
    batch: &'a [Draft],
    pieces: VecDeque<Piece>,
    fates: Vec<Option<Fate>>,
    /// Rooms of which something was given up.
    in_doubt: HashSet<RoomId>,
    unavailable: Option<String>,
}

/// Drafts that are tried together, by their places in the batch, in order.
struct Piece {
    places: Vec<usize>,
    /// How often, this time included.
    tried: u32,
}

impl<'a> Work<'a> {
    fn new(batch: &'a [Draft]) -> Self {
        let all = Piece { places: (0..batch.len()).collect(), tried: 1 };
        Self {
            batch,
            pieces: VecDeque::from([all]),
            fates: batch.iter().map(|_| None).collect(),
            in_doubt: HashSet::new(),
            unavailable: None,
        }
    }

    /// The next piece to try, without what must not be tried any more.
    fn next(&mut self) -> Option<Piece> {
        while let Some(mut piece) = self.pieces.pop_front() {
            piece.places.retain(|&place| {
                let doubt = self.unavailable.is_some() || self.in_doubt.contains(&self.batch[place].room);
                if doubt {
                    self.fates[place] = Some(Err(refusal::unavailable()));
                }
                !doubt
            });
            if !piece.places.is_empty() {
                return Some(piece);
            }
        }
        None
    }

    fn drafts(&self, piece: &Piece) -> Cow<'a, [Draft]> {
        if piece.places.len() == self.batch.len() {
            return Cow::Borrowed(self.batch);
        }
        piece.places.iter().map(|&place| self.batch[place].clone()).collect()
    }

    fn decide(&mut self, piece: &Piece, answers: Answers) {
        for (&place, answer) in piece.places.iter().zip(answers) {
            self.fates[place] = Some(answer.map_err(refusal::declined));
        }
    }

    fn give_up(&mut self, piece: &Piece) {
        for &place in &piece.places {
            self.fates[place] = Some(Err(refusal::unavailable()));
            self.in_doubt.insert(self.batch[place].room.clone());
        }
    }

    fn halve(&mut self, piece: &Piece, reason: &str) {
        if let [place] = piece.places[..] {
            let Draft { room, by, .. } = &self.batch[place];
            tracing::warn!(%room, user = %by.id, reason, "a draft that the store cannot keep");
            self.fates[place] = Some(Err(refusal::unkeepable()));
            return;
        }
        let (first, second) = piece.places.split_at(piece.places.len() / 2);
        // The earlier half goes first: drafts of a room keep their order.
        for half in [second, first] {
            self.pieces.push_front(Piece { places: half.to_vec(), tried: 1 });
        }
    }

    fn try_again(&mut self, piece: Piece, reason: &str) {
        if piece.tried < TRIES {
            self.pieces.push_front(Piece { tried: piece.tried + 1, ..piece });
            return;
        }
        self.part_rooms(&piece, reason);
    }

    /// Tries each room of a piece by itself; a piece of one room has been tried often enough.
    fn part_rooms(&mut self, piece: &Piece, reason: &str) {
        let rooms = self.by_room(piece);
        if rooms.len() > 1 {
            // Before the pieces that hold what comes later in these rooms.
            rooms.into_iter().rev().for_each(|room| self.pieces.push_front(room));
        } else {
            tracing::warn!(reason, "drafts of a room cannot be stored, and others can");
            self.give_up(piece);
        }
    }

    /// One piece a room, in the order in which the rooms appear.
    fn by_room(&self, piece: &Piece) -> Vec<Piece> {
        let mut found = HashMap::new();
        let mut pieces: Vec<Piece> = Vec::new();
        for &place in &piece.places {
            let index = *found.entry(&self.batch[place].room).or_insert(pieces.len());
            match pieces.get_mut(index) {
                Some(piece) => piece.places.push(place),
                None => pieces.push(Piece { places: vec![place], tried: 1 }),
            }
        }
        pieces
    }

    fn committed(self) -> Committed {
        let known = |fate: Option<Fate>| fate.unwrap_or_else(|| Err(refusal::unavailable()));
        Committed { fates: self.fates.into_iter().map(known).collect(), unavailable: self.unavailable }
    }
}

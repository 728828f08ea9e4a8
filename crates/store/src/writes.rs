//! What a judged batch means for the tables, and for those who asked.

use std::collections::HashMap;

use chat::{Change, Draft, Epoch, Seq, Stored, Timestamp};

use crate::reads::epoch;
use crate::rules::Outcome;
use crate::{Appended, Declined};

/// What is to be written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Writes {
    /// New rows of the log: the position of the draft in the batch, and its place.
    pub(crate) events: Vec<(usize, i64, Seq)>,
    /// The new heads of rooms, by key.
    pub(crate) heads: HashMap<i64, Seq>,
    /// Messages that were edited: room, message, the edit.
    pub(crate) edits: Vec<(i64, Seq, Seq)>,
    /// Messages whose text is to go, and that of all their edits: room, message.
    pub(crate) scrubs: Vec<(i64, Seq)>,
}

impl Writes {
    pub(crate) fn of(batch: &[Draft], outcomes: &[Outcome]) -> Self {
        let mut writes = Self::default();
        for (position, (draft, outcome)) in batch.iter().zip(outcomes).enumerate() {
            let Outcome::New { key, seq } = *outcome else { continue };
            writes.events.push((position, key, seq));
            writes.heads.insert(key, seq);
            match draft.change {
                Change::Message { .. } => {}
                Change::Edit { target, .. } => writes.edits.push((key, target, seq)),
                Change::Delete { target } => writes.scrubs.push((key, target)),
            }
        }
        writes
    }
}

/// What became of each draft, for those who asked. `at` is the time of what is new.
pub(crate) fn answers(
    batch: &[Draft],
    outcomes: &[Outcome],
    database_epoch: &str,
    at: Timestamp,
) -> Result<Vec<Result<Appended, Declined>>, sqlx::Error> {
    let mut epochs = Epochs::new(database_epoch);
    let answer = |(draft, outcome): (&Draft, &Outcome)| {
        let target = draft.change.target();
        let (key, stored) = match *outcome {
            Outcome::New { key, seq } => (key, Stored { seq, at, target, repeat: false }),
            Outcome::Repeat { key, seq, at } => (key, Stored { seq, at, target, repeat: true }),
            Outcome::Declined(declined) => return Ok(Err(declined)),
        };
        Ok(Ok(Appended { stored, epoch: epochs.of(key)? }))
    };
    batch.iter().zip(outcomes).map(answer).collect()
}

/// The epochs of the rooms of a batch, each made once.
struct Epochs<'a> {
    database: &'a str,
    made: HashMap<i64, Epoch>,
}

impl<'a> Epochs<'a> {
    fn new(database: &'a str) -> Self {
        Self { database, made: HashMap::new() }
    }

    fn of(&mut self, key: i64) -> Result<Epoch, sqlx::Error> {
        if let Some(made) = self.made.get(&key) {
            return Ok(made.clone());
        }
        let made = epoch(self.database, key)?;
        self.made.insert(key, made.clone());
        Ok(made)
    }
}

//! Appending a batch of plain messages: one statement in one transaction.
//!
//! There are two such statements. One assumes that every draft is new; if one is not, the unique index fails the
//! whole and nothing has happened. The other looks each draft up first. Never `ON CONFLICT`, which would eat a
//! seq and leave a hole.
//!
//! The same request in flight through two writers can fail on the unique index even so: the statement's snapshot
//! is older than its wait for the room's lock. That is a conflict; the batch is run again by whoever gave it, and
//! finds what the other writer has written.

use std::collections::HashMap;

use chat::{Draft, RoomId, Seq};
use sqlx::error::DatabaseError;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Row as _};

use super::keys::Keys;
use super::repeats::Repeats;
use crate::record;
use crate::rules::Outcome;
use crate::time::At;
use crate::writes::answers;
use crate::{Appended, Declined};

pub(super) const NEW: &str = include_str!("messages_new.sql");
pub(super) const KNOWN: &str = include_str!("messages_known.sql");

/// What a store remembers between batches.
#[derive(Default)]
pub(super) struct Memory {
    keys: Keys,
    repeats: Repeats,
}

pub(super) async fn append(
    connection: &mut PgConnection,
    memory: &Memory,
    batch: &[Draft],
) -> Result<Vec<Result<Appended, Declined>>, sqlx::Error> {
    let mut outcomes = vec![Outcome::Declined(Declined::NoRoom); batch.len()];
    let (mut epoch, mut at) = (String::new(), At(chat::Timestamp::from_micros(0)));
    let mut positions: Vec<usize> = (0..batch.len()).collect();
    // A second time only for rooms whose remembered key was wrong: deleted since, and perhaps made again. In the
    // second run no key is remembered.
    while !positions.is_empty() {
        let sorted = Sorted::new(batch, positions);
        let remembered = memory.keys.of(&sorted.rooms);
        let placed = run(connection, &memory.repeats, &sorted, &remembered).await?;
        positions = Vec::new();
        for (number, group) in sorted.groups().enumerate() {
            let room = sorted.rooms[number];
            match (placed.heads.get(number).copied().flatten(), remembered[number]) {
                (Some(head), _) => {
                    memory.keys.remember(room, head.key);
                    place(group, &sorted, head, &placed.known, &mut outcomes);
                }
                (None, Some(_)) => {
                    memory.keys.forget(room);
                    positions.extend(&sorted.positions[group]);
                }
                (None, None) => {}
            }
        }
        (epoch, at) = (placed.epoch, placed.at);
    }
    answers(batch, &outcomes, &epoch, at.0)
}

/// The drafts in the order in which they are sent: by room, and in a room as they came.
pub(super) struct Sorted<'a> {
    batch: &'a [Draft],
    /// Positions in the batch.
    positions: Vec<usize>,
    /// Each room once, sorted by name.
    pub(super) rooms: Vec<&'a RoomId>,
    /// How many drafts each room has.
    drafts: Vec<i32>,
}

impl<'a> Sorted<'a> {
    pub(super) fn new(batch: &'a [Draft], mut positions: Vec<usize>) -> Self {
        positions.sort_by_key(|&position| &batch[position].room);
        let mut rooms: Vec<&RoomId> = Vec::new();
        let mut drafts = Vec::new();
        for &position in &positions {
            let room = &batch[position].room;
            match (rooms.last(), drafts.last_mut()) {
                (Some(last), Some(drafts)) if *last == room => *drafts += 1,
                _ => {
                    rooms.push(room);
                    drafts.push(1);
                }
            }
        }
        Self { batch, positions, rooms, drafts }
    }

    /// Of each room, where its drafts are in `positions`.
    fn groups(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let mut end = 0;
        self.drafts.iter().map(move |&drafts| {
            let start = end;
            end += usize::try_from(drafts).unwrap_or_default();
            start..end
        })
    }

    fn each<T>(&self, of: impl Fn(&'a Draft) -> T) -> Vec<T> {
        self.positions.iter().map(|&position| of(&self.batch[position])).collect()
    }

    /// Of each draft, its room and which of the room's drafts it is, both counted from 1.
    fn numbers(&self) -> (Vec<i32>, Vec<i32>) {
        let of_room = |(room, &drafts): (i32, &i32)| (1..=drafts).map(move |nth| (room, nth));
        (1..).zip(&self.drafts).flat_map(of_room).unzip()
    }
}

/// What the statement did.
struct Placed {
    epoch: String,
    at: At,
    /// Of each room; `None` where there is none.
    heads: Vec<Option<Head>>,
    /// By the place in the sorted order: seq (negative if another request has the id) and time.
    known: HashMap<usize, (i64, At)>,
}

#[derive(Clone, Copy)]
struct Head {
    key: i64,
    base: Seq,
}

/// Runs the statement that is likely to do, and the other one if it does not.
async fn run(
    connection: &mut PgConnection,
    repeats: &Repeats,
    sorted: &Sorted<'_>,
    remembered: &[Option<i64>],
) -> Result<Placed, sqlx::Error> {
    if !repeats.expected() {
        match execute(connection, NEW, sorted, remembered).await {
            Err(error) if is_unique_violation(&error) => repeats.met(),
            done => return done,
        }
    }
    let placed = execute(connection, KNOWN, sorted, remembered).await?;
    if !placed.known.is_empty() {
        repeats.met();
    }
    Ok(placed)
}

fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(DatabaseError::is_unique_violation)
}

async fn execute(
    connection: &mut PgConnection,
    statement: &'static str,
    sorted: &Sorted<'_>,
    remembered: &[Option<i64>],
) -> Result<Placed, sqlx::Error> {
    let row = with_parameters(statement, sorted, remembered).fetch_one(connection).await?;
    let (keys, bases): (Vec<i64>, Vec<i64>) = (row.try_get("keys")?, row.try_get("bases")?);
    let head = |(key, base)| (base >= 0).then(|| Head { key, base: Seq::from_i64(base) });
    let known: Vec<i64> = row.try_get("known")?;
    let seqs: Vec<i64> = row.try_get("known_seq")?;
    let times: Vec<At> = row.try_get("known_at")?;
    Ok(Placed {
        epoch: row.try_get("epoch")?,
        at: row.try_get("at")?,
        heads: keys.into_iter().zip(bases).map(head).collect(),
        known: known.into_iter().map(from_one).zip(seqs.into_iter().zip(times)).collect(),
    })
}

pub(super) fn with_parameters<'q>(
    statement: &'q str,
    sorted: &Sorted<'q>,
    remembered: &'q [Option<i64>],
) -> Query<'q, Postgres, PgArguments> {
    let names: Vec<&str> = sorted.rooms.iter().map(|room| room.as_str()).collect();
    let (room, nth) = sorted.numbers();
    sqlx::query(statement)
        .bind(remembered)
        .bind(names)
        .bind(sorted.drafts.clone())
        .bind(room)
        .bind(nth)
        .bind(sorted.each(|draft| draft.by.id.as_str()))
        .bind(sorted.each(|draft| &*draft.by.name))
        .bind(sorted.each(|draft| draft.id.as_str()))
        .bind(sorted.each(|draft| record::body(&draft.change)))
        .bind(sorted.each(|draft| record::reply_to(&draft.change).map(Seq::as_i64)))
}

/// The database counts from 1.
fn from_one(number: i64) -> usize {
    usize::try_from(number - 1).unwrap_or(usize::MAX)
}

/// Says of each draft of a room what became of it.
fn place(
    group: std::ops::Range<usize>,
    sorted: &Sorted<'_>,
    head: Head,
    known: &HashMap<usize, (i64, At)>,
    outcomes: &mut [Outcome],
) {
    let mut seq = head.base;
    for number in group {
        outcomes[sorted.positions[number]] = match known.get(&number) {
            None => {
                seq = seq.next();
                Outcome::New { key: head.key, seq }
            }
            Some((known, at)) if *known > 0 => {
                Outcome::Repeat { key: head.key, seq: Seq::from_i64(*known), at: at.0 }
            }
            Some(_) => Outcome::Declined(Declined::IdTaken),
        };
    }
}

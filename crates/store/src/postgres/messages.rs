//! Appending a batch of plain messages: one statement in one transaction.
//!
//! The same request in flight through two writers fails on the unique index (the statement's snapshot is older
//! than its wait for the room's lock), never with `ON CONFLICT`, which would eat a seq: the batch is run again
//! and then finds what the other one has written.

use std::collections::HashMap;

use chat::{Draft, RoomId, Seq};
use sqlx::{PgConnection, Row as _};

use super::keys::Keys;
use crate::record;
use crate::rules::Outcome;
use crate::time::At;
use crate::writes::answers;
use crate::{Appended, Declined};

pub(super) const STATEMENT: &str = include_str!("messages.sql");

pub(super) async fn append(
    connection: &mut PgConnection,
    keys: &Keys,
    batch: &[Draft],
) -> Result<Vec<Result<Appended, Declined>>, sqlx::Error> {
    let mut outcomes = vec![Outcome::Declined(Declined::NoRoom); batch.len()];
    let mut moment = Moment::default();
    let mut positions: Vec<usize> = (0..batch.len()).collect();
    // A second time only for rooms whose remembered key was wrong: deleted since, and perhaps made again. In the
    // second run no key is remembered.
    while !positions.is_empty() {
        let sorted = Sorted::new(batch, positions);
        let remembered = keys.of(&sorted.rooms);
        let placed = run(connection, &sorted, &remembered).await?;
        moment = placed.moment.unwrap_or(moment);
        positions = Vec::new();
        for (number, group) in sorted.groups().enumerate() {
            let room = sorted.rooms[number];
            match (placed.heads.get(&number), remembered[number]) {
                (Some(head), _) => {
                    keys.remember(room, head.key);
                    place(group, &sorted, *head, &placed.known, &mut outcomes);
                }
                (None, Some(_)) => {
                    keys.forget(room);
                    positions.extend(&sorted.positions[group]);
                }
                (None, None) => {}
            }
        }
    }
    answers(batch, &outcomes, &moment.epoch, moment.at.0)
}

/// The drafts in the order in which they are sent: by room, and in a room as they came.
struct Sorted<'a> {
    batch: &'a [Draft],
    /// Positions in the batch.
    positions: Vec<usize>,
    /// Each room once, sorted by name.
    rooms: Vec<&'a RoomId>,
    /// How many drafts each room has.
    drafts: Vec<i32>,
}

impl<'a> Sorted<'a> {
    fn new(batch: &'a [Draft], mut positions: Vec<usize>) -> Self {
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
#[derive(Default)]
struct Placed {
    moment: Option<Moment>,
    /// By the number of the room, from 0.
    heads: HashMap<usize, Head>,
    /// By the place in the sorted order, from 0: seq (negative if another request has the id) and time.
    known: HashMap<usize, (i64, At)>,
}

#[derive(Clone, Copy)]
struct Head {
    key: i64,
    base: Seq,
}

struct Moment {
    epoch: String,
    at: At,
}

impl Default for Moment {
    fn default() -> Self {
        Self { epoch: String::new(), at: At(chat::Timestamp::from_micros(0)) }
    }
}

async fn run(
    connection: &mut PgConnection,
    sorted: &Sorted<'_>,
    remembered: &[Option<i64>],
) -> Result<Placed, sqlx::Error> {
    let names: Vec<&str> = sorted.rooms.iter().map(|room| room.as_str()).collect();
    let (room, nth) = sorted.numbers();
    let rows = sqlx::query(STATEMENT)
        .bind(remembered)
        .bind(names)
        .bind(&sorted.drafts)
        .bind(room)
        .bind(nth)
        .bind(sorted.each(|draft| draft.by.id.as_str()))
        .bind(sorted.each(|draft| &*draft.by.name))
        .bind(sorted.each(|draft| draft.id.as_str()))
        .bind(sorted.each(|draft| record::body(&draft.change)))
        .bind(sorted.each(|draft| record::reply_to(&draft.change).map(Seq::as_i64)))
        .fetch_all(connection)
        .await?;
    let mut placed = Placed::default();
    for row in rows {
        let (seq, at): (i64, At) = (row.try_get("seq")?, row.try_get("at")?);
        match row.try_get::<Option<i64>, _>("draft")? {
            Some(draft) => {
                placed.known.insert(from_one(draft), (seq, at));
            }
            None => {
                let head = Head { key: row.try_get("key")?, base: Seq::from_i64(seq) };
                placed.heads.insert(from_one(row.try_get("room")?), head);
                if placed.moment.is_none() {
                    placed.moment = Some(Moment { epoch: row.try_get("epoch")?, at });
                }
            }
        }
    }
    Ok(placed)
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

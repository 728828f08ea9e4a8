//! Appending: look, judge, write, in one transaction that holds SQLite's write lock from its beginning.
//!
//! Lists go in as JSON, one parameter however long they are: a statement a row would be nine times slower, and
//! a statement of as many placeholders as the batch has values would be prepared anew for each length.

use std::collections::HashSet;

use chat::{Draft, RoomId, Seq, Timestamp};
use serde::Serialize;
use sqlx::{Connection as _, FromRow as _, Row as _, SqliteConnection};

use crate::record::{self, Kind, KnownRow, unreadable};
use crate::rules::{Facts, Room, Target, judge};
use crate::writes::{Writes, answers};
use crate::{Appended, Declined, transaction};

const ROOMS: &str = "
SELECT r.name, r.key, r.last_seq, h.epoch
FROM json_each($1) j CROSS JOIN rooms r ON r.name = j.value CROSS JOIN history h";

// CROSS JOIN keeps SQLite from turning the join round: the list is always the outer side.
const KNOWN: &str = "
SELECT j.value ->> 0 AS position, e.seq, e.at, e.kind, e.target, e.reply_to, e.body
FROM json_each($1) j CROSS JOIN events e
ON e.room = j.value ->> 1 AND e.author = j.value ->> 2 AND e.request = j.value ->> 3";

const TARGETS: &str = "
SELECT j.value ->> 0 AS position, e.kind, e.author, e.body IS NOT NULL AS has_body
FROM json_each($1) j CROSS JOIN events e ON e.room = j.value ->> 1 AND e.seq = j.value ->> 2";

const INSERT: &str = "
INSERT INTO events (at, room, seq, kind, target, reply_to, author, author_name, request, body)
SELECT $2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
    value ->> 8
FROM json_each($1)";

const ADVANCE: &str = "
UPDATE rooms SET last_seq = j.value ->> 1 FROM json_each($1) j WHERE rooms.key = j.value ->> 0";

const EDIT: &str = "
UPDATE events SET edit_seq = j.value ->> 2 FROM json_each($1) j
WHERE events.room = j.value ->> 0 AND events.seq = j.value ->> 1";

const SCRUB_MESSAGES: &str = "
UPDATE events SET body = NULL FROM json_each($1) j
WHERE events.room = j.value ->> 0 AND events.seq = j.value ->> 1";

const SCRUB_EDITS: &str = "
UPDATE events SET body = NULL FROM json_each($1) j
WHERE events.room = j.value ->> 0 AND events.target = j.value ->> 1 AND events.kind = 2";

pub(super) async fn append(
    connection: &mut SqliteConnection,
    batch: &[Draft],
    now: Timestamp,
) -> Result<Vec<Result<Appended, Declined>>, sqlx::Error> {
    refuse_nul(batch)?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let result = look_judge_write(&mut transaction, batch, now).await;
    transaction::end(transaction, result).await
}

async fn look_judge_write(
    connection: &mut SqliteConnection,
    batch: &[Draft],
    now: Timestamp,
) -> Result<Vec<Result<Appended, Declined>>, sqlx::Error> {
    let (facts, epoch) = look(connection, batch).await?;
    let outcomes = judge(batch, &facts);
    write(connection, batch, &Writes::of(batch, &outcomes), now).await?;
    answers(batch, &outcomes, &epoch, now)
}

async fn look(connection: &mut SqliteConnection, batch: &[Draft]) -> Result<(Facts, String), sqlx::Error> {
    let mut facts = Facts::default();
    let mut epoch = String::new();
    let names: HashSet<&str> = batch.iter().map(|draft| draft.room.as_str()).collect();
    for row in sqlx::query(ROOMS).bind(json(&names)?).fetch_all(&mut *connection).await? {
        let room = RoomId::parse(row.try_get("name")?).map_err(unreadable)?;
        let last_seq = Seq::from_i64(row.try_get("last_seq")?);
        facts.rooms.insert(room, Room { key: row.try_get("key")?, last_seq });
        epoch = row.try_get("epoch")?;
    }
    let requests: Vec<_> = placed(batch, &facts)
        .map(|(position, key, draft)| (position, key, draft.by.id.as_str(), draft.id.as_str()))
        .collect();
    for row in sqlx::query(KNOWN).bind(json(&requests)?).fetch_all(&mut *connection).await? {
        facts.known.insert(position(&row)?, KnownRow::from_row(&row)?.into());
    }
    let targets: Vec<_> = placed(batch, &facts)
        .filter_map(|(position, key, draft)| Some((position, key, draft.change.target()?.as_i64())))
        .collect();
    if !targets.is_empty() {
        for row in sqlx::query(TARGETS).bind(json(&targets)?).fetch_all(&mut *connection).await? {
            let target = Target {
                kind: row.try_get("kind")?,
                author: row.try_get("author")?,
                has_body: row.try_get("has_body")?,
            };
            facts.targets.insert(position(&row)?, target);
        }
    }
    Ok((facts, epoch))
}

/// The drafts whose room is there, with its key.
fn placed<'a>(batch: &'a [Draft], facts: &'a Facts) -> impl Iterator<Item = (usize, i64, &'a Draft)> {
    let place = |(position, draft): (usize, &'a Draft)| {
        facts.rooms.get(&draft.room).map(|room| (position, room.key, draft))
    };
    batch.iter().enumerate().filter_map(place)
}

async fn write(
    connection: &mut SqliteConnection,
    batch: &[Draft],
    writes: &Writes,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> =
        writes.events.iter().map(|&(position, key, seq)| row(&batch[position], key, seq)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(INSERT).bind(json(&rows)?).bind(now.as_micros()).execute(&mut *connection).await?;
    let heads: Vec<_> = writes.heads.iter().map(|(key, seq)| (key, seq.as_i64())).collect();
    sqlx::query(ADVANCE).bind(json(&heads)?).execute(&mut *connection).await?;
    if !writes.edits.is_empty() {
        let as_numbers = |&(key, target, edit): &(i64, Seq, Seq)| (key, target.as_i64(), edit.as_i64());
        let edits: Vec<_> = writes.edits.iter().map(as_numbers).collect();
        sqlx::query(EDIT).bind(json(&edits)?).execute(&mut *connection).await?;
    }
    if !writes.scrubs.is_empty() {
        let scrubs: Vec<_> = writes.scrubs.iter().map(|&(key, target)| (key, target.as_i64())).collect();
        let scrubs = json(&scrubs)?;
        sqlx::query(SCRUB_MESSAGES).bind(&scrubs).execute(&mut *connection).await?;
        sqlx::query(SCRUB_EDITS).bind(&scrubs).execute(&mut *connection).await?;
    }
    Ok(())
}

/// A row of the log, in the order in which [`INSERT`] reads it.
fn row(draft: &Draft, key: i64, seq: Seq) -> impl Serialize + use<'_> {
    (
        key,
        seq.as_i64(),
        Kind::of(&draft.change).number(),
        draft.change.target().map(Seq::as_i64),
        record::reply_to(&draft.change).map(Seq::as_i64),
        draft.by.id.as_str(),
        &*draft.by.name,
        draft.id.as_str(),
        record::body(&draft.change),
    )
}

fn position(row: &sqlx::sqlite::SqliteRow) -> Result<usize, sqlx::Error> {
    let position: i64 = row.try_get("position")?;
    usize::try_from(position).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

fn json(list: &impl Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(list).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// SQLite would cut a text at a NUL here and keep it there. Postgres refuses it, so both do.
fn refuse_nul(batch: &[Draft]) -> Result<(), sqlx::Error> {
    let texts = |draft: &Draft| {
        [
            draft.by.id.as_str(),
            &draft.by.name,
            draft.id.as_str(),
            record::body(&draft.change).unwrap_or_default(),
        ]
        .into_iter()
        .any(|text| text.contains('\0'))
    };
    match batch.iter().position(texts) {
        Some(position) => Err(sqlx::Error::Encode(format!("draft {position} holds U+0000").into())),
        None => Ok(()),
    }
}

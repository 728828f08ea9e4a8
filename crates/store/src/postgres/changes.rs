//! Appending a batch that holds changes of messages: one transaction that first locks its rooms, then looks
//! (a new statement, so a new snapshot, in which everything that the locks waited for is seen), judges, and
//! writes.

use chat::{Draft, RoomId, Seq};
use sqlx::{Connection as _, FromRow as _, PgConnection, Row as _};

use crate::record::{self, Kind, KnownRow, unreadable};
use crate::rules::{Facts, Room, Target, judge};
use crate::time::At;
use crate::writes::{Writes, answers};
use crate::{Appended, Declined, transaction};

/// In the order of their names, as every append does: two that share rooms never wait for each other in a ring.
const LOCK: &str = "
SELECT name, key, last_seq FROM rooms WHERE name = ANY($1) ORDER BY name FOR NO KEY UPDATE";

/// `LIMIT 1` keeps each look-up a look-up: without it the planner may join all of the log.
const LOOK: &str = "
SELECT d.position, known.seq, known.at, known.kind, known.target, known.reply_to, known.body,
    target.kind AS target_kind, target.author AS target_author, target.has_body AS target_has_body
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
    AS d (position, room, author, request, target)
LEFT JOIN LATERAL (
    SELECT seq, at, kind, target, reply_to, body FROM events e
    WHERE e.room = d.room AND e.author = d.author AND e.request = d.request LIMIT 1
) known ON true
LEFT JOIN LATERAL (
    SELECT kind, author, body IS NOT NULL AS has_body FROM events e
    WHERE e.room = d.room AND e.seq = d.target LIMIT 1
) target ON true
WHERE known.seq IS NOT NULL OR target.kind IS NOT NULL";

const WRITE: &str = include_str!("changes.sql");

pub(super) async fn append(
    connection: &mut PgConnection,
    batch: &[Draft],
) -> Result<Vec<Result<Appended, Declined>>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let result = lock_look_judge_write(&mut transaction, batch).await;
    transaction::end(transaction, result).await
}

async fn lock_look_judge_write(
    connection: &mut PgConnection,
    batch: &[Draft],
) -> Result<Vec<Result<Appended, Declined>>, sqlx::Error> {
    let mut facts = Facts::default();
    lock(connection, batch, &mut facts).await?;
    look(connection, batch, &mut facts).await?;
    let outcomes = judge(batch, &facts);
    let (epoch, at) = write(connection, batch, &Writes::of(batch, &outcomes)).await?;
    answers(batch, &outcomes, &epoch, at.0)
}

async fn lock(connection: &mut PgConnection, batch: &[Draft], facts: &mut Facts) -> Result<(), sqlx::Error> {
    let mut names: Vec<&str> = batch.iter().map(|draft| draft.room.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for row in sqlx::query(LOCK).bind(names).fetch_all(connection).await? {
        let room = RoomId::parse(row.try_get("name")?).map_err(unreadable)?;
        let last_seq = Seq::from_i64(row.try_get("last_seq")?);
        facts.rooms.insert(room, Room { key: row.try_get("key")?, last_seq });
    }
    Ok(())
}

async fn look(connection: &mut PgConnection, batch: &[Draft], facts: &mut Facts) -> Result<(), sqlx::Error> {
    let mut placed: Vec<(i64, i64, &Draft)> = Vec::with_capacity(batch.len());
    for (position, draft) in (0..).zip(batch) {
        if let Some(room) = facts.rooms.get(&draft.room) {
            placed.push((position, room.key, draft));
        }
    }
    let rows = sqlx::query(LOOK)
        .bind(placed.iter().map(|(position, _, _)| *position).collect::<Vec<_>>())
        .bind(placed.iter().map(|(_, key, _)| *key).collect::<Vec<_>>())
        .bind(placed.iter().map(|(_, _, draft)| draft.by.id.as_str()).collect::<Vec<_>>())
        .bind(placed.iter().map(|(_, _, draft)| draft.id.as_str()).collect::<Vec<_>>())
        .bind(placed.iter().map(|(_, _, draft)| draft.change.target().map(Seq::as_i64)).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    for row in rows {
        let position: i64 = row.try_get("position")?;
        let position = usize::try_from(position).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        if row.try_get::<Option<i64>, _>("seq")?.is_some() {
            facts.known.insert(position, KnownRow::from_row(&row)?.into());
        }
        if let Some(kind) = row.try_get("target_kind")? {
            let author = row.try_get("target_author")?;
            facts
                .targets
                .insert(position, Target { kind, author, has_body: row.try_get("target_has_body")? });
        }
    }
    Ok(())
}

/// Writes it all and tells the database epoch and the time of what is new.
async fn write(
    connection: &mut PgConnection,
    batch: &[Draft],
    writes: &Writes,
) -> Result<(String, At), sqlx::Error> {
    let events = &writes.events;
    let drafts: Vec<&Draft> = events.iter().map(|(position, _, _)| &batch[*position]).collect();
    let row = sqlx::query(WRITE)
        .bind(writes.heads.keys().copied().collect::<Vec<_>>())
        .bind(writes.heads.values().map(|seq| seq.as_i64()).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, key, _)| *key).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, _, seq)| seq.as_i64()).collect::<Vec<_>>())
        .bind(drafts.iter().map(|draft| Kind::of(&draft.change).number()).collect::<Vec<_>>())
        .bind(drafts.iter().map(|draft| draft.change.target().map(Seq::as_i64)).collect::<Vec<_>>())
        .bind(drafts.iter().map(|draft| record::reply_to(&draft.change).map(Seq::as_i64)).collect::<Vec<_>>())
        .bind(drafts.iter().map(|draft| draft.by.id.as_str()).collect::<Vec<_>>())
        .bind(drafts.iter().map(|draft| &*draft.by.name).collect::<Vec<_>>())
        .bind(drafts.iter().map(|draft| draft.id.as_str()).collect::<Vec<_>>())
        .bind(drafts.iter().map(|draft| record::body(&draft.change)).collect::<Vec<_>>())
        .bind(writes.edits.iter().map(|(key, _, _)| *key).collect::<Vec<_>>())
        .bind(writes.edits.iter().map(|(_, target, _)| target.as_i64()).collect::<Vec<_>>())
        .bind(writes.edits.iter().map(|(_, _, edit)| edit.as_i64()).collect::<Vec<_>>())
        .bind(writes.scrubs.iter().map(|(key, _)| *key).collect::<Vec<_>>())
        .bind(writes.scrubs.iter().map(|(_, target)| target.as_i64()).collect::<Vec<_>>())
        .fetch_one(connection)
        .await?;
    Ok((row.try_get("epoch")?, row.try_get("at")?))
}

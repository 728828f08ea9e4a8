//! Heads of rooms: of those that are asked for, and of all that have changed since a cursor.
//!
//! The scan is exact and needs no clock. A snapshot says which transactions had ended; whatever of them was not
//! looked at before is read by its number in `events.tx`, in slices, so that a long way back is many short
//! statements and not one that runs into its limit.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chat::{RoomHead, RoomId};
use sqlx::PgConnection;
use tokio::time::Instant;
use tracing::warn;

use crate::Cursor;
use crate::reads::HeadRow;

const OF: &str = "
SELECT r.name, r.key, r.last_seq, h.epoch FROM rooms r CROSS JOIN history h WHERE r.name = ANY($1)";

const SNAPSHOT: &str = "
SELECT generation::bigint,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xmax,
    ARRAY(SELECT pg_snapshot_xip(pg_current_snapshot())::text::bigint) AS open
FROM history";

/// How many rows there are in a span, up to a limit, and which transaction wrote the last of them.
const SLICE: &str = "
SELECT count(*), max(tx)
FROM (SELECT tx FROM events WHERE tx >= $1 AND tx < $2 ORDER BY tx LIMIT $3) slice";

const CHANGED: &str = "
SELECT r.name, r.key, r.last_seq, h.epoch
FROM (SELECT DISTINCT room FROM events WHERE tx >= $1 AND tx < $2) e
JOIN rooms r ON r.key = e.room CROSS JOIN history h";

const CHANGED_BY: &str = "
SELECT r.name, r.key, r.last_seq, h.epoch
FROM (SELECT DISTINCT room FROM events WHERE tx = ANY($1)) e
JOIN rooms r ON r.key = e.room CROSS JOIN history h";

const UNTOLD: &str = "
SELECT r.name, r.key, r.last_seq, h.epoch
FROM rooms r CROSS JOIN history h WHERE r.key > $1 ORDER BY r.key LIMIT $2";

/// Ten of them a minute apart: whoever takes the scans over starts where they stood ten minutes ago, in the time
/// of those who scanned.
const MARK: &str = "
WITH old AS (DELETE FROM marks WHERE tx < (SELECT tx FROM marks ORDER BY tx DESC OFFSET 9 LIMIT 1))
INSERT INTO marks (tx) VALUES ($1) ON CONFLICT DO NOTHING";

const MARK_EVERY: Duration = Duration::from_secs(60);
/// How many rows are read at once: far less than a statement's time limit is good for.
const SLICE_ROWS: i64 = 100_000;
/// How long one call goes on with further slices. What is left is for the next call.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many rooms are told a call after the database has become another history.
const UNTOLD_ROOMS: i64 = 10_000;
/// The generation stands above this many bits of the transaction's number.
const GENERATION_SHIFT: u32 = 44;

/// When this store last noted where its scans stand.
#[derive(Default)]
pub(super) struct Marks(Mutex<Option<Instant>>);

impl Marks {
    fn due(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| last.elapsed() >= MARK_EVERY);
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}

pub(super) async fn of(
    connection: &mut PgConnection,
    rooms: &[RoomId],
) -> Result<Vec<RoomHead>, sqlx::Error> {
    let names: Vec<&str> = rooms.iter().map(RoomId::as_str).collect();
    heads(sqlx::query_as(OF).bind(names).fetch_all(connection).await?)
}

pub(super) async fn since(
    connection: &mut PgConnection,
    marks: &Marks,
    since: Option<Cursor>,
) -> Result<(Vec<RoomHead>, Cursor), sqlx::Error> {
    let snapshot = Snapshot::take(connection).await?;
    let since = match since {
        Some(since) => since,
        None => Cursor { next: last_mark(connection).await?, ..Cursor::default() },
    };
    let mut cursor = snapshot.resume(&since);
    if cursor.untold_after.is_none() && marks.due() {
        mark(connection, cursor.lowest()).await;
    }
    let mut found = Vec::new();
    if let Some(after) = cursor.untold_after {
        let rows: Vec<HeadRow> =
            sqlx::query_as(UNTOLD).bind(after).bind(UNTOLD_ROOMS).fetch_all(&mut *connection).await?;
        cursor.untold_after = rows.last().map(|last| last.key);
        found.extend(rows);
    }
    if !cursor.open.is_empty() {
        let open: Vec<i64> = cursor.open.iter().map(|tx| tx.cast_signed()).collect();
        found.extend(sqlx::query_as(CHANGED_BY).bind(open).fetch_all(&mut *connection).await?);
    }
    let next = slices(connection, cursor.next, snapshot.end, &mut found).await?;
    Ok((heads(found)?, snapshot.cursor(next, cursor.untold_after)))
}

/// Reads what changed from `from` until `end`, or until patience ends; tells how far it came.
async fn slices(
    connection: &mut PgConnection,
    mut from: u64,
    end: u64,
    found: &mut Vec<HeadRow>,
) -> Result<u64, sqlx::Error> {
    let start = Instant::now();
    while from < end && start.elapsed() < PATIENCE {
        let until = slice_end(connection, from, end).await?;
        let query = sqlx::query_as(CHANGED).bind(from.cast_signed()).bind(until.cast_signed());
        found.extend(query.fetch_all(&mut *connection).await?);
        from = until;
    }
    Ok(from)
}

/// Where a slice that begins at `from` ends. The last transaction in it may not be in it as a whole: it begins
/// the next one, unless it is all there is in this one.
async fn slice_end(connection: &mut PgConnection, from: u64, end: u64) -> Result<u64, sqlx::Error> {
    let (rows, last): (i64, Option<i64>) = sqlx::query_as(SLICE)
        .bind(from.cast_signed())
        .bind(end.cast_signed())
        .bind(SLICE_ROWS)
        .fetch_one(connection)
        .await?;
    match last {
        Some(last) if rows >= SLICE_ROWS => Ok(last.cast_unsigned().max(from + 1)),
        _ => Ok(end),
    }
}

async fn last_mark(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let mark: Option<i64> = sqlx::query_scalar("SELECT min(tx) FROM marks").fetch_one(connection).await?;
    Ok(mark.map_or(0, i64::cast_unsigned))
}

/// A mark that is missing costs whoever takes over some reading. A store that cannot be written to still tells
/// its heads.
async fn mark(connection: &mut PgConnection, tx: u64) {
    if let Err(error) = sqlx::query(MARK).bind(tx.cast_signed()).execute(connection).await {
        warn!(%error, "cannot note where the scan of heads stands");
    }
}

fn heads(rows: Vec<HeadRow>) -> Result<Vec<RoomHead>, sqlx::Error> {
    rows.into_iter().map(HeadRow::into_head).collect()
}

/// Which transactions had ended at a moment, numbered as in `events.tx`.
struct Snapshot {
    /// The first number of this history.
    start: u64,
    /// The first number that had not been given out.
    end: u64,
    /// Below `end`, those that were under way.
    open: Vec<u64>,
}

impl Snapshot {
    async fn take(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let (generation, end, open): (i64, i64, Vec<i64>) =
            sqlx::query_as(SNAPSHOT).fetch_one(connection).await?;
        let start = generation.cast_unsigned() << GENERATION_SHIFT;
        let number = |xid: i64| start | xid.cast_unsigned();
        Ok(Self { start, end: number(end), open: open.into_iter().map(number).collect() })
    }

    /// Where to go on from a cursor. One from an earlier history starts this one from its beginning, and with
    /// all rooms: each has another epoch now, those in which nothing happens too.
    fn resume(&self, since: &Cursor) -> Cursor {
        if since.next >= self.start {
            return since.clone();
        }
        Cursor { next: self.start, untold_after: Some(0), ..Cursor::default() }
    }

    /// The cursor after everything below `next` that had ended was looked at.
    fn cursor(&self, next: u64, untold_after: Option<i64>) -> Cursor {
        let open = self.open.iter().copied().filter(|tx| *tx < next).collect();
        Cursor { next, open, untold_after }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 3 << GENERATION_SHIFT;

    fn snapshot(end: u64, open: &[u64]) -> Snapshot {
        Snapshot { start: START, end: START + end, open: open.iter().map(|tx| START + tx).collect() }
    }

    #[test]
    fn a_cursor_remembers_what_was_open_below_it() {
        let cursor = snapshot(20, &[12, 15]).cursor(START + 14, None);
        assert_eq!(cursor.next, START + 14);
        assert_eq!(*cursor.open, [START + 12]);
        assert_eq!(cursor.lowest(), START + 12);
    }

    #[test]
    fn a_cursor_of_an_earlier_history_starts_anew_with_all_rooms() {
        let earlier = Cursor { next: START - 5, open: [START - 9].into(), untold_after: None };
        let resumed = snapshot(20, &[]).resume(&earlier);
        assert_eq!(resumed, Cursor { next: START, open: [].into(), untold_after: Some(0) });
        assert_eq!(snapshot(20, &[]).resume(&resumed), resumed);
    }
}

//! Heads of rooms. There is one writer, so rows come to be seen in the order of their `place`: the cursor is
//! the place up to which everything has been looked at.

use chat::{RoomHead, RoomId};
use sqlx::SqliteConnection;

use crate::Cursor;
use crate::reads::HeadRow;

const OF: &str = "
SELECT r.name, r.key, r.last_seq, h.epoch
FROM json_each($1) j CROSS JOIN rooms r ON r.name = j.value CROSS JOIN history h";

const LAST_PLACE: &str = "SELECT coalesce(max(place), 0) FROM events";

const SINCE: &str = "
SELECT r.name, r.key, r.last_seq, h.epoch
FROM (SELECT DISTINCT room FROM events WHERE place >= $1) e CROSS JOIN rooms r ON r.key = e.room CROSS JOIN history h";

/// How many events back a scan without a cursor starts. The only gateway is in this process and starts with it:
/// nothing was told before.
const A_LITTLE_PAST: u64 = 10_000;

pub(super) async fn of(
    connection: &mut SqliteConnection,
    rooms: &[RoomId],
) -> Result<Vec<RoomHead>, sqlx::Error> {
    let names: Vec<&str> = rooms.iter().map(RoomId::as_str).collect();
    let names = serde_json::to_string(&names).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let rows: Vec<HeadRow> = sqlx::query_as(OF).bind(names).fetch_all(connection).await?;
    rows.into_iter().map(HeadRow::into_head).collect()
}

pub(super) async fn since(
    connection: &mut SqliteConnection,
    since: Option<Cursor>,
) -> Result<(Vec<RoomHead>, Cursor), sqlx::Error> {
    // First the end, then the scan: what is committed between the two is told now and once more.
    let last: i64 = sqlx::query_scalar(LAST_PLACE).fetch_one(&mut *connection).await?;
    let next = last.unsigned_abs() + 1;
    let from = since.map_or(next.saturating_sub(A_LITTLE_PAST), |cursor| cursor.next);
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let rows: Vec<HeadRow> = sqlx::query_as(SINCE).bind(from).fetch_all(connection).await?;
    let heads = rows.into_iter().map(HeadRow::into_head).collect::<Result<_, _>>()?;
    Ok((heads, Cursor { next, ..Cursor::default() }))
}

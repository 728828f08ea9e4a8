//! What Postgres itself says, beside what the writers read from it.

use std::collections::BTreeMap;

use anyhow::Result;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};

/// Of each room: how many events it has, the seq of the last one, and what the room itself says that is.
const COUNTS: &str = "
    SELECT rooms.name, count(events.seq), coalesce(max(events.seq), 0), rooms.last_seq
    FROM rooms LEFT JOIN events ON events.room = rooms.key
    GROUP BY rooms.key";

/// What is stored of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored {
    events: i64,
    head: i64,
    last_seq: i64,
}

impl Stored {
    /// A room with so many events, and none missing.
    pub(super) fn whole(events: usize) -> Self {
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        Self { events, head: events, last_seq: events }
    }

    /// True if none is missing, whatever their number.
    pub(super) fn is_whole(&self) -> bool {
        self.events == self.head && self.events == self.last_seq
    }
}

/// Counts the events of all rooms.
///
/// # Errors
/// If Postgres does not answer.
pub(super) async fn stored(url: &str) -> Result<BTreeMap<String, Stored>> {
    let mut connection = PgConnection::connect(url).await?;
    let rows = sqlx::query(COUNTS).fetch_all(&mut connection).await?;
    connection.close().await?;
    let stored =
        |row: &sqlx::postgres::PgRow| Stored { events: row.get(1), head: row.get(2), last_seq: row.get(3) };
    Ok(rows.iter().map(|row| (row.get(0), stored(row))).collect())
}

/// How many events stand under the id of a request, in all rooms and of all users.
///
/// # Errors
/// If Postgres does not answer.
pub(super) async fn copies(url: &str, id: &str) -> Result<i64> {
    let mut connection = PgConnection::connect(url).await?;
    let count = sqlx::query_scalar("SELECT count(*) FROM events WHERE request = $1").bind(id);
    let count = count.fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(count)
}

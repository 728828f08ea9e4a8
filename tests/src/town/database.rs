//! What Postgres itself says, beside what the writers read from it.

use anyhow::Result;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};

/// How many events a room has, the seq of the last one, and what the room itself says that is.
const COUNT: &str = "
    SELECT count(events.seq), coalesce(max(events.seq), 0), rooms.last_seq
    FROM rooms LEFT JOIN events ON events.room = rooms.key
    WHERE rooms.name = $1
    GROUP BY rooms.last_seq";

/// What is stored of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) events: i64,
    pub(super) head: i64,
    pub(super) last_seq: i64,
}

/// Counts the events of a room.
///
/// # Errors
/// If Postgres does not answer, or has no such room.
pub(super) async fn stored(url: &str, room: &str) -> Result<Stored> {
    let mut connection = PgConnection::connect(url).await?;
    let row = sqlx::query(COUNT).bind(room).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(Stored { events: row.get(0), head: row.get(1), last_seq: row.get(2) })
}

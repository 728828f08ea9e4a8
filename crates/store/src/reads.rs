//! The reads, in words that both databases understand.
//!
//! Each is one statement, so that what it answers stood together at one moment. A page is cut by bytes inside
//! the database: what does not fit is not sent.

use std::marker::PhantomData;

use chat::{Epoch, HistoryPage, LogPage, PageFrom, RoomHead, RoomId, RoomState, RoomSummary, Seq};
use sqlx::{ColumnIndex, Database, Decode, Encode, Executor, FromRow, IntoArguments, Row, Type};

use crate::PageBound;
use crate::record::{EventRow, MessageRow, room_kind, unreadable};

const OPEN: &str = "
SELECT rooms.key, rooms.kind, rooms.first_seq, rooms.last_seq, history.epoch
FROM rooms CROSS JOIN history WHERE rooms.name = $1";

const EVENTS: &str = "
WITH room AS (SELECT key, first_seq, last_seq FROM rooms WHERE name = $1),
page AS (
    SELECT seq, kind, author, author_name, request, at, target, reply_to, body
    FROM events WHERE room = (SELECT key FROM room) AND seq > $2 ORDER BY seq LIMIT $3
),
measured AS (
    SELECT page.*, row_number() OVER (ORDER BY seq) AS nth,
        sum(octet_length(author) + octet_length(author_name) + octet_length(request)
            + coalesce(octet_length(body), 0)) OVER (ORDER BY seq) AS bytes
    FROM page
)
SELECT room.key, room.first_seq, room.last_seq, history.epoch, measured.*
FROM room CROSS JOIN history LEFT JOIN measured ON measured.nth = 1 OR measured.bytes <= $4
ORDER BY measured.seq";

/// The statement for a page of history on one side of a position. It looks for one message more than is wanted
/// and says in `found` how many there were.
macro_rules! history {
    ($side:literal, $order:literal) => {
        concat!(
            "
WITH room AS (SELECT key FROM rooms WHERE name = $1),
page AS (
    SELECT m.seq, m.author, m.author_name, m.request, m.at, m.reply_to, edit.at AS edited_at,
        CASE WHEN m.body IS NOT NULL THEN coalesce(edit.body, m.body) END AS body
    FROM events m LEFT JOIN events edit ON edit.room = m.room AND edit.seq = m.edit_seq
    WHERE m.room = (SELECT key FROM room) AND m.kind = 1 AND m.seq ",
            $side,
            " $2 ORDER BY m.seq ",
            $order,
            " LIMIT $3 + 1
),
measured AS (
    SELECT page.*, count(*) OVER () AS found, row_number() OVER (ORDER BY seq ",
            $order,
            ") AS nth,
        sum(octet_length(author) + octet_length(author_name) + octet_length(request)
            + coalesce(octet_length(body), 0)) OVER (ORDER BY seq ",
            $order,
            ") AS bytes
    FROM page
)
SELECT measured.*
FROM room LEFT JOIN measured ON measured.nth = 1 OR (measured.nth <= $3 AND measured.bytes <= $4)
ORDER BY measured.seq"
        )
    };
}

const HISTORY_BEFORE: &str = history!("<", "DESC");
const HISTORY_AFTER: &str = history!(">", "ASC");

const ROOMS: &str = "
SELECT name, coalesce(display_name, name) AS display_name, kind, last_seq
FROM rooms WHERE kind = 1 AND name > $1 ORDER BY name LIMIT $2";

/// The reads of one kind of database.
pub(crate) struct Reads<DB>(PhantomData<DB>);

/// A head as a row: `name`, `key`, `last_seq`, `epoch`.
#[derive(sqlx::FromRow)]
pub(crate) struct HeadRow {
    pub(crate) name: String,
    pub(crate) key: i64,
    last_seq: i64,
    epoch: String,
}

impl HeadRow {
    pub(crate) fn into_head(self) -> Result<RoomHead, sqlx::Error> {
        let room = RoomId::parse(&self.name).map_err(unreadable)?;
        Ok(RoomHead { room, epoch: epoch(&self.epoch, self.key)?, seq: Seq::from_i64(self.last_seq) })
    }
}

/// The epoch of a room: the database's, and the room's incarnation.
pub(crate) fn epoch(database: &str, key: i64) -> Result<Epoch, sqlx::Error> {
    Epoch::parse(&format!("{database}.{key}")).map_err(unreadable)
}

impl<DB> Reads<DB>
where
    DB: Database,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    for<'q> DB::Arguments<'q>: IntoArguments<'q, DB>,
    for<'q> &'q str: Encode<'q, DB>,
    str: Type<DB>,
    for<'q> i64: Encode<'q, DB> + Decode<'q, DB> + Type<DB>,
    for<'q> i16: Decode<'q, DB> + Type<DB>,
    for<'q> String: Decode<'q, DB> + Type<DB>,
    for<'s> &'s str: ColumnIndex<DB::Row>,
    for<'r> EventRow: FromRow<'r, DB::Row>,
    for<'r> MessageRow: FromRow<'r, DB::Row>,
{
    pub(crate) async fn open(
        connection: &mut DB::Connection,
        room: &RoomId,
    ) -> Result<Option<RoomState>, sqlx::Error> {
        let row = sqlx::query(OPEN).bind(room.as_str()).fetch_optional(connection).await?;
        row.map(|row| {
            Ok(RoomState {
                kind: room_kind(row.try_get("kind")?),
                epoch: Self::epoch_of(&row)?,
                first_seq: Self::seq(&row, "first_seq")?,
                seq: Self::seq(&row, "last_seq")?,
            })
        })
        .transpose()
    }

    pub(crate) async fn events(
        connection: &mut DB::Connection,
        room: &RoomId,
        after: Seq,
        bound: PageBound,
    ) -> Result<Option<LogPage>, sqlx::Error> {
        let query = sqlx::query(EVENTS).bind(room.as_str()).bind(after.as_i64());
        let rows = query.bind(count(bound)).bind(bytes(bound)).fetch_all(connection).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        Ok(Some(LogPage {
            epoch: Self::epoch_of(first)?,
            first_seq: Self::seq(first, "first_seq")?,
            head: Self::seq(first, "last_seq")?,
            events: Self::filled(&rows, |row| EventRow::from_row(row)?.into_event(room))?,
        }))
    }

    pub(crate) async fn history(
        connection: &mut DB::Connection,
        room: &RoomId,
        from: PageFrom,
        bound: PageBound,
    ) -> Result<Option<HistoryPage>, sqlx::Error> {
        let (statement, from) = match from {
            PageFrom::Before(seq) => (HISTORY_BEFORE, seq),
            PageFrom::After(seq) => (HISTORY_AFTER, seq),
        };
        let query = sqlx::query(statement).bind(room.as_str()).bind(from.as_i64());
        let rows = query.bind(count(bound)).bind(bytes(bound)).fetch_all(connection).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let found = first.try_get::<Option<i64>, _>("found")?.unwrap_or_default();
        let messages = Self::filled(&rows, |row| MessageRow::from_row(row)?.into_message())?;
        let more = usize::try_from(found).unwrap_or(usize::MAX) > messages.len();
        Ok(Some(HistoryPage { messages, more }))
    }

    pub(crate) async fn rooms(
        connection: &mut DB::Connection,
        after: Option<&RoomId>,
        count: usize,
    ) -> Result<Vec<RoomSummary>, sqlx::Error> {
        let query = sqlx::query(ROOMS).bind(after.map_or("", RoomId::as_str));
        let rows = query.bind(i64::try_from(count).unwrap_or(i64::MAX)).fetch_all(connection).await?;
        let summary = |row: &DB::Row| {
            Ok(RoomSummary {
                room: RoomId::parse(&row.try_get::<String, _>("name")?).map_err(unreadable)?,
                name: row.try_get::<String, _>("display_name")?.into(),
                kind: room_kind(row.try_get("kind")?),
                seq: Self::seq(row, "last_seq")?,
            })
        };
        rows.iter().map(summary).collect()
    }

    /// The rows of a page. A room without any has one row that is empty but for the room's own columns.
    fn filled<T>(
        rows: &[DB::Row],
        read: impl Fn(&DB::Row) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, sqlx::Error> {
        let mut page = Vec::with_capacity(rows.len());
        for row in rows {
            if row.try_get::<Option<i64>, _>("seq")?.is_some() {
                page.push(read(row)?);
            }
        }
        Ok(page)
    }

    fn epoch_of(row: &DB::Row) -> Result<Epoch, sqlx::Error> {
        epoch(&row.try_get::<String, _>("epoch")?, row.try_get("key")?)
    }

    fn seq(row: &DB::Row, column: &str) -> Result<Seq, sqlx::Error> {
        Ok(Seq::from_i64(row.try_get(column)?))
    }
}

/// A page holds at least one entry if there is one. Less than all bits, because a statement adds one.
fn count(bound: PageBound) -> i64 {
    i64::from(u32::try_from(bound.count.max(1)).unwrap_or(u32::MAX))
}

fn bytes(bound: PageBound) -> i64 {
    i64::try_from(bound.bytes).unwrap_or(i64::MAX)
}

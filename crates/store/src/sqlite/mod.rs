//! The store in one SQLite file: WAL, synchronous FULL, one connection that writes and a few that read.
//!
//! One process at a time: whoever opens it makes sure of that.

mod append;
mod dial;
mod file;
mod heads;

use std::sync::Arc;

use async_trait::async_trait;
use chat::{
    Clock as _, Draft, HistoryPage, LogPage, PageFrom, RoomHead, RoomId, RoomState, RoomSummary, Seq,
    SystemClock,
};
use sqlx::Sqlite;
use sqlx::sqlite::SqliteConnectOptions;

use self::dial::SqliteDial;
use crate::connections::Connections;
use crate::reads::Reads;
use crate::record::room_kind_number;
use crate::{Appended, Cursor, Declined, OpenError, Options, PageBound, Store, StoreError, Usage};

pub(crate) use self::file::migrate;

struct SqliteStore {
    writer: Connections<SqliteDial>,
    readers: Connections<SqliteDial>,
}

/// Opens the store of a file that is there and migrated.
///
/// # Errors
/// [`OpenError`].
pub(crate) async fn open(
    file: &SqliteConnectOptions,
    options: &Options,
) -> Result<Arc<dyn Store>, OpenError> {
    file::check(file, options).await?;
    let store = SqliteStore {
        writer: Connections::new(SqliteDial::writer(file, options), 1, options),
        readers: Connections::new(SqliteDial::reader(file, options), options.read_connections.get(), options),
    };
    Ok(Arc::new(store))
}

#[async_trait]
impl Store for SqliteStore {
    async fn append(&self, batch: &[Draft]) -> Result<Vec<Result<Appended, Declined>>, StoreError> {
        self.writer.call(async |connection| append::append(connection, batch, SystemClock.now()).await).await
    }

    async fn open(&self, room: &RoomId, create: bool) -> Result<Option<RoomState>, StoreError> {
        let found =
            self.readers.call(async |connection| Reads::<Sqlite>::open(connection, room).await).await?;
        if found.is_some() || !create {
            return Ok(found);
        }
        let make = async |connection: &mut sqlx::SqliteConnection| {
            sqlx::query("INSERT INTO rooms (name, kind) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
                .bind(room.as_str())
                .bind(room_kind_number(chat::RoomKind::Public))
                .execute(&mut *connection)
                .await?;
            Reads::<Sqlite>::open(connection, room).await
        };
        self.writer.call(make).await
    }

    async fn events(
        &self,
        room: &RoomId,
        after: Seq,
        bound: PageBound,
    ) -> Result<Option<LogPage>, StoreError> {
        self.readers
            .call(async |connection| Reads::<Sqlite>::events(connection, room, after, bound).await)
            .await
    }

    async fn history(
        &self,
        room: &RoomId,
        from: PageFrom,
        bound: PageBound,
    ) -> Result<Option<HistoryPage>, StoreError> {
        self.readers
            .call(async |connection| Reads::<Sqlite>::history(connection, room, from, bound).await)
            .await
    }

    async fn rooms(&self, after: Option<&RoomId>, count: usize) -> Result<Vec<RoomSummary>, StoreError> {
        self.readers.call(async |connection| Reads::<Sqlite>::rooms(connection, after, count).await).await
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<RoomHead>, StoreError> {
        self.readers.call(async |connection| heads::of(connection, rooms).await).await
    }

    async fn heads_since(&self, since: Option<Cursor>) -> Result<(Vec<RoomHead>, Cursor), StoreError> {
        self.readers.call(async |connection| heads::since(connection, since).await).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        let beat = async |connection: &mut sqlx::SqliteConnection| {
            sqlx::query("UPDATE pulse SET beats = beats + 1").execute(connection).await.map(drop)
        };
        self.writer.call(beat).await
    }

    fn usage(&self) -> Usage {
        Usage { append: self.writer.usage(), read: self.readers.usage() }
    }

    async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

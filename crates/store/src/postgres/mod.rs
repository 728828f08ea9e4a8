//! The store in Postgres, version 15 or later.

mod append;
mod changes;
mod dial;
mod heads;
mod history;
mod keys;
mod messages;
#[cfg(test)]
mod plans;
mod repeats;
mod schema;

use std::sync::Arc;

use async_trait::async_trait;
use chat::{Draft, HistoryPage, LogPage, PageFrom, RoomHead, RoomId, RoomState, RoomSummary, Seq};
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, Postgres};

use self::dial::PostgresDial;
use self::heads::Marks;
use self::messages::Memory;
use crate::connections::Connections;
use crate::reads::Reads;
use crate::record::room_kind_number;
use crate::{Appended, Cursor, Declined, OpenError, Options, PageBound, Store, StoreError, Usage};

pub(crate) use self::schema::migrate;

struct PostgresStore {
    writers: Connections<PostgresDial>,
    readers: Connections<PostgresDial>,
    memory: Memory,
    marks: Marks,
}

/// Opens the store of a database that is there and migrated.
///
/// # Errors
/// [`OpenError`].
pub(crate) async fn open(server: PgConnectOptions, options: &Options) -> Result<Arc<dyn Store>, OpenError> {
    let dial = PostgresDial::new(server, options);
    schema::check(&dial, options).await?;
    let store = PostgresStore {
        writers: Connections::new(dial.clone(), options.write_connections.get(), options),
        readers: Connections::new(dial, options.read_connections.get(), options),
        memory: Memory::default(),
        marks: Marks::default(),
    };
    Ok(Arc::new(store))
}

#[async_trait]
impl Store for PostgresStore {
    async fn append(&self, batch: &[Draft]) -> Result<Vec<Result<Appended, Declined>>, StoreError> {
        self.writers.call(async |connection| append::append(connection, &self.memory, batch).await).await
    }

    async fn open(&self, room: &RoomId, create: bool) -> Result<Option<RoomState>, StoreError> {
        let found =
            self.readers.call(async |connection| Reads::<Postgres>::open(connection, room).await).await?;
        if found.is_some() || !create {
            return Ok(found);
        }
        let make = async |connection: &mut PgConnection| {
            sqlx::query("INSERT INTO rooms (name, kind) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
                .bind(room.as_str())
                .bind(room_kind_number(chat::RoomKind::Public))
                .execute(&mut *connection)
                .await?;
            Reads::<Postgres>::open(connection, room).await
        };
        self.writers.call(make).await
    }

    async fn events(
        &self,
        room: &RoomId,
        after: Seq,
        bound: PageBound,
    ) -> Result<Option<LogPage>, StoreError> {
        self.readers
            .call(async |connection| Reads::<Postgres>::events(connection, room, after, bound).await)
            .await
    }

    async fn history(
        &self,
        room: &RoomId,
        from: PageFrom,
        bound: PageBound,
    ) -> Result<Option<HistoryPage>, StoreError> {
        self.readers
            .call(async |connection| Reads::<Postgres>::history(connection, room, from, bound).await)
            .await
    }

    async fn rooms(&self, after: Option<&RoomId>, count: usize) -> Result<Vec<RoomSummary>, StoreError> {
        self.readers.call(async |connection| Reads::<Postgres>::rooms(connection, after, count).await).await
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<RoomHead>, StoreError> {
        self.readers.call(async |connection| heads::of(connection, rooms).await).await
    }

    async fn heads_since(&self, since: Option<Cursor>) -> Result<(Vec<RoomHead>, Cursor), StoreError> {
        self.readers.call(async |connection| heads::since(connection, &self.marks, since).await).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        let beat = async |connection: &mut PgConnection| {
            sqlx::query("UPDATE pulse SET beats = beats + 1").execute(connection).await.map(drop)
        };
        self.writers.call(beat).await
    }

    fn usage(&self) -> Usage {
        Usage { append: self.writers.usage(), read: self.readers.usage() }
    }

    async fn close(&self) {
        self.writers.close().await;
        self.readers.close().await;
    }
}

//! An empty, migrated database of one's own.

use std::sync::Arc;

use servers::Postgres;
use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};
use store::{Backend, Options, Store};
use tempfile::TempDir;

pub(crate) struct Database {
    url: String,
    backend: Backend,
    /// The folder of a SQLite file, removed with the database.
    _folder: Option<TempDir>,
}

impl Database {
    /// A database of the shared server, named after the test.
    pub(crate) async fn postgres(name: &str) -> Self {
        let database = Self::postgres_empty(name).await;
        store::migrate(&database.url, false).await.unwrap();
        database
    }

    pub(crate) async fn postgres_empty(name: &str) -> Self {
        let url = Postgres::shared().await.unwrap().create_database(name).await.unwrap();
        Self { url, backend: Backend::Postgres, _folder: None }
    }

    /// A database of a server of one's own.
    pub(crate) async fn on(server: &Postgres) -> Self {
        let url = server.create_database("parlor").await.unwrap();
        store::migrate(&url, false).await.unwrap();
        Self { url, backend: Backend::Postgres, _folder: None }
    }

    pub(crate) async fn sqlite() -> Self {
        let database = Self::sqlite_empty();
        store::migrate(&database.url, false).await.unwrap();
        database
    }

    pub(crate) fn sqlite_empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/data/parlor.db", folder.path().display());
        Self { url, backend: Backend::Sqlite, _folder: Some(folder) }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        store::open(&self.url, &Options::default()).await.unwrap()
    }

    /// Does something to the database behind the store's back.
    pub(crate) async fn sql(&self, statements: &str) {
        match self.backend {
            Backend::Postgres => {
                let mut connection = self.postgres_connection().await;
                connection.execute(sqlx::raw_sql(statements)).await.unwrap();
                connection.close().await.unwrap();
            }
            Backend::Sqlite => {
                let mut connection = self.sqlite_connection().await;
                connection.execute(sqlx::raw_sql(statements)).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// A number that a query tells.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        match self.backend {
            Backend::Postgres => {
                sqlx::query_scalar(query).fetch_one(&mut self.postgres_connection().await).await.unwrap()
            }
            Backend::Sqlite => {
                sqlx::query_scalar(query).fetch_one(&mut self.sqlite_connection().await).await.unwrap()
            }
        }
    }

    pub(crate) async fn postgres_connection(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    pub(crate) async fn sqlite_connection(&self) -> SqliteConnection {
        SqliteConnection::connect(&self.url).await.unwrap()
    }

    /// Every room's seqs are 1, 2, 3 … and its head is the last of them.
    pub(crate) async fn assert_no_gaps(&self) {
        let gaps = "SELECT count(*) FROM (
                SELECT r.key FROM rooms r LEFT JOIN events e ON e.room = r.key GROUP BY r.key, r.last_seq
                HAVING count(DISTINCT e.seq) <> r.last_seq OR coalesce(max(e.seq), 0) <> r.last_seq
            ) AS broken";
        assert_eq!(self.number(gaps).await, 0, "rooms with gaps");
    }
}

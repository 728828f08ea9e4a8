//! How a connection to the file is set, and what SQLite's errors mean.

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::connections::{Damage, Dial};
use crate::{Options, StoreError};

pub(super) struct SqliteDial(SqliteConnectOptions);

impl SqliteDial {
    pub(super) fn writer(file: &SqliteConnectOptions, options: &Options) -> Self {
        let writer = file
            .clone()
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            // NORMAL would lose acknowledged messages when the power fails, and is no faster for batches.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(options.statement_timeout)
            // In KiB. The pages that appends touch are those at the ends of the indexes of busy rooms.
            .pragma("cache_size", "-65536")
            // In pages of 4 KiB. Moving pages from the log to the file holds a commit up: do it less often.
            .pragma("wal_autocheckpoint", "4000")
            .disable_statement_logging();
        Self(writer)
    }

    pub(super) fn reader(file: &SqliteConnectOptions, options: &Options) -> Self {
        Self(Self::writer(file, options).0.pragma("cache_size", "-8192").pragma("query_only", "on"))
    }

    pub(super) async fn connect(&self) -> Result<SqliteConnection, sqlx::Error> {
        self.0.connect().await
    }
}

#[async_trait]
impl Dial for SqliteDial {
    type Connection = SqliteConnection;

    async fn dial(&self) -> Result<SqliteConnection, sqlx::Error> {
        self.connect().await
    }

    async fn hang_up(connection: SqliteConnection) {
        let _ = connection.close().await;
    }

    fn class(error: &sqlx::Error) -> StoreError {
        let text = error.to_string();
        if matches!(error, sqlx::Error::Encode(_)) {
            return StoreError::Data(text);
        }
        match code(error) {
            Some(code::UNIQUE | code::PRIMARY_KEY) => StoreError::Conflict(text),
            Some(code) if matches!(code & 0xff, code::CONSTRAINT | code::TOO_BIG | code::MISMATCH) => {
                StoreError::Data(text)
            }
            _ => StoreError::Unavailable(text),
        }
    }

    fn damage(error: &sqlx::Error) -> Damage {
        let busy = code(error).is_some_and(|code| code & 0xff == code::BUSY);
        match Self::class(error) {
            StoreError::Data(_) | StoreError::Conflict(_) | StoreError::Locked(_) => Damage::None,
            StoreError::Unavailable(_) if busy => Damage::None,
            StoreError::Unavailable(_) => Damage::Connection,
        }
    }
}

/// SQLite's result codes; the lower eight bits are the primary one.
mod code {
    pub(super) const BUSY: u32 = 5;
    pub(super) const TOO_BIG: u32 = 18;
    pub(super) const CONSTRAINT: u32 = 19;
    pub(super) const MISMATCH: u32 = 20;
    pub(super) const PRIMARY_KEY: u32 = 1555;
    pub(super) const UNIQUE: u32 = 2067;
}

fn code(error: &sqlx::Error) -> Option<u32> {
    error.as_database_error()?.code()?.parse().ok()
}

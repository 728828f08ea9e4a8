//! Why the store could not do something, by what the caller does next.

/// Why a call failed, by what the caller does next. The text is for the log, never for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A value that the store cannot keep: halve the batch until the bad draft is alone.
    #[error("the store cannot keep a value: {0}")]
    Data(String),
    /// Somebody else was at the same rows: run it again.
    #[error("the store saw a conflict: {0}")]
    Conflict(String),
    /// Somebody keeps a row locked that this needs, for longer than is waited for. Certainly nothing was done, and the
    /// store is well: leave that room, and go on with the others.
    #[error("somebody keeps a row locked: {0}")]
    Locked(String),
    /// Anything else; the outcome is unknown.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

/// Why a store could not be opened or migrated, by what the caller does next. No text holds the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The URL can never work: give up.
    #[error("the store's URL {0}")]
    Url(String),
    /// The database did not answer, or not as it should: try again.
    #[error("cannot reach the store: {0}")]
    Unreachable(String),
    /// The database is there and lacks tables: run `parlor migrate`, then try again.
    #[error("the store's database is not migrated ({pending} to go): run `parlor migrate` first")]
    NotMigrated {
        /// How many migrations are to be applied.
        pending: usize,
    },
    /// A newer Parlor has changed the database in a way that this one does not know: give up.
    #[error(
        "the store's database is newer than this program: it has migration {version} ({description}), \
         which only a newer Parlor knows. Run that one, or restore the database from before it"
    )]
    Newer {
        /// The oldest migration that this program does not know.
        version: i64,
        /// What it is called.
        description: String,
    },
    /// The migrations cannot be applied: somebody has to look.
    #[error("the store's database cannot be migrated: {0}")]
    Migration(String),
}

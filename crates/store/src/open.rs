//! Opening and migrating a store, whichever backend its URL means.

use std::sync::Arc;

use crate::backend::Address;
use crate::{OpenError, Options, Store, postgres, sqlite};

/// Opens a store. Connects once; whoever wants to wait for a database calls again.
///
/// # Errors
/// [`OpenError`] says whether to try again, to migrate first, or to give up.
pub async fn open(url: &str, options: &Options) -> Result<Arc<dyn Store>, OpenError> {
    match Address::parse(url)? {
        Address::Postgres(server) => postgres::open(server, options).await,
        Address::Sqlite(file) => sqlite::open(&file, options).await,
    }
}

/// Applies the migrations that the database lacks, and makes the file of a SQLite store if it is not there.
/// Several starters at once are safe. With `new_epoch` the database becomes another history: for one that was
/// restored from a copy of its files, which nothing in it tells apart from the original.
///
/// Takes as long as the migrations do.
///
/// # Errors
/// [`OpenError`].
pub async fn migrate(url: &str, new_epoch: bool) -> Result<(), OpenError> {
    match Address::parse(url)? {
        Address::Postgres(server) => postgres::migrate(server, new_epoch).await,
        Address::Sqlite(file) => sqlite::migrate(&file, new_epoch).await,
    }
}

//! The end of a transaction.

use sqlx::{Database, Transaction};

/// Commits if what was done in the transaction succeeded; if not, rolls it back, so that the connection can be
/// used again.
///
/// # Errors
/// What `result` says; and if the end itself fails, an error that no connection survives.
pub(crate) async fn end<DB: Database, T>(
    transaction: Transaction<'_, DB>,
    result: Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    match result {
        Ok(value) => transaction.commit().await.map(|()| value),
        Err(error) => match transaction.rollback().await {
            Ok(()) => Err(error),
            Err(_) => Err(sqlx::Error::Protocol(error.to_string())),
        },
    }
}

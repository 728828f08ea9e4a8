//! Which history the database is, and noticing that it has become another one.
//!
//! What identifies a history is the server's system identifier, the database and the timeline. A promoted
//! standby and a recovery to a point in time have another timeline, a dump that was restored another database
//! or server. Only a copy of the files looks the same: `parlor migrate --new-epoch` is for that.

use std::sync::Once;

use sqlx::error::DatabaseError;
use sqlx::{Connection as _, PgConnection};
use tracing::{info, warn};

use crate::transaction;

/// `standby` and `place`. The timeline comes from the name of the current segment of the write-ahead log, because
/// `pg_control_checkpoint()` still tells the old one for a while after a promotion.
const PLACE: &str = "
SELECT pg_is_in_recovery() AS standby,
    (SELECT system_identifier::text FROM pg_control_system())
    || '/' || (SELECT oid::text FROM pg_database WHERE datname = current_database())
    || '/' || CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS place";

/// What is left to a role that may not call these functions, or a database that has none: a restored dump is
/// noticed, a promoted standby is not.
const PLACE_WITHOUT_TIMELINE: &str = "
SELECT pg_is_in_recovery() AS standby,
    'unknown/' || (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS place";

/// Each new connection asks; one warning is enough.
static WARNED: Once = Once::new();

const NEXT: &str = "
UPDATE history
SET place = $1, generation = generation + 1, epoch = left(replace(gen_random_uuid()::text, '-', ''), 8)
RETURNING epoch";

/// Makes the database another history if it is not where it was.
///
/// # Errors
/// Also if the server is a standby: what is connected to one would not notice its promotion.
pub(super) async fn recognize(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let place = place(connection).await?;
    let known: String = sqlx::query_scalar("SELECT place FROM history").fetch_one(&mut *connection).await?;
    if known == place {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    let result = async {
        let known = "SELECT place FROM history FOR UPDATE";
        let known: String = sqlx::query_scalar(known).fetch_one(&mut *transaction).await?;
        // Somebody else may have been quicker.
        if known == place { Ok(()) } else { next(&mut transaction, &place).await }
    }
    .await;
    transaction::end(transaction, result).await
}

/// Makes the database another history.
///
/// # Errors
/// As [`recognize`].
pub(super) async fn begin(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let place = place(connection).await?;
    next(connection, &place).await
}

async fn next(connection: &mut PgConnection, place: &str) -> Result<(), sqlx::Error> {
    let epoch: String = sqlx::query_scalar(NEXT).bind(place).fetch_one(connection).await?;
    info!(epoch, place, "a new epoch begins: the database is another history than before");
    Ok(())
}

async fn place(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    let (standby, place): (bool, String) = match sqlx::query_as(PLACE).fetch_one(&mut *connection).await {
        Err(error) if is_not_allowed(&error) => {
            WARNED.call_once(|| {
                warn!(%error, "cannot tell the timeline: after a failover, run `parlor migrate --new-epoch`");
            });
            sqlx::query_as(PLACE_WITHOUT_TIMELINE).fetch_one(&mut *connection).await?
        }
        known => known?,
    };
    if standby {
        return Err(sqlx::Error::Configuration("the server is a standby".into()));
    }
    Ok(place)
}

/// Insufficient privilege, no such function, no such feature.
fn is_not_allowed(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    matches!(code.as_deref(), Some("42501" | "42883" | "0A000"))
}

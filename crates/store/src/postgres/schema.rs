//! Whether the database has the tables that this program needs, and giving it those.

use std::sync::LazyLock;

use sqlx::PgConnection;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use tokio::time::timeout;

use super::dial::PostgresDial;
use super::history;
use crate::migrations::{APPLIED, Applied, failure, fits, not_newer};
use crate::{OpenError, Options};

static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!("migrations/postgres");
    // Whether what is missing here matters is for `not_newer` to say.
    migrations.set_ignore_missing(true);
    migrations
});

/// Whether this program can use the database.
///
/// # Errors
/// [`OpenError`].
pub(super) async fn check(dial: &PostgresDial, options: &Options) -> Result<(), OpenError> {
    let look = async {
        let mut connection = dial.connect_set().await.map_err(unreachable)?;
        fits(&MIGRATIONS, &applied(&mut connection).await?)?;
        history::recognize(&mut connection).await.map_err(unreachable)
    };
    match timeout(options.call_limit, look).await {
        Ok(result) => result,
        Err(_) => Err(OpenError::Unreachable(format!("no answer within {:?}", options.call_limit))),
    }
}

/// Migrates the database. sqlx takes an advisory lock, so several starters at once are safe.
///
/// # Errors
/// [`OpenError`].
pub(crate) async fn migrate(server: PgConnectOptions, new_epoch: bool) -> Result<(), OpenError> {
    let options = Options::default();
    let dial = PostgresDial::new(server, &options);
    let connect = timeout(options.call_limit, dial.connect()).await;
    let no_answer = |_| OpenError::Unreachable(format!("no answer within {:?}", options.call_limit));
    let mut connection = connect.map_err(no_answer)?.map_err(unreachable)?;
    not_newer(&MIGRATIONS, &applied(&mut connection).await?)?;
    MIGRATIONS.run_direct(&mut connection).await.map_err(failure)?;
    if new_epoch {
        history::begin(&mut connection).await.map_err(unreachable)
    } else {
        history::recognize(&mut connection).await.map_err(unreachable)
    }
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<Applied>, OpenError> {
    let notes = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    let notes: bool = sqlx::query_scalar(notes).fetch_one(&mut *connection).await.map_err(unreachable)?;
    if !notes {
        return Ok(Vec::new());
    }
    sqlx::query_as(APPLIED).fetch_all(connection).await.map_err(unreachable)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unreachable(error: sqlx::Error) -> OpenError {
    OpenError::Unreachable(error.to_string())
}

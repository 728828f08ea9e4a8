//! The file itself: made readable for nobody else, migrated, checked.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

use super::dial::SqliteDial;
use crate::migrations::{APPLIED, Applied, failure, fits, not_newer};
use crate::{OpenError, Options, transaction};

static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!("migrations/sqlite");
    // Whether what is missing here matters is for `not_newer` to say.
    migrations.set_ignore_missing(true);
    migrations
});

/// How long a starter waits for the others.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the file is there and this program can use it.
///
/// # Errors
/// [`OpenError`].
pub(super) async fn check(file: &SqliteConnectOptions, options: &Options) -> Result<(), OpenError> {
    if !file.get_filename().exists() {
        return Err(OpenError::NotMigrated { pending: MIGRATIONS.iter().count() });
    }
    let mut connection = SqliteDial::writer(file, options).connect().await.map_err(unreachable)?;
    let applied = applied(&mut connection).await?;
    connection.close().await.map_err(unreachable)?;
    fits(&MIGRATIONS, &applied)
}

/// Makes the file if it is not there, and migrates it. Several starters at once are safe.
///
/// # Errors
/// [`OpenError`].
pub(crate) async fn migrate(file: &SqliteConnectOptions, new_epoch: bool) -> Result<(), OpenError> {
    let path = file.get_filename();
    make(path).map_err(|error| OpenError::Unreachable(format!("{}: {error}", path.display())))?;
    let patient = Options { statement_timeout: PATIENCE, ..Options::default() };
    let mut connection = SqliteDial::writer(file, &patient).connect().await.map_err(unreachable)?;
    not_newer(&MIGRATIONS, &applied(&mut connection).await?)?;
    run(&mut connection).await?;
    if new_epoch {
        let epoch = "UPDATE history SET epoch = lower(hex(randomblob(4)))";
        sqlx::query(epoch).execute(&mut connection).await.map_err(unreachable)?;
    }
    connection.close().await.map_err(unreachable)
}

/// The folder and the file, for the owner only: what people wrote is in it. SQLite gives the files that it puts
/// beside it (`-wal`, `-shm`) the same permissions.
fn make(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Inside one transaction, because sqlx takes no lock of its own in SQLite: two starters would both find a
/// migration missing.
async fn run(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(unreachable)?;
    let migrated = MIGRATIONS.run_direct(&mut *transaction).await;
    let ended = transaction::end(transaction, Ok(())).await.map_err(unreachable);
    migrated.map_err(failure)?;
    ended
}

async fn applied(connection: &mut SqliteConnection) -> Result<Vec<Applied>, OpenError> {
    let notes = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    let notes: i64 = sqlx::query_scalar(notes).fetch_one(&mut *connection).await.map_err(unreachable)?;
    if notes == 0 {
        return Ok(Vec::new());
    }
    sqlx::query_as(APPLIED).fetch_all(connection).await.map_err(unreachable)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unreachable(error: sqlx::Error) -> OpenError {
    OpenError::Unreachable(error.to_string())
}

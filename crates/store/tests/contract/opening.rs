//! Opening and migrating.

use std::os::unix::fs::PermissionsExt as _;

use futures::future::join_all;
use store::{OpenError, Options};

use crate::database::Database;
use crate::drafts::{answers, rooms, say};

/// As [`crate::contract!`], with databases that have nothing in them.
macro_rules! on_empty {
    ($($test:ident),* $(,)?) => {
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test(crate::database::Database::postgres_empty(stringify!($test)).await).await;
                }
            )*
        }
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test(crate::database::Database::sqlite_empty()).await;
                }
            )*
        }
    };
}

on_empty!(
    a_database_without_tables_is_to_be_migrated,
    many_starters_migrate_at_once,
    a_database_that_is_newer_is_refused_unless_it_was_only_expanded,
);

async fn open_error(url: &str) -> OpenError {
    match store::open(url, &Options::default()).await {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

async fn a_database_without_tables_is_to_be_migrated(db: Database) {
    let error = open_error(db.url()).await;
    assert!(matches!(error, OpenError::NotMigrated { pending: 1.. }), "{error:?}");
    assert!(error.to_string().contains("parlor migrate"));
    store::migrate(db.url(), false).await.unwrap();
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    store.check().await.unwrap();
    assert_eq!(answers(&store.append(&[say("r", "ana", "1", "hi")]).await.unwrap()), [Ok(1)]);
}

async fn many_starters_migrate_at_once(db: Database) {
    let start = |_| {
        let url = db.url().to_owned();
        tokio::spawn(async move { store::migrate(&url, false).await.unwrap() })
    };
    for starter in join_all((0..40).map(start)).await {
        starter.unwrap();
    }
    db.open().await.check().await.unwrap();
}

async fn a_database_that_is_newer_is_refused_unless_it_was_only_expanded(db: Database) {
    store::migrate(db.url(), false).await.unwrap();
    let newer = |version: i64, description: &str| {
        format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             SELECT {version}, '{description}', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1"
        )
    };
    db.sql(&newer(9000, "expand reactions")).await;
    db.open().await.check().await.unwrap();
    store::migrate(db.url(), false).await.unwrap();
    db.sql(&newer(9001, "drop bodies")).await;
    let refused = OpenError::Newer { version: 9001, description: "drop bodies".to_owned() };
    assert_eq!(open_error(db.url()).await, refused);
    assert_eq!(store::migrate(db.url(), false).await, Err(refused));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_worth_another_try() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://ana:secret@127.0.0.1:{port}/parlor");
    for error in [open_error(&url).await, store::migrate(&url, false).await.unwrap_err()] {
        assert!(matches!(error, OpenError::Unreachable(_)), "{error:?}");
        assert!(!error.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn a_file_is_for_its_owner_only() {
    let db = Database::sqlite().await;
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    store.append(&[say("r", "ana", "1", "hi")]).await.unwrap();
    let file = std::path::Path::new(db.url().strip_prefix("sqlite:").unwrap());
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    for entry in file.parent().unwrap().read_dir().unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

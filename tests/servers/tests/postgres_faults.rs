//! What can happen to a Postgres beside being killed: it becomes an older one, its disk is full, its clock is wrong.
#![expect(clippy::unwrap_used, reason = "what is missing in a test fails the test")]
#![expect(clippy::disallowed_types, reason = "this is about the wall clock itself")]

use std::time::Duration;

use servers::{Postgres, WallClock, if_possible};
use sqlx::{Connection as _, PgConnection};

const HOUR: Duration = Duration::from_secs(3600);

async fn ask<T>(url: &str, question: &str) -> T
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap()
}

async fn tell(url: &str, order: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query(order).execute(&mut connection).await.map(|_| ())
}

async fn timeline(url: &str) -> String {
    ask(url, "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)").await
}

async fn rows(url: &str) -> i64 {
    ask(url, "SELECT count(*) FROM kept").await
}

/// A server with one row, a backup of that, and a second row since.
async fn server_with_backup() -> (Postgres, servers::Backup, String) {
    let server = Postgres::start().await.unwrap();
    let url = server.url("postgres");
    tell(&url, "CREATE TABLE kept AS SELECT 1 AS n").await.unwrap();
    let backup = server.backup().await.unwrap();
    tell(&url, "INSERT INTO kept VALUES (2)").await.unwrap();
    (server, backup, url)
}

#[tokio::test]
async fn a_restored_server_is_as_it_was_and_on_another_timeline() {
    let (mut server, backup, url) = server_with_backup().await;
    assert_eq!((rows(&url).await, timeline(&url).await.as_str()), (2, "00000001"));
    server.restore(&backup).await.unwrap();
    assert_eq!((rows(&url).await, timeline(&url).await.as_str()), (1, "00000002"));
    tell(&url, "INSERT INTO kept VALUES (3)").await.unwrap();
    server.restart().await.unwrap();
    assert_eq!((rows(&url).await, timeline(&url).await.as_str()), (2, "00000002"));
}

#[tokio::test]
async fn a_server_whose_files_were_put_back_is_on_the_same_timeline() {
    let (mut server, backup, url) = server_with_backup().await;
    server.kill9();
    server.restore_files(&backup).await.unwrap();
    assert_eq!((rows(&url).await, timeline(&url).await.as_str()), (1, "00000001"));
}

#[tokio::test]
async fn what_is_committed_survives_an_immediate_shutdown_from_which_the_server_recovers() {
    let mut server = Postgres::start().await.unwrap();
    let url = server.url("postgres");
    tell(&url, "CREATE TABLE kept AS SELECT 1 AS n").await.unwrap();
    server.shutdown_immediate().await.unwrap();
    assert!(PgConnection::connect(&url).await.is_err());
    server.restart().await.unwrap();
    assert_eq!(rows(&url).await, 1);
    assert!(server.log().contains("was not properly shut down"), "{}", server.log());
}

#[tokio::test]
async fn a_full_disk_takes_nothing_until_it_is_given_back() {
    let started = Postgres::plan().disk_of(96).start().await;
    let Some(mut server) = if_possible(started).unwrap() else { return };
    let url = server.url("postgres");
    tell(&url, "CREATE TABLE kept (n text)").await.unwrap();
    let more = "INSERT INTO kept SELECT repeat('x', 500) FROM generate_series(1, 200)";
    tell(&url, more).await.unwrap();
    assert!(server.fill_disk().unwrap() > 10_000_000);
    let refusal = tell(&url, more).await.unwrap_err();
    assert_eq!(refusal.as_database_error().unwrap().code().unwrap(), "53100", "{refusal}");
    assert_eq!(rows(&url).await, 200);
    server.free_disk().unwrap();
    tell(&url, more).await.unwrap();
    server.kill9();
    server.restart().await.unwrap();
    assert_eq!(rows(&url).await, 400, "the disk outlives the server");
}

#[tokio::test]
async fn a_server_on_a_small_disk_can_be_restored_and_leaves_nothing() {
    let started = Postgres::plan().disk_of(128).start().await;
    let Some(mut server) = if_possible(started).unwrap() else { return };
    let url = server.url("postgres");
    tell(&url, "CREATE TABLE kept AS SELECT 1 AS n").await.unwrap();
    let backup = server.backup().await.unwrap();
    server.restore(&backup).await.unwrap();
    assert_eq!((rows(&url).await, timeline(&url).await.as_str()), (1, "00000002"));
    let (pid, namespace) =
        (server.pid().unwrap(), |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/mnt")));
    let ours = namespace(pid).unwrap();
    assert_ne!(ours, namespace(std::process::id()).unwrap());
    drop(server);
    let others = std::fs::read_dir("/proc").unwrap().flatten();
    let mut others = others.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    assert!(!others.any(|pid| namespace(pid).is_ok_and(|other| other == ours)), "somebody holds the disk");
}

#[tokio::test]
async fn a_server_without_a_disk_of_its_own_has_none_to_fill() {
    let mut server = Postgres::start().await.unwrap();
    assert!(server.fill_disk().is_err() && server.free_disk().is_err());
}

#[tokio::test]
async fn the_clock_of_a_running_server_can_be_moved() {
    let Some(clock) = if_possible(WallClock::new()).unwrap() else { return };
    let server = Postgres::plan().clock(&clock).start().await.unwrap();
    let url = server.url("postgres");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let off_by = async |connection: &mut PgConnection| -> i64 {
        let now = "SELECT extract(epoch FROM clock_timestamp())::bigint";
        let told: i64 = sqlx::query_scalar(now).fetch_one(connection).await.unwrap();
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        told - i64::try_from(now).unwrap()
    };
    assert!(off_by(&mut connection).await.abs() < 60);
    clock.is_fast_by(HOUR).unwrap();
    assert!((off_by(&mut connection).await - 3600).abs() < 60);
    clock.is_slow_by(HOUR).unwrap();
    assert!((off_by(&mut connection).await + 3600).abs() < 60);
    clock.goes_right().unwrap();
    assert!(off_by(&mut connection).await.abs() < 60);
}

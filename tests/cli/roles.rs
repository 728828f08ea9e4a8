//! `parlor gateway`, `writer` and `migrate` while what they need is not there, or not as it should be.

use std::path::Path;
use std::process::Command;

use servers::{Nats, Postgres};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::parlor::{ADMIN, OPEN, Serving, get, output, parlor, stderr, wait_for, wait_until};

/// Nobody listens here.
const NOWHERE: &str = "nats://127.0.0.1:1";
const STORE: &str = "sqlite:data/parlor.db";

fn role(folder: &Path, args: &[&str]) -> Command {
    let mut command = parlor(folder, args);
    command.args(["--bus", NOWHERE, "--admin-listen", "127.0.0.1:0"]);
    command
}

fn migrate(folder: &Path) -> std::process::Output {
    output(parlor(folder, &["migrate", "--store", STORE]))
}

#[test]
fn a_gateway_without_its_bus_is_alive_and_not_ready_and_ends_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = role(folder.path(), &["gateway", "--listen", "127.0.0.1:0"]);
    command
        .env("PARLOR__AUTH__SECRET", "0123456789abcdef0123456789abcdef")
        .env("PARLOR__DRAIN__UNREADY", "0s");
    let mut gateway = Serving::start(command);
    let admin = gateway.address(ADMIN);
    gateway.address(OPEN);
    assert_eq!(get(admin, "/healthz").0, 200);
    let (status, reasons) = get(admin, "/readyz");
    assert_eq!(status, 503);
    assert!(reasons.contains("gateway") && reasons.contains("bus"), "{reasons}");
    gateway.signal("TERM");
    assert_eq!(gateway.ended().code(), Some(0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a gateway keeps nothing");
}

#[tokio::test]
async fn a_writer_without_its_tables_says_what_to_run_and_serves_once_it_was_run() {
    let folder = tempfile::tempdir().unwrap();
    let (nats, postgres) = (Nats::start().await.unwrap(), Postgres::start().await.unwrap());
    let backends =
        ["--bus", &nats.url(), "--store", &postgres.url("postgres"), "--admin-listen", "127.0.0.1:0"];
    let mut writer = Serving::start(parlor(folder.path(), &[&["writer"][..], &backends].concat()));
    let admin = writer.address(ADMIN);
    assert_eq!(get(admin, "/healthz").0, 200);
    wait_until(admin, "/readyz", |status, reasons| status == 503 && reasons.contains("parlor migrate"));
    assert!(output(parlor(folder.path(), &[&["migrate"][..], &backends].concat())).status.success());
    wait_for(admin, "/readyz", 200);
    writer.signal("TERM");
    assert_eq!(writer.ended().code(), Some(0));
}

#[test]
fn migrations_may_run_as_often_as_one_likes_and_not_under_a_running_process() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let migrated = migrate(folder.path());
        assert!(migrated.status.success(), "{}", stderr(&migrated));
    }
    let solo = Serving::start({
        let mut command =
            parlor(folder.path(), &["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        command.args(["--store", STORE]);
        command
    });
    wait_for(solo.address(ADMIN), "/readyz", 200);
    let refused = migrate(folder.path());
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains(&format!("pid {}", solo.pid())), "{}", stderr(&refused));
}

#[tokio::test]
async fn a_database_that_is_newer_than_the_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(migrate(folder.path()).status.success());
    let file = SqliteConnectOptions::new().filename(folder.path().join("data/parlor.db"));
    let mut database = SqliteConnection::connect_with(&file).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'drop bodies', TRUE, x'00', 0)",
    )
    .execute(&mut database)
    .await
    .unwrap();
    database.close().await.unwrap();
    for refused in [migrate(folder.path()), output(role(folder.path(), &["writer", "--store", STORE]))] {
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains("newer than this program"), "{}", stderr(&refused));
    }
}

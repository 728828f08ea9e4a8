//! A database that does not answer, cannot be written to, or goes away.

use std::time::{Duration, Instant};

use chat::Seq;
use futures::future::join_all;
use servers::Postgres;
use sqlx::{Connection as _, Executor as _};
use store::StoreError;

use crate::database::Database;
use crate::drafts::{WHOLE, answers, edit, room, rooms, say};

/// The limit on a call and a second for a busy machine.
const LIMIT: Duration = Duration::from_secs(5);

fn unavailable<T: std::fmt::Debug>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Unavailable(_)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_costs_each_call_its_limit_and_no_connection() {
    let mut server = Postgres::start().await.unwrap();
    let db = Database::on(&server).await;
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    store.append(&[say("r", "ana", "1", "before")]).await.unwrap();
    let name = room("r");
    server.pause();
    for _ in 0..2 {
        let start = Instant::now();
        // More than there are connections: the wait for one counts too.
        let appends = join_all((0..6).map(|n| {
            let store = store.clone();
            async move { store.append(&[say("r", "ana", &format!("lost-{n}"), "during")]).await }
        }));
        let reads = join_all((0..20).map(|_| store.events(&name, Seq::ZERO, WHOLE)));
        let edit = [edit("r", "ana", "e", 1, "x")];
        let (appends, reads, edited, checked) =
            tokio::join!(appends, reads, store.append(&edit), store.check());
        assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
        assert!(appends.iter().all(unavailable) && reads.iter().all(unavailable));
        assert!(unavailable(&edited) && unavailable(&checked));
    }
    server.resume();
    store.check().await.unwrap();
    // What was lost is found out by its id.
    let again = store.append(&[say("r", "ana", "1", "before"), say("r", "ana", "2", "after")]).await.unwrap();
    assert!(again.iter().all(Result::is_ok));
    db.assert_no_gaps().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_leaves_nothing_behind_that_others_trip_over() {
    let db = Database::postgres("a_call_that_is_dropped").await;
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    for n in 0..60_u64 {
        let batch = [say("r", "ana", &n.to_string(), "x"), edit("r", "ana", &format!("e{n}"), 1, "y")];
        let given = if n % 2 == 0 { &batch[..1] } else { &batch[..] };
        let _ = tokio::time::timeout(Duration::from_micros(n * 40), store.append(given)).await;
        let _ =
            tokio::time::timeout(Duration::from_micros(n * 20), store.events(&room("r"), Seq::ZERO, WHOLE))
                .await;
    }
    let batch: Vec<_> = (0..60).map(|n| say("r", "ana", &n.to_string(), "x")).collect();
    let answered = store.append(&batch).await.unwrap();
    assert!(answered.iter().all(Result::is_ok), "{:?}", answers(&answered));
    db.assert_no_gaps().await;
    assert_eq!(
        db.number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_killed_is_used_again_once_it_is_back() {
    let mut server = Postgres::start().await.unwrap();
    let db = Database::on(&server).await;
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    // Several idle connections, all of which die with the server.
    let name = room("r");
    join_all((0..8).map(|_| store.events(&name, Seq::ZERO, WHOLE))).await;
    store.append(&[say("r", "ana", "1", "before")]).await.unwrap();
    server.kill9();
    let start = Instant::now();
    assert!(unavailable(&store.append(&[say("r", "ana", "2", "during")]).await));
    assert!(start.elapsed() < LIMIT);
    server.restart().await.unwrap();
    // At most one call finds out that the connections are dead, each on its side.
    let _ = store.events(&room("r"), Seq::ZERO, WHOLE).await;
    for n in 3..6 {
        store.events(&room("r"), Seq::ZERO, WHOLE).await.unwrap();
        store.append(&[say("r", "ana", &n.to_string(), "after")]).await.unwrap();
    }
    assert_eq!(answers(&store.append(&[say("r", "ana", "1", "before")]).await.unwrap()), [Ok(1)]);
    db.assert_no_gaps().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_turned_read_only_is_unavailable_until_it_is_not() {
    let db = Database::postgres("a_database_that_turned_read_only").await;
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    db.sql(
        "ALTER DATABASE a_database_that_turned_read_only SET default_transaction_read_only = on;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;
    // The first call may find its connection dead; the others are refused.
    for _ in 0..3 {
        assert!(unavailable(&store.append(&[say("r", "ana", "1", "hi")]).await));
        assert!(unavailable(&store.check().await));
    }
    let mut connection = db.postgres_connection().await;
    connection.execute("SET default_transaction_read_only = off").await.unwrap();
    let writable = "ALTER DATABASE a_database_that_turned_read_only RESET default_transaction_read_only";
    connection.execute(writable).await.unwrap();
    store.check().await.unwrap();
    assert_eq!(answers(&store.append(&[say("r", "ana", "1", "hi")]).await.unwrap()), [Ok(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_somebody_keeps_locked_holds_up_its_own_batches_only() {
    let db = Database::postgres("a_room_that_somebody_keeps_locked").await;
    let store = db.open().await;
    rooms(&*store, &["locked", "free"]).await;
    let mut connection = db.postgres_connection().await;
    let mut open = connection.begin().await.unwrap();
    open.execute("SELECT 1 FROM rooms WHERE name = 'locked' FOR UPDATE").await.unwrap();
    let start = Instant::now();
    let (locked, free) =
        tokio::join!(async { store.append(&[say("locked", "ana", "1", "x")]).await }, async {
            store.append(&[say("free", "ana", "1", "x")]).await
        });
    assert!(matches!(locked, Err(StoreError::Locked(_))) && start.elapsed() < LIMIT, "{locked:?}");
    assert_eq!(answers(&free.unwrap()), [Ok(1)]);
    open.rollback().await.unwrap();
    assert_eq!(answers(&store.append(&[say("locked", "ana", "1", "x")]).await.unwrap()), [Ok(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_somebody_keeps_locked_is_unavailable_until_it_is_free() {
    let db = Database::sqlite().await;
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    let mut connection = db.sqlite_connection().await;
    connection.execute("BEGIN IMMEDIATE").await.unwrap();
    let start = Instant::now();
    assert!(unavailable(&store.append(&[say("r", "ana", "1", "x")]).await));
    assert!(start.elapsed() < LIMIT);
    // Reads go on beside the writer.
    assert!(store.events(&room("r"), Seq::ZERO, WHOLE).await.unwrap().is_some());
    connection.execute("ROLLBACK").await.unwrap();
    connection.close().await.unwrap();
    assert_eq!(answers(&store.append(&[say("r", "ana", "1", "x")]).await.unwrap()), [Ok(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_written_to_is_unavailable() {
    let db = Database::sqlite().await;
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    store.append(&[say("r", "ana", "1", "x")]).await.unwrap();
    // Root writes to any file, so the permission is taken away in the URL. The file is in use by the other store:
    // what a reader needs beside it is there.
    let read_only = store::open(&format!("{}?mode=ro", db.url()), &store::Options::default()).await.unwrap();
    assert!(unavailable(&read_only.append(&[say("r", "ana", "2", "x")]).await));
    assert!(unavailable(&read_only.check().await));
    assert_eq!(read_only.events(&room("r"), Seq::ZERO, WHOLE).await.unwrap().unwrap().events.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_was_closed_is_unavailable() {
    for db in [Database::postgres("a_store_that_was_closed").await, Database::sqlite().await] {
        let store = db.open().await;
        rooms(&*store, &["r"]).await;
        let batch = [say("r", "ana", "1", "x")];
        let (appended, ()) = tokio::join!(store.append(&batch), async {
            tokio::task::yield_now().await;
            store.close().await;
        });
        assert_eq!(answers(&appended.unwrap()), [Ok(1)], "what was under way ends in order");
        assert!(unavailable(&store.append(&[say("r", "ana", "2", "x")]).await));
        assert!(unavailable(&store.events(&room("r"), Seq::ZERO, WHOLE).await));
    }
}

//! Heads: of the rooms asked for, and of all that have changed since a cursor.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chat::{RoomHead, Seq};
use store::{Cursor, Store};

use crate::contract;
use crate::database::Database;
use crate::drafts::{append, delete, room, rooms, say, seq};

contract!(
    heads_are_those_of_the_rooms_that_are_there,
    a_scan_tells_what_has_changed_and_little_else,
    a_scan_misses_nothing_of_writers_that_go_on,
);

fn positions(heads: &[RoomHead]) -> HashMap<String, u64> {
    heads.iter().map(|head| (head.room.to_string(), head.seq.get())).collect()
}

fn these<const N: usize>(expected: [(&str, u64); N]) -> HashMap<String, u64> {
    expected.into_iter().map(|(name, position)| (name.to_owned(), position)).collect()
}

async fn heads_are_those_of_the_rooms_that_are_there(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["a", "b", "c"]).await;
    store
        .append(&[say("a", "ana", "1", "x"), say("a", "ana", "2", "y"), say("b", "ana", "1", "z")])
        .await
        .unwrap();
    let heads = store.heads(&["a", "nowhere", "c"].map(room)).await.unwrap();
    assert_eq!(positions(&heads), these([("a", 2), ("c", 0)]));
    for head in &heads {
        assert_eq!(head.epoch, store.open(&head.room, false).await.unwrap().unwrap().epoch);
    }
    assert_eq!(store.heads(&[]).await.unwrap(), []);
}

async fn a_scan_tells_what_has_changed_and_little_else(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["a", "b", "c"]).await;
    store.append(&[say("a", "ana", "1", "x"), say("b", "ana", "1", "y")]).await.unwrap();
    let (heads, cursor) = store.heads_since(None).await.unwrap();
    let told = positions(&heads);
    assert_eq!((told.get("a"), told.get("b")), (Some(&1), Some(&1)), "a little in the past");
    let (_, cursor) = store.heads_since(Some(cursor)).await.unwrap();
    let (heads, cursor) = store.heads_since(Some(cursor)).await.unwrap();
    assert_eq!(positions(&heads), these([]));
    store.append(&[say("b", "ana", "2", "z"), say("b", "ana", "3", "z")]).await.unwrap();
    store.append(&[delete("a", "ana", "2", 1)]).await.unwrap();
    let (heads, cursor) = store.heads_since(Some(cursor)).await.unwrap();
    assert_eq!(positions(&heads), these([("a", 2), ("b", 3)]));
    assert_eq!(heads[0].epoch, store.open(&heads[0].room, false).await.unwrap().unwrap().epoch);
    let (heads, _) = store.heads_since(Some(cursor)).await.unwrap();
    assert_eq!(positions(&heads), these([]));
    // Whoever takes over knows no cursor, and misses nothing all the same.
    let (heads, _) = db.open().await.heads_since(None).await.unwrap();
    let told = positions(&heads);
    assert_eq!((told.get("a"), told.get("b")), (Some(&2), Some(&3)));
}

async fn a_scan_misses_nothing_of_writers_that_go_on(db: Database) {
    const ROOMS: usize = 40;
    let names: Vec<String> = (0..ROOMS).map(|n| format!("r{n}")).collect();
    let scanner = db.open().await;
    rooms(&*scanner, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let writer = |store: Arc<dyn Store>, by: &'static str| {
        let names = names.clone();
        tokio::spawn(async move {
            for n in 0..120_usize {
                let batch: Vec<_> = (0..3)
                    .map(|i| say(&names[(n * 7 + i * 11) % ROOMS], by, &format!("{n}-{i}"), "x"))
                    .collect();
                append(&*store, &batch).await;
            }
        })
    };
    let writers = [writer(db.open().await, "ana"), writer(db.open().await, "bob")];
    let (mut known, mut cursor) = (HashMap::new(), None);
    let mut scan = async |cursor: &mut Option<Cursor>| {
        let (heads, next) = scanner.heads_since(cursor.take()).await.unwrap();
        for head in heads {
            let position: &mut Seq = known.entry(head.room.to_string()).or_default();
            *position = (*position).max(head.seq);
        }
        *cursor = Some(next);
    };
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        scan(&mut cursor).await;
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    // Whatever was under way at the last scan has ended: one more finds the rest.
    scan(&mut cursor).await;
    let all: Vec<_> = names.iter().map(|name| room(name)).collect();
    for head in scanner.heads(&all).await.unwrap() {
        assert_eq!(known.get(head.room.as_str()), Some(&head.seq), "{}", head.room);
    }
}

/// Postgres only: in SQLite nothing commits beside the one writer.
mod transactions {
    use sqlx::Connection as _;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_transaction_that_ends_late_is_told_when_it_ends_and_keeps_nobody_reading_again() {
        let db = Database::postgres("a_transaction_that_ends_late").await;
        let store = db.open().await;
        rooms(&*store, &["slow", "quick"]).await;
        // Somebody who takes a number and stays open while others come and go.
        let mut connection = db.postgres_connection().await;
        let mut open = connection.begin().await.unwrap();
        let insert = "WITH room AS (
                UPDATE rooms SET last_seq = last_seq + 1 WHERE name = 'slow' RETURNING key, last_seq
            )
            INSERT INTO events (room, seq, tx, at, kind, author, author_name, request, body)
            SELECT key, last_seq, generation::bigint << 44 | pg_current_xact_id()::text::bigint, now(), 1, 'bob', 'bob',
                '1', 'late' FROM room, history";
        sqlx::query(insert).execute(&mut *open).await.unwrap();
        let (_, mut cursor) = store.heads_since(None).await.unwrap();
        for n in 1..=3 {
            store.append(&[say("quick", "ana", &n.to_string(), "x")]).await.unwrap();
            let (heads, next) = store.heads_since(Some(cursor)).await.unwrap();
            assert_eq!(positions(&heads), these([("quick", n)]));
            let (heads, next) = store.heads_since(Some(next)).await.unwrap();
            assert_eq!(positions(&heads), these([]), "nothing is read again for the open one");
            cursor = next;
        }
        open.commit().await.unwrap();
        let (heads, _) = store.heads_since(Some(cursor)).await.unwrap();
        assert_eq!(positions(&heads), these([("slow", 1)]));
        assert_eq!(heads[0].seq, seq(1));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_scan_of_a_long_way_back_goes_in_slices_and_misses_nothing() {
        let db = Database::postgres("a_scan_of_a_long_way_back").await;
        let store = db.open().await;
        rooms(&*store, &["first"]).await;
        let (_, cursor) = store.heads_since(None).await.unwrap();
        // More than two slices, one of them in a single transaction, and a room that is only at the very end.
        let fill = |rooms: &str, from: i64, rows: i64, tx: &str| {
            format!(
                "INSERT INTO rooms (name, kind, last_seq) SELECT '{rooms}' || n, 1, {rows} FROM generate_series(1, 3) n;
                 INSERT INTO events (room, seq, tx, at, kind, author, author_name, request)
                 SELECT key, n, generation::bigint << 44 | {tx}, now(), 1, 'ana', 'ana', n::text
                 FROM rooms, history, generate_series({from}, {from} + {rows} - 1) n WHERE name LIKE '{rooms}%';"
            )
        };
        let now = "pg_current_xact_id()::text::bigint";
        db.sql(&fill("one", 1, 40_000, now)).await;
        for n in 0..30 {
            db.sql(&fill(&format!("some{n}-"), 1, 1_500, now)).await;
        }
        db.sql(&fill("last", 1, 1, now)).await;
        let mut told = std::collections::HashSet::new();
        let mut cursor = Some(cursor);
        for _ in 0..20 {
            let (heads, next) = store.heads_since(cursor.take()).await.unwrap();
            if heads.is_empty() {
                break;
            }
            told.extend(heads.into_iter().map(|head| head.room.to_string()));
            cursor = Some(next);
        }
        assert!((1..=3).all(|n| told.contains(&format!("one{n}")) && told.contains(&format!("last{n}"))));
        assert_eq!(told.iter().filter(|name| name.starts_with("some")).count(), 90);
    }
}

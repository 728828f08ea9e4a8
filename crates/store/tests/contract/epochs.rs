//! Epochs: which history a seq belongs to.

use chat::{Epoch, Seq};
use store::Store;

use crate::contract;
use crate::database::Database;
use crate::drafts::{WHOLE, answers, edit, room, rooms, say, seq};

contract!(
    an_epoch_lasts_as_long_as_the_database,
    a_new_epoch_can_be_asked_for,
    a_room_that_is_made_again_is_another_room,
);

async fn epoch(store: &dyn Store, name: &str) -> Epoch {
    store.open(&room(name), false).await.unwrap().unwrap().epoch
}

async fn an_epoch_lasts_as_long_as_the_database(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r", "s"]).await;
    let before = epoch(&*store, "r").await;
    let (database, incarnation) = before.as_str().split_once('.').unwrap();
    assert_eq!(database.len(), 8);
    assert!(epoch(&*store, "s").await.as_str().starts_with(database));
    assert!(incarnation.parse::<i64>().is_ok());
    store.close().await;
    store::migrate(db.url(), false).await.unwrap();
    assert_eq!(epoch(&*db.open().await, "r").await, before);
}

async fn a_new_epoch_can_be_asked_for(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r", "quiet"]).await;
    store.append(&[say("r", "ana", "1", "before")]).await.unwrap();
    let before = epoch(&*store, "r").await;
    store::migrate(db.url(), true).await.unwrap();
    // The store that was open all the time knows it too.
    let appended = store.append(&[say("r", "ana", "2", "after")]).await.unwrap()[0].clone().unwrap();
    assert_ne!(appended.epoch, before);
    assert_eq!(appended.stored.seq, seq(2));
    let now = epoch(&*store, "r").await;
    assert_eq!(appended.epoch, now);
    assert_eq!(store.events(&room("r"), Seq::ZERO, WHOLE).await.unwrap().unwrap().epoch, now);
    assert_eq!(store.heads(&[room("r")]).await.unwrap()[0].epoch, now);
    let edited = store.append(&[edit("r", "ana", "3", 2, "later")]).await.unwrap()[0].clone().unwrap();
    assert_eq!(edited.epoch, now);
}

async fn a_room_that_is_made_again_is_another_room(db: Database) {
    let (store, other) = (db.open().await, db.open().await);
    rooms(&*store, &["r", "s"]).await;
    let batch = [say("r", "ana", "1", "before"), say("s", "ana", "1", "here")];
    store.append(&batch).await.unwrap();
    let before = epoch(&*store, "r").await;
    // The events of the room that was deleted may still be about to go.
    db.sql("DELETE FROM rooms WHERE name = 'r'").await;
    assert_eq!(store.open(&room("r"), false).await.unwrap(), None);
    let no_room = Err(store::Declined::NoRoom);
    assert_eq!(answers(&other.append(&batch).await.unwrap()), [no_room, Ok(1)]);
    rooms(&*other, &["r"]).await;
    // The first store remembers the room that is gone, and finds out, in the middle of a batch.
    let appended = store.append(&batch).await.unwrap();
    assert_eq!(answers(&appended), [Ok(1), Ok(1)]);
    let appended = appended[0].clone().unwrap();
    assert!(!appended.stored.repeat);
    assert_ne!(appended.epoch, before);
    assert_eq!(appended.epoch, epoch(&*other, "r").await);
    let log = other.events(&room("r"), Seq::ZERO, WHOLE).await.unwrap().unwrap();
    assert_eq!(log.events.len(), 1);
}

/// Postgres only: a SQLite file has nothing by which it could tell that it was moved.
mod moved {
    use std::collections::HashSet;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_database_that_was_moved_is_another_history_and_every_room_is_told() {
        let db = Database::postgres("a_database_that_was_moved").await;
        let store = db.open().await;
        rooms(&*store, &["a", "b", "quiet"]).await;
        store.append(&[say("a", "ana", "1", "x"), say("b", "ana", "1", "y")]).await.unwrap();
        let before = epoch(&*store, "a").await;
        let (_, cursor) = store.heads_since(None).await.unwrap();
        let (_, cursor) = store.heads_since(Some(cursor)).await.unwrap();
        // As a restored dump comes: with the place that it was taken at, and numbers of that server.
        db.sql("UPDATE history SET place = 'elsewhere'; UPDATE events SET tx = tx + 1000000").await;
        let restored = db.open().await;
        assert_ne!(epoch(&*restored, "a").await, before);
        for cursor in [Some(cursor), None] {
            let told = told_until_quiet(&*restored, cursor).await;
            assert_eq!(told, HashSet::from(["a", "b", "quiet"].map(str::to_owned)));
        }
        let again = db.open().await;
        assert_eq!(epoch(&*again, "a").await, epoch(&*restored, "a").await, "noticed once");
    }

    /// The rooms that are told until nothing new comes; then one message is told alone.
    async fn told_until_quiet(store: &dyn Store, mut cursor: Option<store::Cursor>) -> HashSet<String> {
        let mut told = HashSet::new();
        loop {
            let (heads, next) = store.heads_since(cursor.take()).await.unwrap();
            cursor = Some(next);
            if heads.is_empty() {
                return told;
            }
            told.extend(heads.into_iter().map(|head| head.room.to_string()));
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_starters_make_one_new_epoch() {
        let db = Database::postgres("many_starters_make_one_new_epoch").await;
        let store = db.open().await;
        rooms(&*store, &["r"]).await;
        db.sql("UPDATE history SET place = 'elsewhere'").await;
        let opened = futures::future::join_all((0..6).map(|_| db.open())).await;
        let mut epochs = HashSet::new();
        for store in opened {
            epochs.insert(epoch(&*store, "r").await);
        }
        assert_eq!(epochs.len(), 1);
        assert_eq!(db.number("SELECT generation::bigint FROM history").await, 2);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_role_that_may_not_ask_for_the_timeline_can_use_the_store() {
        let db = Database::postgres_empty("a_role_without_timeline").await;
        db.sql(
            "CREATE ROLE plain LOGIN;
             ALTER DATABASE a_role_without_timeline OWNER TO plain;
             REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC",
        )
        .await;
        let url = db.url().replace("postgres@", "plain@");
        store::migrate(&url, false).await.unwrap();
        let store = store::open(&url, &store::Options::default()).await.unwrap();
        rooms(&*store, &["r"]).await;
        let before = epoch(&*store, "r").await;
        assert_eq!(answers(&store.append(&[say("r", "plain", "1", "hi")]).await.unwrap()), [Ok(1)]);
        let again = store::open(&url, &store::Options::default()).await.unwrap();
        assert_eq!(epoch(&*again, "r").await, before);
    }
}

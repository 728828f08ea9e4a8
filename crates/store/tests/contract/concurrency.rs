//! Two writers on one database: whoever is quicker, the log stays one log.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chat::{Draft, EventKind, PageFrom, Seq};
use store::{Declined, Store};

use crate::contract;
use crate::database::Database;
use crate::drafts::{WHOLE, append, delete, edit, room, rooms, say, seq};

contract!(
    the_same_request_through_two_writers_is_one_message,
    writers_that_share_rooms_leave_no_gap_and_never_wait_in_a_ring,
    edits_of_one_message_through_two_writers_leave_the_later_one_standing,
    a_deletion_beside_edits_leaves_nothing_to_read,
    sends_beside_changes_keep_the_order_of_each_sender,
);

/// Gives the batches of each writer one after the other, both writers at once; a conflict is run again.
async fn at_once(
    stores: [&Arc<dyn Store>; 2],
    batches: [Vec<Vec<Draft>>; 2],
) -> [Vec<Vec<Result<store::Appended, Declined>>>; 2] {
    let writers = stores.into_iter().zip(batches).map(|(store, batches)| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            let mut answers = Vec::new();
            for batch in &batches {
                answers.push(append(&*store, batch).await);
            }
            answers
        })
    });
    let answered: Vec<_> = futures::future::join_all(writers).await.into_iter().map(Result::unwrap).collect();
    answered.try_into().unwrap()
}

async fn the_same_request_through_two_writers_is_one_message(db: Database) {
    let (one, two) = (db.open().await, db.open().await);
    rooms(&*one, &["r", "s"]).await;
    let batch = |n: usize| -> Vec<Draft> {
        let in_room = |i: usize| if i.is_multiple_of(3) { "s" } else { "r" };
        (0..10).map(|i| say(in_room(i), "ana", &format!("{n}-{i}"), "text")).collect()
    };
    let batches: Vec<_> = (0..40).map(batch).collect();
    let [first, second] = at_once([&one, &two], [batches.clone(), batches]).await;
    for (first, second) in first.iter().flatten().zip(second.iter().flatten()) {
        let (first, second) = (first.as_ref().unwrap(), second.as_ref().unwrap());
        assert_eq!((first.stored.seq, first.stored.at), (second.stored.seq, second.stored.at));
        assert!(first.stored.repeat != second.stored.repeat, "exactly one of them made it");
    }
    assert_eq!(db.number("SELECT count(*) FROM events").await, 400);
    db.assert_no_gaps().await;
}

async fn writers_that_share_rooms_leave_no_gap_and_never_wait_in_a_ring(db: Database) {
    let (one, two) = (db.open().await, db.open().await);
    let names: Vec<String> = (0..20).map(|n| format!("r{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    rooms(&*one, &names).await;
    // Each goes through the rooms in its own direction, and every fourth batch holds a change.
    let batches = |by: &str, turn: bool| -> Vec<Vec<Draft>> {
        let batch = |n: usize| {
            let mut batch: Vec<_> =
                names.iter().map(|name| say(name, by, &format!("{n}"), &format!("{by} {n}"))).collect();
            if n % 4 == 3 {
                batch.push(edit(names[n % 20], by, &format!("e{n}"), 999, "nothing"));
            }
            if turn {
                batch.reverse();
            }
            batch
        };
        (0..25).map(batch).collect()
    };
    let write = async |store: &dyn Store, batches: Vec<Vec<Draft>>| {
        for batch in &batches {
            // No request is there twice, so a conflict could only be a deadlock.
            let answered = store.append(batch).await.unwrap();
            assert!(answered.iter().all(|a| a.is_ok() || *a == Err(Declined::NoTarget)), "{answered:?}");
        }
    };
    tokio::join!(write(&*one, batches("ana", false)), write(&*two, batches("bob", true)));
    assert_eq!(db.number("SELECT count(*) FROM events").await, 2 * 25 * 20);
    db.assert_no_gaps().await;
    for name in names {
        let log = one.events(&room(name), Seq::ZERO, WHOLE).await.unwrap().unwrap();
        for by in ["ana", "bob"] {
            let ids: Vec<usize> = log
                .events
                .iter()
                .filter(|event| event.by.id.as_str() == by)
                .map(|event| event.id.as_str().parse().unwrap())
                .collect();
            assert!(ids.is_sorted(), "{by} in {name}: {ids:?}");
        }
    }
}

async fn edits_of_one_message_through_two_writers_leave_the_later_one_standing(db: Database) {
    let (one, two) = (db.open().await, db.open().await);
    rooms(&*one, &["r"]).await;
    append(&*one, &[say("r", "ana", "m", "first")]).await;
    let edits = |by: &str| {
        (0..30).map(|n| vec![edit("r", "ana", &format!("{by}{n}"), 1, &format!("{by} {n}"))]).collect()
    };
    let answered = at_once([&one, &two], [edits("one"), edits("two")]).await;
    assert!(answered.iter().flatten().flatten().all(Result::is_ok));
    assert_replay_is_history(&*one, "r").await;
    assert_eq!(one.open(&room("r"), false).await.unwrap().unwrap().seq, seq(61));
    db.assert_no_gaps().await;
}

async fn a_deletion_beside_edits_leaves_nothing_to_read(db: Database) {
    let (one, two) = (db.open().await, db.open().await);
    rooms(&*one, &["r"]).await;
    for target in 0..15 {
        let message = append(&*one, &[say("r", "ana", &format!("m{target}"), "text")]).await;
        let position = message[0].as_ref().unwrap().stored.seq.get();
        let edits =
            (0..4).map(|n| vec![edit("r", "ana", &format!("e{target}-{n}"), position, "secret")]).collect();
        let deletion = vec![vec![delete("r", "ana", &format!("d{target}"), position)]];
        let [edits, deletion] = at_once([&one, &two], [edits, deletion]).await;
        let deleted = deletion[0][0].as_ref().unwrap().stored.seq;
        for edit in edits.iter().flatten() {
            match edit {
                Ok(edit) => assert!(edit.stored.seq < deleted, "an edit after the deletion"),
                Err(declined) => assert_eq!(*declined, Declined::Deleted),
            }
        }
    }
    assert_eq!(db.number("SELECT count(*) FROM events WHERE body IS NOT NULL").await, 0);
    assert_replay_is_history(&*one, "r").await;
    db.assert_no_gaps().await;
}

async fn sends_beside_changes_keep_the_order_of_each_sender(db: Database) {
    let (one, two) = (db.open().await, db.open().await);
    rooms(&*one, &["r"]).await;
    append(&*one, &(0..30).map(|n| say("r", "bob", &format!("m{n}"), "text")).collect::<Vec<_>>()).await;
    let sends = (0..30)
        .map(|n| (0..5).map(|i| say("r", "ana", &format!("{:03}", n * 5 + i), "hi")).collect())
        .collect();
    let changes = (0..30)
        .map(|n| match n % 2 {
            0 => vec![edit("r", "bob", &format!("c{n}"), n + 1, "new")],
            _ => {
                vec![delete("r", "bob", &format!("c{n}"), n + 1), say("r", "bob", &format!("s{n}"), "after")]
            }
        })
        .collect();
    let answered = at_once([&one, &two], [sends, changes]).await;
    assert!(answered.iter().flatten().flatten().all(Result::is_ok));
    let log = one.events(&room("r"), Seq::ZERO, WHOLE).await.unwrap().unwrap();
    let of_ana: Vec<_> =
        log.events.iter().filter(|e| e.by.id.as_str() == "ana").map(|e| e.id.as_str()).collect();
    assert_eq!(of_ana.len(), 150);
    assert!(of_ana.is_sorted());
    assert_replay_is_history(&*one, "r").await;
    db.assert_no_gaps().await;
}

/// What the messages of a room say, by replaying its log and by its history: they must be the same.
pub(crate) async fn assert_replay_is_history(store: &dyn Store, name: &str) {
    let log = store.events(&room(name), Seq::ZERO, WHOLE).await.unwrap().unwrap();
    let mut replayed: HashMap<Seq, (Option<chat::Body>, Option<chat::Timestamp>)> = HashMap::new();
    let mut deleted = HashSet::new();
    for event in log.events {
        match event.kind {
            EventKind::Message { body, .. } => {
                replayed.insert(event.seq, (body, None));
            }
            EventKind::Edited { target, body } if !deleted.contains(&target) => {
                replayed.insert(target, (body, Some(event.at)));
            }
            EventKind::Deleted { target } => {
                deleted.insert(target);
                replayed.get_mut(&target).unwrap().0 = None;
            }
            EventKind::Edited { .. } => panic!("an edit after a deletion took a seq"),
            EventKind::Unknown => panic!("an unknown event"),
        }
    }
    let history = store.history(&room(name), PageFrom::Before(Seq::MAX), WHOLE).await.unwrap().unwrap();
    let history: HashMap<_, _> =
        history.messages.into_iter().map(|m| (m.seq, (m.body, m.edited_at))).collect();
    assert!(history == replayed, "history {history:?} replayed {replayed:?}");
}

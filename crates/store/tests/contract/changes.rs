//! Edits and deletions: who may, what they leave behind, repeats.

use chat::{Body, EventKind, PageFrom, Seq, StandingMessage};
use store::{Declined, Store};

use crate::contract;
use crate::database::Database;
use crate::drafts::{WHOLE, answers, delete, edit, room, rooms, say, seq};

contract!(
    an_edit_changes_what_the_message_says_and_keeps_the_log,
    a_deletion_scrubs_the_text_everywhere,
    only_the_author_changes_a_message,
    only_a_message_of_the_room_can_be_changed,
    a_deleted_message_stays_deleted,
    a_change_that_is_repeated_gets_its_first_answer,
    changes_and_messages_of_many_rooms_share_a_batch,
);

async fn log(store: &dyn Store, name: &str) -> Vec<EventKind> {
    let page = store.events(&room(name), Seq::ZERO, WHOLE).await.unwrap().unwrap();
    page.events.into_iter().map(|event| event.kind).collect()
}

async fn standing(store: &dyn Store, name: &str) -> Vec<StandingMessage> {
    store.history(&room(name), PageFrom::Before(Seq::MAX), WHOLE).await.unwrap().unwrap().messages
}

#[expect(clippy::unnecessary_wraps, reason = "every body in a log or a page may be missing")]
fn text(text: &str) -> Option<Body> {
    Some(Body::trusted(text))
}

fn message(body: Option<Body>) -> EventKind {
    EventKind::Message { body, reply_to: None }
}

async fn an_edit_changes_what_the_message_says_and_keeps_the_log(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    store.append(&[say("r", "ana", "1", "helo"), say("r", "bob", "1", "hi")]).await.unwrap();
    let first = store.append(&[edit("r", "ana", "2", 1, "hello")]).await.unwrap()[0].clone().unwrap();
    assert_eq!((first.stored.seq, first.stored.target), (seq(3), Some(seq(1))));
    let second = store.append(&[edit("r", "ana", "3", 1, "hello!")]).await.unwrap()[0].clone().unwrap();
    let expected = [
        message(text("helo")),
        message(text("hi")),
        EventKind::Edited { target: seq(1), body: text("hello") },
        EventKind::Edited { target: seq(1), body: text("hello!") },
    ];
    assert!(log(&*store, "r").await == expected);
    let standing = standing(&*store, "r").await;
    assert_eq!(standing.iter().map(|m| m.seq).collect::<Vec<_>>(), [seq(1), seq(2)]);
    assert!(standing[0].body == text("hello!") && standing[1].body == text("hi"));
    assert_eq!((standing[0].edited_at, standing[1].edited_at), (Some(second.stored.at), None));
    assert_eq!(standing[0].id.as_str(), "1");
    db.assert_no_gaps().await;
}

async fn a_deletion_scrubs_the_text_everywhere(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    store.append(&[say("r", "ana", "1", "secret"), say("r", "ana", "2", "other")]).await.unwrap();
    store
        .append(&[edit("r", "ana", "3", 1, "more secret"), edit("r", "ana", "4", 2, "another")])
        .await
        .unwrap();
    store.append(&[delete("r", "ana", "5", 1)]).await.unwrap();
    let expected = [
        message(None),
        message(text("other")),
        EventKind::Edited { target: seq(1), body: None },
        EventKind::Edited { target: seq(2), body: text("another") },
        EventKind::Deleted { target: seq(1) },
    ];
    assert!(log(&*store, "r").await == expected);
    let standing = standing(&*store, "r").await;
    assert!(standing[0].body.is_none() && standing[1].body == text("another"));
    assert_eq!(db.number("SELECT count(*) FROM events WHERE body LIKE '%secret%'").await, 0);
}

async fn only_the_author_changes_a_message(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    store.append(&[say("r", "ana", "1", "mine")]).await.unwrap();
    for change in [edit("r", "bob", "1", 1, "yours"), delete("r", "bob", "2", 1)] {
        assert_eq!(answers(&store.append(&[change]).await.unwrap()), [Err(Declined::NotAuthor)]);
    }
    assert_eq!(answers(&store.append(&[say("r", "bob", "3", "next")]).await.unwrap()), [Ok(2)]);
}

async fn only_a_message_of_the_room_can_be_changed(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r", "s"]).await;
    store.append(&[say("r", "ana", "1", "a"), say("r", "ana", "2", "b")]).await.unwrap();
    store.append(&[edit("r", "ana", "3", 1, "c")]).await.unwrap();
    // An edit, what is not there, another room's message, no room.
    let batch = [
        edit("r", "ana", "4", 3, "x"),
        delete("r", "ana", "5", 99),
        delete("s", "ana", "1", 1),
        edit("r", "ana", "6", 0, "x"),
        delete("nowhere", "ana", "1", 1),
    ];
    let no_target = Err(Declined::NoTarget);
    let expected = [no_target, no_target, no_target, no_target, Err(Declined::NoRoom)];
    assert_eq!(answers(&store.append(&batch).await.unwrap()), expected);
    db.assert_no_gaps().await;
}

async fn a_deleted_message_stays_deleted(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    store.append(&[say("r", "ana", "1", "a")]).await.unwrap();
    assert_eq!(answers(&store.append(&[delete("r", "ana", "2", 1)]).await.unwrap()), [Ok(2)]);
    for change in [edit("r", "ana", "3", 1, "b"), delete("r", "ana", "4", 1)] {
        assert_eq!(answers(&store.append(&[change]).await.unwrap()), [Err(Declined::Deleted)]);
    }
    assert!(standing(&*store, "r").await[0].body.is_none());
    db.assert_no_gaps().await;
}

async fn a_change_that_is_repeated_gets_its_first_answer(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    store.append(&[say("r", "ana", "1", "a")]).await.unwrap();
    let changes = [edit("r", "ana", "2", 1, "b"), delete("r", "ana", "3", 1)];
    for (change, position) in changes.iter().zip([2, 3]) {
        assert_eq!(answers(&store.append(std::slice::from_ref(change)).await.unwrap()), [Ok(position)]);
    }
    // Both are what they were, although the message is deleted and the edit's text is gone.
    for store in [db.open().await, store] {
        for (change, position) in changes.iter().zip([2, 3]) {
            let answered = store.append(std::slice::from_ref(change)).await.unwrap()[0].clone().unwrap();
            assert!(answered.stored.repeat);
            assert_eq!((answered.stored.seq, answered.stored.target), (seq(position), Some(seq(1))));
        }
        let repeat = store.append(&[say("r", "ana", "1", "a")]).await.unwrap();
        assert_eq!(answers(&repeat), [Ok(1)]);
        let taken = [delete("r", "ana", "2", 1), edit("r", "ana", "3", 1, "b")];
        for change in taken {
            assert_eq!(answers(&store.append(&[change]).await.unwrap()), [Err(Declined::IdTaken)]);
        }
    }
    db.assert_no_gaps().await;
}

async fn changes_and_messages_of_many_rooms_share_a_batch(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["a", "b"]).await;
    store
        .append(&[say("a", "ana", "1", "a1"), say("b", "ana", "1", "b1"), say("b", "ana", "2", "b2")])
        .await
        .unwrap();
    let batch = [
        say("b", "ana", "3", "b3"),
        edit("a", "ana", "2", 1, "a1!"),
        delete("b", "bob", "1", 1),
        say("nowhere", "ana", "1", "lost"),
        delete("b", "ana", "4", 1),
        say("b", "ana", "2", "b2"),
        say("a", "ana", "3", "a2"),
        edit("b", "ana", "5", 2, "b2!"),
        say("a", "ana", "1", "another text"),
    ];
    let expected = [
        Ok(3),
        Ok(2),
        Err(Declined::NotAuthor),
        Err(Declined::NoRoom),
        Ok(4),
        Ok(2),
        Ok(3),
        Ok(5),
        Err(Declined::IdTaken),
    ];
    assert_eq!(answers(&store.append(&batch).await.unwrap()), expected);
    let texts = |messages: Vec<StandingMessage>| {
        messages.into_iter().map(|m| m.body.map(|b| b.as_str().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(texts(standing(&*store, "a").await), [Some("a1!".to_owned()), Some("a2".to_owned())]);
    assert_eq!(texts(standing(&*store, "b").await), [None, Some("b2!".to_owned()), Some("b3".to_owned())]);
    db.assert_no_gaps().await;
}

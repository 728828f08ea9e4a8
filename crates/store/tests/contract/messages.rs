//! Plain messages: order, repeats, refusals, texts.

use chat::{Body, Change, EventKind, RoomKind, Seq};
use store::{Declined, StoreError};

use crate::contract;
use crate::database::Database;
use crate::drafts::{WHOLE, answers, draft, reply, room, rooms, say, seq};

contract!(
    a_room_is_made_once_and_found_again,
    drafts_take_the_seqs_of_their_rooms_in_the_order_given,
    an_answer_tells_place_time_and_epoch,
    a_repeat_gets_the_first_answer_whoever_asks,
    an_id_belongs_to_one_request,
    an_unknown_room_harms_nobody_else,
    text_is_kept_byte_for_byte,
    a_nul_fails_the_batch_as_data,
    a_batch_without_drafts_is_answered_without_answers,
    a_full_batch_is_appended_as_a_whole,
);

async fn a_room_is_made_once_and_found_again(db: Database) {
    let store = db.open().await;
    assert_eq!(store.open(&room("r"), false).await.unwrap(), None);
    let made = futures::future::join_all((0..8).map(|_| {
        let store = store.clone();
        async move { store.open(&room("r"), true).await.unwrap().unwrap() }
    }));
    let made = made.await;
    assert!(made.iter().all(|state| *state == made[0]), "{made:?}");
    assert_eq!((made[0].kind, made[0].first_seq, made[0].seq), (RoomKind::Public, seq(1), Seq::ZERO));
    assert_eq!(db.open().await.open(&room("r"), false).await.unwrap().as_ref(), Some(&made[0]));
}

async fn drafts_take_the_seqs_of_their_rooms_in_the_order_given(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["b", "a", "c"]).await;
    let batch = [
        say("b", "ana", "1", "b1"),
        say("a", "ana", "1", "a1"),
        say("b", "bob", "1", "b2"),
        say("b", "ana", "2", "b3"),
        say("a", "ana", "2", "a2"),
    ];
    assert_eq!(answers(&store.append(&batch).await.unwrap()), [Ok(1), Ok(1), Ok(2), Ok(3), Ok(2)]);
    assert_eq!(
        answers(&store.append(&[say("c", "ana", "1", "c1"), say("b", "ana", "3", "b4")]).await.unwrap()),
        [Ok(1), Ok(4)]
    );
    let log = store.events(&room("b"), Seq::ZERO, WHOLE).await.unwrap().unwrap();
    let texts: Vec<_> = log.events.iter().map(|event| event.kind.clone()).collect();
    let message = |text: &str| EventKind::Message { body: Some(Body::trusted(text)), reply_to: None };
    assert_eq!(texts, ["b1", "b2", "b3", "b4"].map(message));
    db.assert_no_gaps().await;
}

async fn an_answer_tells_place_time_and_epoch(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    let appended = store.append(&[reply("r", "ana", "d-1", "hi", 7)]).await.unwrap()[0].clone().unwrap();
    let state = store.open(&room("r"), false).await.unwrap().unwrap();
    let log = store.events(&room("r"), Seq::ZERO, WHOLE).await.unwrap().unwrap();
    assert_eq!((appended.stored.seq, appended.stored.target, appended.stored.repeat), (seq(1), None, false));
    assert_eq!((&appended.epoch, state.seq, log.head), (&state.epoch, seq(1), seq(1)));
    assert_eq!(log.epoch, state.epoch);
    let event = &log.events[0];
    assert_eq!((event.seq, event.at), (seq(1), appended.stored.at));
    assert_eq!((event.id.as_str(), event.by.id.as_str(), &*event.by.name), ("d-1", "ana", "ana's name"));
    assert_eq!(event.kind, EventKind::Message { body: Some(Body::trusted("hi")), reply_to: Some(seq(7)) });
    let seconds = jiff_now() - appended.stored.at.as_seconds();
    assert!((-60..60).contains(&seconds), "the time is off by {seconds} s");
}

fn jiff_now() -> i64 {
    use chat::Clock as _;
    chat::SystemClock.now().as_seconds()
}

async fn a_repeat_gets_the_first_answer_whoever_asks(db: Database) {
    let (store, other) = (db.open().await, db.open().await);
    rooms(&*store, &["r", "s"]).await;
    let first = store.append(&[say("r", "ana", "1", "one"), say("r", "ana", "2", "two")]).await.unwrap();
    for store in [&store, &other] {
        let again = store.append(&[say("r", "ana", "2", "two")]).await.unwrap()[0].clone().unwrap();
        let mut expected = first[1].clone().unwrap();
        expected.stored.repeat = true;
        assert_eq!(again, expected);
    }
    // Among new ones, in every position.
    let batch = [
        say("r", "ana", "2", "two"),
        say("r", "ana", "3", "three"),
        say("s", "ana", "1", "other room, same id"),
        say("r", "ana", "1", "one"),
        say("r", "bob", "1", "other user, same id"),
    ];
    let answered = other.append(&batch).await.unwrap();
    assert_eq!(answers(&answered), [Ok(2), Ok(3), Ok(1), Ok(1), Ok(4)]);
    let repeats: Vec<bool> = answered.iter().map(|a| a.as_ref().unwrap().stored.repeat).collect();
    assert_eq!(repeats, [true, false, false, true, false]);
    assert_eq!(answers(&store.append(&batch).await.unwrap()), [Ok(2), Ok(3), Ok(1), Ok(1), Ok(4)]);
    db.assert_no_gaps().await;
}

async fn an_id_belongs_to_one_request(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    store.append(&[say("r", "ana", "1", "one"), reply("r", "ana", "2", "two", 1)]).await.unwrap();
    let batch = [say("r", "ana", "1", "One"), say("r", "ana", "2", "two"), say("r", "ana", "3", "three")];
    assert_eq!(
        answers(&store.append(&batch).await.unwrap()),
        [Err(Declined::IdTaken), Err(Declined::IdTaken), Ok(3)]
    );
    let edit = draft("r", "ana", "1", Change::Edit { target: seq(2), body: Body::trusted("one") });
    assert_eq!(answers(&store.append(&[edit]).await.unwrap()), [Err(Declined::IdTaken)]);
    db.assert_no_gaps().await;
}

async fn an_unknown_room_harms_nobody_else(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r", "z"]).await;
    let batch = [
        say("r", "ana", "1", "one"),
        say("nowhere", "ana", "1", "lost"),
        say("r", "ana", "2", "two"),
        say("zz", "ana", "1", "lost"),
        say("z", "ana", "1", "one"),
    ];
    let no_room = Err(Declined::NoRoom);
    assert_eq!(answers(&store.append(&batch).await.unwrap()), [Ok(1), no_room, Ok(2), no_room, Ok(1)]);
    assert_eq!(answers(&store.append(&batch[1..2]).await.unwrap()), [no_room]);
    assert_eq!(store.open(&room("nowhere"), false).await.unwrap(), None);
    assert_eq!(store.events(&room("nowhere"), Seq::ZERO, WHOLE).await.unwrap(), None);
    db.assert_no_gaps().await;
}

async fn text_is_kept_byte_for_byte(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    let long = "é🙂\u{202e}".repeat(2000);
    let texts =
        ["", " ", "'\"\\$1?1{}[]", "a\nb\r\n\t\u{1}\u{7f}", "\u{feff}é e\u{301}", "\u{10ffff}", &long];
    let ids: Vec<String> = (0..texts.len()).map(|n| format!("\"'\\{n}🙂")).collect();
    let batch: Vec<_> = texts.iter().zip(&ids).map(|(text, id)| say("r", "Ána \"π\\'", id, text)).collect();
    store.append(&batch).await.unwrap();
    let again = store.append(&batch).await.unwrap();
    assert!(again.iter().all(|answer| answer.as_ref().unwrap().stored.repeat));
    let log = store.events(&room("r"), Seq::ZERO, WHOLE).await.unwrap().unwrap();
    for ((event, text), id) in log.events.iter().zip(texts).zip(&ids) {
        let body = Some(Body::trusted(text));
        assert!(
            event.kind == EventKind::Message { body, reply_to: None },
            "{text:?} came back as another text"
        );
        assert_eq!((event.id.as_str(), event.by.id.as_str()), (id.as_str(), "Ána \"π\\'"));
    }
}

async fn a_nul_fails_the_batch_as_data(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["r"]).await;
    let batch = [say("r", "ana", "1", "good"), say("r", "ana", "2", "b\0d")];
    assert!(matches!(store.append(&batch).await, Err(StoreError::Data(_))));
    assert_eq!(answers(&store.append(&batch[..1]).await.unwrap()), [Ok(1)]);
    db.assert_no_gaps().await;
}

async fn a_batch_without_drafts_is_answered_without_answers(db: Database) {
    assert_eq!(db.open().await.append(&[]).await.unwrap(), []);
}

async fn a_full_batch_is_appended_as_a_whole(db: Database) {
    let store = db.open().await;
    let names: Vec<String> = (0..300).map(|n| format!("room-{n}")).collect();
    rooms(&*store, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for round in 0..3 {
        let say_one = |n: usize| say(&names[n * 7 % 300], "ana", &format!("{round}-{n}"), "text");
        let batch: Vec<_> = (0..1000).map(say_one).collect();
        let answered = store.append(&batch).await.unwrap();
        assert!(answered.iter().all(is_new));
    }
    assert_eq!(db.number("SELECT count(*) FROM events").await, 3000);
    db.assert_no_gaps().await;
}

fn is_new(answer: &Result<store::Appended, Declined>) -> bool {
    answer.as_ref().is_ok_and(|appended| !appended.stored.repeat)
}

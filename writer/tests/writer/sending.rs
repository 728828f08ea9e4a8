//! From a submission to its verdicts.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bus::{Answer, Ask, Bus as _, Door, Note, Partition, Topic};
use chat::{Body, Change, Code, EventKind};

use crate::house::{House, settings};
use crate::moody::MoodyStore;
use crate::witness::{Deed, Witness};
use crate::words::{draft, edits, room, says, seq, submission, told};

#[tokio::test]
async fn what_is_said_is_committed_published_and_acknowledged() {
    let house = House::new().await;
    let writer = house.writer().await;
    let mut ears = house.listen(Topic::Room(room("a"))).await;
    let verdicts = house.submit(vec![says("a", "hi"), says("a", "there")]).await;
    assert_eq!(told(&verdicts), [Ok(1), Ok(2)]);
    let Note::Events(events) = ears.next().await else { panic!() };
    assert_eq!(events.events.len(), 2, "events of a room are told together");
    let first = &events.events[0];
    assert_eq!((first.seq, first.id.as_str(), &*first.by.name), (seq(1), "hi", "Ana"));
    assert_eq!(first.kind, EventKind::Message { body: Some(Body::trusted("hi")), reply_to: None });
    assert_eq!(first.at, verdicts[0].as_ref().unwrap().at);
    assert_eq!(writer.count("parlor_commits_total", Some("committed")), 1.0);
    assert_eq!(writer.count("parlor_commit_batch_messages", None), 1.0);
    assert_eq!(writer.count("parlor_accept_to_commit_seconds", None), 2.0);
}

#[tokio::test]
async fn an_event_is_published_before_its_verdict_is_given() {
    let mut house = House::new().await;
    let witness = Witness::new(Arc::clone(&house.bus));
    house.writers_bus = witness.clone();
    let _writer = house.writer().await;
    let mut pending = Vec::new();
    for n in 0..200 {
        let ask = submission(vec![says("a", &format!("m{n}"))]);
        pending.push(house.bus.ask(Door::SubmitAny, ask, None).await.unwrap());
        tokio::task::yield_now().await;
    }
    for pending in pending {
        assert!(pending.await.is_ok());
    }
    let deeds = witness.deeds();
    let place = |deed: Deed| deeds.iter().position(|other| *other == deed).expect("never done");
    for seq in 1..=200 {
        assert!(place(Deed::Published(seq)) < place(Deed::Answered(seq)), "{seq}: {deeds:?}");
        assert!(seq == 1 || place(Deed::Published(seq - 1)) < place(Deed::Published(seq)));
    }
}

#[tokio::test]
async fn a_repeat_has_its_first_seq_and_is_told_as_a_head_not_as_an_event() {
    let house = House::new().await;
    let _writer = house.writer().await;
    let first = house.submit(vec![says("a", "hi")]).await;
    house.submit(vec![says("a", "there")]).await;
    let mut ears = house.listen(Topic::Room(room("a"))).await;
    let mut heads = house.listen(Topic::Heads(Partition::of(&room("a")))).await;
    let again = house.submit(vec![says("a", "hi")]).await;
    assert_eq!(told(&again), told(&first));
    assert!(again[0].as_ref().unwrap().repeat);
    assert!(ears.heard().is_empty());
    let announced = heads.heard();
    let told = announced
        .iter()
        .any(|note| matches!(note, Note::Heads(_, heads) if heads.iter().any(|head| head.room == room("a"))));
    assert!(told, "{announced:?}");
}

#[tokio::test]
async fn what_is_refused_is_certainly_not_stored_and_holds_nothing_up() {
    let house = House::new().await;
    let writer = house.writer().await;
    let long =
        draft("a", "long", Change::Message { body: Body::trusted(&"x".repeat(200_000)), reply_to: None });
    let nul = draft("a", "nul", Change::Message { body: Body::trusted("a\0b"), reply_to: None });
    let drafts = vec![says("a", "1"), long, nul, edits("a", "e", 99), says("a", "2")];
    assert_eq!(
        told(&house.submit(drafts).await),
        [Ok(1), Err(Code::TooLarge), Err(Code::Malformed), Err(Code::Malformed), Ok(2)]
    );
    assert_eq!(told(&house.submit(vec![says("nowhere", "1")]).await), [Err(Code::NotAllowed)]);
    let mixed = vec![says("a", "3"), says("b", "4")];
    assert_eq!(told(&house.submit(mixed).await), [Ok(3), Err(Code::Malformed)]);
    assert_eq!(writer.count("parlor_drafts_refused_total", Some("malformed")), 3.0);
}

#[tokio::test]
async fn changes_of_one_message_take_effect_in_their_order() {
    let house = House::new().await;
    let _writer = house.writer().await;
    house.submit(vec![says("a", "hi")]).await;
    let delete = draft("a", "x", Change::Delete { target: seq(1) });
    let drafts = vec![edits("a", "e1", 1), edits("a", "e2", 1), delete, edits("a", "e3", 1)];
    assert_eq!(told(&house.submit(drafts).await), [Ok(2), Ok(3), Ok(4), Err(Code::Malformed)]);
}

#[tokio::test]
async fn what_comes_while_a_commit_runs_is_committed_together() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    let _writer = house.writer_on(store.clone(), settings()).await;
    store.held.store(true, Ordering::SeqCst);
    let mut pending = Vec::new();
    for n in 0..500 {
        let draft = says(&format!("r{}", n % 10), &format!("m{n}"));
        pending.push(house.bus.ask(Door::SubmitAny, submission(vec![draft]), None).await.unwrap());
        tokio::task::yield_now().await;
    }
    store.release();
    for pending in pending {
        let Ok(Answer::Verdicts(verdicts)) = pending.await else { panic!() };
        assert!(verdicts[0].is_ok());
    }
    let sizes = store.sizes();
    assert!(sizes.len() <= 3, "500 drafts made {} batches: {sizes:?}", sizes.len());
    for n in 0..10 {
        let page = house.store.heads(&[room(&format!("r{n}"))]).await.unwrap();
        assert_eq!(page[0].seq, seq(50));
    }
}

#[tokio::test]
async fn what_does_not_fit_the_queue_is_answered_at_once() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    let bound = std::num::NonZeroUsize::new(10).unwrap();
    let small = writer::Settings { queue_messages: bound, batch_messages: bound, ..settings() };
    let writer = house.writer_on(store.clone(), small).await;
    store.held.store(true, Ordering::SeqCst);
    let mut pending = Vec::new();
    for n in 0..30 {
        let ask = submission(vec![says("a", &format!("m{n}"))]);
        pending.push(house.bus.ask(Door::SubmitAny, ask, None).await.unwrap());
        tokio::task::yield_now().await;
    }
    let mut refused = 0;
    for pending in pending.drain(20..) {
        let Ok(Answer::Verdicts(verdicts)) = pending.await else { panic!() };
        assert_eq!(told(&verdicts), [Err(Code::Unavailable)]);
        refused += 1;
    }
    assert_eq!(refused, 10);
    store.release();
    for pending in pending {
        assert!(pending.await.is_ok());
    }
    assert!(writer.count("parlor_drafts_refused_total", Some("unavailable")) >= 10.0);
}

#[tokio::test]
async fn only_submissions_come_in_at_a_door_for_submissions() {
    let house = House::new().await;
    let _writer = house.writer().await;
    for (door, ask) in
        [(Door::SubmitAny, Ask::Heads(Vec::new())), (Door::ReadAny, submission(vec![says("a", "1")]))]
    {
        let Ok(Answer::Refused(refusal)) = house.ask(door, ask).await else { panic!() };
        assert_eq!(refusal.code, Code::Malformed);
    }
}

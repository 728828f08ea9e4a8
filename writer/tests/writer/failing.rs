//! The store fails.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bus::{Answer, Ask, Door, PageLimit, Topic};
use chat::{Code, Seq};

use crate::house::{House, settings};
use crate::moody::{Mood, MoodyStore, POISON};
use crate::words::{room, says, told};

#[tokio::test]
async fn a_value_that_cannot_be_kept_is_found_and_the_rest_is_stored_in_order() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    let writer = house.writer_on(store.clone(), settings()).await;
    let mut drafts: Vec<_> = (0..20).map(|n| says("a", &format!("m{n}"))).collect();
    drafts[7] = says("a", POISON);
    let mut expected: Vec<_> = (1..=19).map(Ok).collect();
    expected.insert(7, Err(Code::Malformed));
    let mut ears = house.listen(Topic::Room(room("a"))).await;
    assert_eq!(told(&house.submit(drafts).await), expected);
    assert_eq!(ears.seqs(19).await, (1..=19).collect::<Vec<_>>());
    assert!(writer.count("parlor_commits_total", Some("data")) > 1.0);
}

#[tokio::test]
async fn a_conflict_is_tried_again_and_nobody_notices() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    let writer = house.writer_on(store.clone(), settings()).await;
    store.moods([Mood::Conflict, Mood::Conflict]);
    assert_eq!(told(&house.submit(vec![says("a", "1"), says("a", "2")]).await), [Ok(1), Ok(2)]);
    assert_eq!(writer.count("parlor_commits_total", Some("conflict")), 2.0);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_by_the_id() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    let mut writer = house.writer_on(store.clone(), settings()).await;
    let mut ears = house.listen(Topic::Room(room("a"))).await;
    store.moods([Mood::Forgetful]);
    assert_eq!(told(&house.submit(vec![says("a", "1")]).await), [Err(Code::Unavailable)]);
    assert!(ears.heard().is_empty(), "what may not be there is not told");
    writer.until(Result::is_ok).await;
    assert_eq!(told(&house.submit(vec![says("a", "1")]).await), [Ok(1)]);
    assert_eq!(told(&house.submit(vec![says("a", "2")]).await), [Ok(2)]);
}

#[tokio::test]
async fn while_the_store_is_gone_sends_are_answered_at_once_and_then_all_is_well_again() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    let mut writer = house.writer_on(store.clone(), settings()).await;
    store.gone.store(true, Ordering::SeqCst);
    assert_eq!(told(&house.submit(vec![says("a", "1")]).await), [Err(Code::Unavailable)]);
    writer.until(|state| state.as_ref().is_err_and(|why| why.contains("store"))).await;
    let appends = store.sizes().len();
    for n in 0..100 {
        let verdicts = house.submit(vec![says("a", &format!("m{n}"))]).await;
        assert_eq!(told(&verdicts), [Err(Code::Unavailable)]);
    }
    assert_eq!(store.sizes().len(), appends, "a store that is gone is not tried with what people say");
    store.gone.store(false, Ordering::SeqCst);
    writer.until(Result::is_ok).await;
    assert_eq!(told(&house.submit(vec![says("a", "1")]).await), [Ok(1)]);
}

/// The later draft of a sender must not be stored when nobody knows about the earlier one.
#[tokio::test]
async fn once_an_outcome_is_unknown_nothing_that_waits_behind_it_is_stored() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    let two = std::num::NonZeroUsize::new(2).unwrap();
    let _writer =
        house.writer_on(store.clone(), writer::Settings { batch_messages: two, ..settings() }).await;
    store.moods([Mood::Good, Mood::Absent]);
    let drafts = (0..6).map(|n| says("a", &format!("m{n}"))).collect();
    let unknown = Err(Code::Unavailable);
    assert_eq!(told(&house.submit(drafts).await), [Ok(1), Ok(2), unknown, unknown, unknown, unknown]);
    assert_eq!(store.sizes(), [2, 2], "the rest was not tried");
}

#[tokio::test]
async fn an_idle_writer_notices_that_its_store_has_gone() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    let mut writer = house.writer_on(store.clone(), settings()).await;
    store.gone.store(true, Ordering::SeqCst);
    let read = Ask::Events { room: room("a"), after: Seq::ZERO, limit: PageLimit(1) };
    let Ok(Answer::Refused(refusal)) = house.ask(Door::ReadAny, read).await else { panic!() };
    assert_eq!(refusal.code, Code::Unavailable);
    writer.until(Result::is_err).await;
    store.gone.store(false, Ordering::SeqCst);
    writer.until(Result::is_ok).await;
}

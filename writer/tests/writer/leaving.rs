//! A writer leaves.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bus::{Answer, Ask, Bus as _, BusError, Door, Note, Topic};

use crate::house::{House, settings};
use crate::moody::MoodyStore;
use crate::words::{room, says, submission, told};

#[tokio::test]
async fn what_has_come_in_is_committed_published_and_answered() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    let mut writer = house.writer_on(store.clone(), settings()).await;
    let mut ears = house.listen(Topic::Room(room("a"))).await;
    let mut beats = house.listen(Topic::Beats).await;
    store.held.store(true, Ordering::SeqCst);
    store.reads_held.store(true, Ordering::SeqCst);
    let mut pending = Vec::new();
    for n in 0..100 {
        let ask = submission(vec![says("a", &format!("m{n}"))]);
        pending.push(house.bus.ask(Door::SubmitAny, ask, None).await.unwrap());
    }
    let read = house.bus.ask(Door::ReadAny, Ask::Heads(vec![room("a")]), None).await.unwrap();
    writer.stop.cancel();
    writer.until(|state| state.as_ref().is_err_and(|why| why == "leaving")).await;
    while house.bus.ask(Door::SubmitAny, submission(vec![says("a", "late")]), None).await.is_ok() {
        tokio::task::yield_now().await;
    }
    store.release();
    store.read_permits.add_permits(10);
    writer.ended().await.unwrap();
    for (n, pending) in pending.into_iter().enumerate() {
        let Ok(Answer::Verdicts(verdicts)) = pending.await else { panic!() };
        assert_eq!(told(&verdicts), [Ok(n as u64 + 1)]);
    }
    assert!(matches!(read.await, Ok(Answer::Heads(_))));
    assert_eq!(ears.seqs(100).await, (1..=100).collect::<Vec<_>>());
    let left = beats.heard().iter().any(|note| matches!(note, Note::Beat(beat) if beat.leaving));
    assert!(left, "nobody was told");
    assert_eq!(
        house.ask(Door::SubmitAny, submission(vec![says("a", "x")])).await,
        Err(BusError::NoResponder)
    );
}

#[tokio::test]
async fn a_store_that_is_being_closed_is_asked_nothing_more() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    // Longer than the pause between two questions whether a store is well.
    *store.goodbye.lock().unwrap() = Duration::from_millis(2500);
    let writer = house.writer_on(store.clone(), settings()).await;
    writer.stop.cancel();
    writer.ended().await.unwrap();
    assert_eq!(store.late.load(Ordering::SeqCst), 0);
}

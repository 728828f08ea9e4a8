//! Heads: what finds that which the bus has lost, and that which nobody has ever told.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bus::{Bus as _, Door, Note, Partition, Topic};
use chat::Seq;
use tokio::time::timeout;

use crate::house::{Ears, HANG, House, settings};
use crate::moody::MoodyStore;
use crate::witness::Witness;
use crate::words::{room, says, submission, told};

/// Waits until the head of a room is announced.
async fn announced(ears: &mut Ears, name: &str, seq: u64) {
    let announced = async {
        loop {
            if let Note::Heads(partition, heads) = ears.next().await {
                assert!(heads.iter().all(|head| Partition::of(&head.room) == partition));
                if heads.iter().any(|head| head.room == room(name) && head.seq.get() == seq) {
                    return;
                }
            }
        }
    };
    timeout(HANG, announced).await.expect("the head is never announced");
}

async fn heads_of(house: &House, name: &str) -> Ears {
    house.listen(Topic::Heads(Partition::of(&room(name)))).await
}

#[tokio::test]
async fn what_a_writer_has_committed_it_announces_from_memory() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    store.blind.store(true, Ordering::SeqCst);
    let _writer = house.writer_on(store.clone(), settings()).await;
    let mut ears = heads_of(&house, "a").await;
    house.submit(vec![says("a", "1"), says("a", "2")]).await;
    announced(&mut ears, "a", 2).await;
    // Once is enough: whoever may have missed it knows that, and asks.
    tokio::time::sleep(settings().heads * 3).await;
    assert!(ears.heard().is_empty());
}

#[tokio::test]
async fn what_was_committed_and_never_told_is_found_in_the_store() {
    let house = House::new().await;
    let _writers = (house.writer().await, house.writer().await);
    let mut ears = heads_of(&house, "b").await;
    house.store.append(&[says("b", "of a writer that died")]).await.unwrap();
    announced(&mut ears, "b", 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    ears.heard();
    house.store.append(&[says("b", "of another one")]).await.unwrap();
    announced(&mut ears, "b", 2).await;
}

/// A house in which what writers tell can be lost without a word.
async fn house_by_a_black_hole() -> (House, Arc<Witness>) {
    let mut house = House::new().await;
    let witness = Witness::new(Arc::clone(&house.bus));
    house.writers_bus = Arc::clone(&witness) as Arc<dyn bus::Bus>;
    (house, witness)
}

/// Lets what is told be lost until heads were announced, which nobody has heard.
async fn swallow_an_announcement(witness: &Witness, ears: &mut Ears) {
    while witness.swallowed_heads() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(ears.heard().is_empty());
    witness.swallows.store(false, Ordering::SeqCst);
}

#[tokio::test]
async fn what_a_scan_has_told_a_black_hole_is_told_again() {
    let (house, witness) = house_by_a_black_hole().await;
    let _writer = house.writer().await;
    let mut ears = heads_of(&house, "b").await;
    house.store.append(&[says("b", "before")]).await.unwrap();
    announced(&mut ears, "b", 1).await;
    ears.heard();
    witness.swallows.store(true, Ordering::SeqCst);
    house.store.append(&[says("b", "of a writer that died")]).await.unwrap();
    swallow_an_announcement(&witness, &mut ears).await;
    announced(&mut ears, "b", 2).await;
}

#[tokio::test]
async fn what_memory_has_told_a_black_hole_is_told_again() {
    let (house, witness) = house_by_a_black_hole().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    store.blind.store(true, Ordering::SeqCst);
    let _writer = house.writer_on(store, settings()).await;
    let mut ears = heads_of(&house, "a").await;
    witness.swallows.store(true, Ordering::SeqCst);
    house.submit(vec![says("a", "1")]).await;
    swallow_an_announcement(&witness, &mut ears).await;
    announced(&mut ears, "a", 1).await;
}

#[tokio::test]
async fn what_was_committed_while_the_bus_was_cut_is_announced_when_it_is_back() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    store.blind.store(true, Ordering::SeqCst);
    let mut writer = house.writer_on(store.clone(), settings()).await;
    let mut ears = heads_of(&house, "a").await;
    store.held.store(true, Ordering::SeqCst);
    let pending = house.bus.ask(Door::SubmitAny, submission(vec![says("a", "1")]), None).await.unwrap();
    while store.sizes().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    house.bus.cut();
    writer.until(|state| state.as_ref().is_err_and(|why| why.contains("bus"))).await;
    assert!(pending.await.is_err());
    store.release();
    while house.store.heads(&[room("a")]).await.unwrap()[0].seq == Seq::ZERO {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The announcer comes round while there is nobody to hear it.
    tokio::time::sleep(settings().heads * 3).await;
    house.bus.restore();
    announced(&mut ears, "a", 1).await;
    assert_eq!(told(&house.submit(vec![says("a", "1")]).await), [Ok(1)]);
}

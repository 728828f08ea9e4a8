//! Reads.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bus::{Answer, Ask, Bus as _, Door, HEADS_MAX, PageLimit};
use chat::{Code, PageFrom, RoomKind, Seq};

use crate::house::{House, settings};
use crate::moody::MoodyStore;
use crate::words::{room, says, seq};

const LIMIT: PageLimit = PageLimit(2);

#[tokio::test]
async fn everything_can_be_read_that_gateways_need() {
    let house = House::new().await;
    let _writer = house.writer().await;
    house.submit(vec![says("a", "1"), says("a", "2"), says("a", "3")]).await;
    let ask = |ask| house.ask(Door::ReadAny, ask);

    let Ok(Answer::Room(state)) = ask(Ask::Open { room: room("a"), create: false }).await else { panic!() };
    assert_eq!((state.kind, state.first_seq, state.seq), (RoomKind::Public, seq(1), seq(3)));
    let new = Ask::Open { room: room("new"), create: true };
    let Ok(Answer::Room(state)) = ask(new).await else { panic!() };
    assert_eq!(state.seq, Seq::ZERO);

    let events = Ask::Events { room: room("a"), after: seq(1), limit: LIMIT };
    let Ok(Answer::Events(page)) = ask(events).await else { panic!() };
    assert_eq!(page.events.iter().map(|event| event.seq.get()).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(page.head, seq(3));

    let history = Ask::History { room: room("a"), from: PageFrom::Before(Seq::MAX), limit: LIMIT };
    let Ok(Answer::History(page)) = ask(history).await else { panic!() };
    assert_eq!(page.messages.iter().map(|message| message.seq.get()).collect::<Vec<_>>(), [2, 3]);
    assert!(page.more);

    let Ok(Answer::Rooms(rooms, more)) = ask(Ask::Rooms { after: None, limit: LIMIT }).await else {
        panic!()
    };
    assert_eq!(rooms.iter().map(|room| room.room.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(more);
    let last = Ask::Rooms { after: Some(room("r8")), limit: LIMIT };
    let Ok(Answer::Rooms(rooms, more)) = ask(last).await else { panic!() };
    assert_eq!((rooms.len(), more), (1, false));

    let heads = Ask::Heads(vec![room("a"), room("nowhere")]);
    let Ok(Answer::Heads(heads)) = ask(heads).await else { panic!() };
    assert_eq!((heads.len(), heads[0].seq), (1, seq(3)));
}

#[tokio::test]
async fn a_room_that_is_not_there_is_refused() {
    let house = House::new().await;
    let _writer = house.writer().await;
    for ask in [
        Ask::Open { room: room("nowhere"), create: false },
        Ask::Events { room: room("nowhere"), after: Seq::ZERO, limit: LIMIT },
        Ask::History { room: room("nowhere"), from: PageFrom::After(Seq::ZERO), limit: LIMIT },
    ] {
        let Ok(Answer::Refused(refusal)) = house.ask(Door::ReadAny, ask).await else { panic!() };
        assert_eq!(refusal.code, Code::NotAllowed);
    }
    let many = Ask::Heads((0..=HEADS_MAX).map(|n| room(&format!("r{n}"))).collect());
    let Ok(Answer::Refused(refusal)) = house.ask(Door::ReadAny, many).await else { panic!() };
    assert_eq!(refusal.code, Code::Malformed);
}

#[tokio::test]
async fn a_thousand_equal_reads_ask_the_store_a_few_times() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    let writer = house.writer_on(store.clone(), settings()).await;
    let read_before = store.reads.load(Ordering::SeqCst);
    store.reads_held.store(true, Ordering::SeqCst);
    let mut pending = Vec::new();
    for _ in 0..1000 {
        let ask = Ask::Events { room: room("a"), after: Seq::ZERO, limit: LIMIT };
        pending.push(house.bus.ask(Door::ReadAny, ask, None).await.unwrap());
        tokio::task::yield_now().await;
    }
    store.reads_held.store(false, Ordering::SeqCst);
    store.read_permits.add_permits(1000);
    for pending in pending {
        assert!(matches!(pending.await, Ok(Answer::Events(_))));
    }
    let made = store.reads.load(Ordering::SeqCst) - read_before;
    assert!(made <= 20, "{made} reads were made");
    assert_eq!(writer.count("parlor_store_reads_total", Some("joined")), (1000 - made) as f64);
}

#[tokio::test]
async fn more_readers_than_may_wait_are_answered_at_once() {
    let house = House::new().await;
    let store = MoodyStore::new(Arc::clone(&house.store));
    let one = std::num::NonZeroUsize::MIN;
    let small = writer::Settings { reads_at_once: one, reads_waiting: one, ..settings() };
    let _writer = house.writer_on(store.clone(), small).await;
    store.reads_held.store(true, Ordering::SeqCst);
    let read = |n: u64| Ask::Events { room: room("a"), after: seq(n), limit: LIMIT };
    let mut pending = Vec::new();
    for n in 0..10 {
        pending.push(house.bus.ask(Door::ReadAny, read(n), None).await.unwrap());
        // One is with the store, one waits.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    for pending in pending.drain(2..) {
        let Ok(Answer::Refused(refusal)) = pending.await else { panic!() };
        assert_eq!(refusal.code, Code::Unavailable);
    }
    store.read_permits.add_permits(10);
    for pending in pending {
        assert!(matches!(pending.await, Ok(Answer::Events(_))));
    }
}

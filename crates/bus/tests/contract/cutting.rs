//! The connection breaks, and comes back.

use bus::{Answer, BusError, Door, Topic};

use crate::road::{Road, answered};
use crate::words::{ask, beat, head, partition, room, said};

pub(crate) async fn a_cut_ends_what_is_under_way_and_everything_comes_back(mut road: Road) {
    let (gateway, writer) = (road.join().await, road.join().await);
    let (own, shared) = (Door::Read(partition(3)), Door::ReadAny);
    let mut served = writer.serve(own).await;
    let served_shared = writer.serve(shared).await;
    let mut listened = gateway.listen(Topic::Room(room("a.b"))).await;
    let losses = gateway.0.link().borrow().losses;

    let pending = gateway.0.ask(own, ask("a"), None).await.unwrap();
    served.next().await;
    road.cut();
    assert_eq!(answered(pending).await, Err(BusError::Cut));
    assert!(!gateway.until(|link| !link.connected).await.connected);

    road.restore().await;
    let link = gateway.until(|link| link.connected).await;
    assert!(link.losses > losses, "{link:?}");
    writer.until(|link| link.connected).await;
    writer.0.settle().await.unwrap();
    gateway.0.settle().await.unwrap();
    writer.answer_heads(served);
    writer.answer_heads(served_shared);
    for door in [own, shared] {
        assert_eq!(gateway.ask(door, ask("b")).await, Ok(Answer::Heads(vec![head("b", 1)])));
    }
    writer.publish(said("a.b", 9)).await;
    assert_eq!(listened.next().await, said("a.b", 9));
}

pub(crate) async fn handing_over_without_a_connection_fails_at_once(mut road: Road) {
    let person = road.join().await;
    let _served = person.serve(Door::ReadAny).await;
    road.cut();
    person.until(|link| !link.connected).await;
    let at_once = async {
        assert_eq!(person.ask(Door::ReadAny, ask("a")).await, Err(BusError::Cut));
        assert_eq!(person.0.publish(beat("w"), None).await, Err(BusError::Cut));
        assert_eq!(person.0.settle().await, Err(BusError::Cut));
        // Whoever comes in meanwhile is heard later.
        person.0.listen(Topic::Beats, tokio::sync::mpsc::channel(8).0).await.unwrap()
    };
    let started = std::time::Instant::now();
    let _listening = at_once.await;
    assert!(started.elapsed().as_secs() < 2, "{:?}", started.elapsed());
}

pub(crate) async fn an_answer_to_a_request_from_before_a_cut_disturbs_nobody(mut road: Road) {
    let (gateway, writer) = (road.join().await, road.join().await);
    let mut served = writer.serve(Door::ReadAny).await;
    let pending = gateway.0.ask(Door::ReadAny, ask("a"), None).await.unwrap();
    let old = served.next().await;
    road.cut();
    assert_eq!(answered(pending).await, Err(BusError::Cut));
    writer.until(|link| !link.connected).await;
    road.restore().await;
    for person in [&gateway, &writer] {
        person.until(|link| link.connected).await;
        person.0.settle().await.unwrap();
    }
    writer.0.answer(old.reply_to, Answer::Heads(vec![head("a", 1)])).await.unwrap();
    writer.answer_heads(served);
    assert_eq!(gateway.ask(Door::ReadAny, ask("b")).await, Ok(Answer::Heads(vec![head("b", 1)])));
}

pub(crate) async fn settling_is_a_round_trip(road: Road) {
    let (writer, gateway) = (road.join().await, road.join().await);
    let mut listened = gateway.listen(Topic::Beats).await;
    for n in 0..100 {
        writer.publish(beat(&format!("w{n}"))).await;
    }
    writer.0.settle().await.unwrap();
    gateway.0.settle().await.unwrap();
    for n in 0..100 {
        assert_eq!(listened.next().await, beat(&format!("w{n}")));
    }
}

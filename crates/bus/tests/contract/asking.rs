//! Requests and answers.

use std::time::Duration;

use bus::{Answer, Ask, BusError, Door, LocalBus, Options, PollSession, open};

use crate::road::{HANG, Person, Road, answered};
use crate::words::{ask, head, partition, trace};

pub(crate) async fn a_request_is_answered_and_carries_its_trace(road: Road) {
    let (gateway, writer) = (road.join().await, road.join().await);
    let door = Door::Read(partition(3));
    let mut served = writer.serve(door).await;
    let pending = gateway.0.ask(door, ask("general"), trace()).await.unwrap();
    let asked = served.next().await;
    assert_eq!(asked.ask, ask("general"));
    assert!(asked.trace.is_some());
    assert_eq!(asked.trace, trace());
    let answer = Answer::Heads(vec![head("general", 7)]);
    writer.0.answer(asked.reply_to, answer.clone()).await.unwrap();
    assert_eq!(answered(pending).await, Ok(answer));
}

pub(crate) async fn requests_arrive_in_the_order_of_their_hand_over(road: Road) {
    let (gateway, writer) = (road.join().await, road.join().await);
    let door = Door::Submit(partition(0));
    let mut served = writer.serve(door).await;
    let mut pending = Vec::new();
    for n in 0..1000 {
        pending.push(gateway.0.ask(door, ask(&format!("r{n}")), None).await.unwrap());
    }
    for n in 0..1000 {
        assert_eq!(served.next().await.ask, ask(&format!("r{n}")));
    }
}

pub(crate) async fn a_shared_door_gives_each_request_to_one_of_its_servers(road: Road) {
    let (gateway, one, other) = (road.join().await, road.join().await, road.join().await);
    let mut served = [one.serve(Door::SubmitAny).await, other.serve(Door::SubmitAny).await];
    let mut pending = Vec::new();
    for n in 0..200 {
        pending.push(gateway.0.ask(Door::SubmitAny, ask(&format!("r{n}")), None).await.unwrap());
    }
    for person in [&gateway, &one, &other] {
        person.0.settle().await.unwrap();
    }
    let mut taken = Vec::new();
    for served in &mut served {
        let before = taken.len();
        // What has reached this server's connection may still be on its way into the queue.
        while let Ok(Some(asked)) =
            tokio::time::timeout(Duration::from_millis(500), served.asked.recv()).await
        {
            let Ask::Heads(rooms) = asked.ask else { panic!() };
            taken.push(rooms[0].as_str().to_owned());
        }
        assert!(taken.len() > before, "one server got nothing");
    }
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), 200);
}

pub(crate) async fn a_door_of_a_partition_gives_each_request_to_all_of_its_servers(road: Road) {
    let (gateway, one, other) = (road.join().await, road.join().await, road.join().await);
    let door = Door::Submit(partition(63));
    let mut served = [one.serve(door).await, other.serve(door).await];
    let pending = gateway.0.ask(door, ask("a"), None).await.unwrap();
    for (person, served) in [&one, &other].into_iter().zip(&mut served) {
        let asked = served.next().await;
        assert_eq!(asked.ask, ask("a"));
        person.0.answer(asked.reply_to, Answer::Heads(vec![head("a", 1)])).await.unwrap();
    }
    assert_eq!(answered(pending).await, Ok(Answer::Heads(vec![head("a", 1)])));
}

pub(crate) async fn a_request_that_nobody_serves_fails_at_once(road: Road) {
    let (gateway, writer) = (road.join().await, road.join().await);
    let _elsewhere = writer.serve(Door::Submit(partition(1))).await;
    for door in [Door::Submit(partition(2)), Door::Read(partition(1)), Door::SubmitAny, Door::ReadAny] {
        assert_eq!(gateway.ask(door, ask("a")).await, Err(BusError::NoResponder), "{door:?}");
    }
}

pub(crate) async fn a_door_that_was_closed_is_served_by_nobody(road: Road) {
    let (gateway, writer) = (road.join().await, road.join().await);
    let door = Door::Submit(partition(1));
    let mut served = writer.serve(door).await;
    let pending = gateway.0.ask(door, ask("before"), None).await.unwrap();
    gateway.0.settle().await.unwrap();
    writer.0.settle().await.unwrap();
    served.listening = None;
    assert_eq!(served.next().await.ask, ask("before"), "what had come in before is still there");
    drop(pending);
    // What is asked before the other side knows is lost, as with any server that goes away.
    let closed = async {
        while tokio::time::timeout(Duration::from_millis(100), gateway.ask(door, ask("after"))).await
            != Ok(Err(BusError::NoResponder))
        {}
    };
    tokio::time::timeout(HANG, closed).await.expect("the door stays open");
}

pub(crate) async fn a_request_that_was_given_up_disturbs_nobody(road: Road) {
    let (gateway, writer) = (road.join().await, road.join().await);
    let mut served = writer.serve(Door::ReadAny).await;
    drop(gateway.0.ask(Door::ReadAny, ask("a"), None).await.unwrap());
    let asked = served.next().await;
    writer.0.answer(asked.reply_to, Answer::Heads(vec![head("a", 1)])).await.unwrap();
    writer.answer_heads(served);
    assert_eq!(gateway.ask(Door::ReadAny, ask("b")).await, Ok(Answer::Heads(vec![head("b", 1)])));
}

pub(crate) async fn more_requests_than_may_wait_are_turned_away(road: Road) {
    let options = Options { requests_max: 2, ..Options::default() };
    let gateway = match &road {
        Road::Local(_) => Person(std::sync::Arc::new(LocalBus::new(options.requests_max))),
        Road::Nats(nats) => Person(open(&nats.url(), &options).await.unwrap()),
    };
    gateway.until(|link| link.connected).await;
    let _served = gateway.serve(Door::ReadAny).await;
    let asked = |name| gateway.0.ask(Door::ReadAny, ask(name), None);
    let (first, second) = (asked("a").await.unwrap(), asked("b").await.unwrap());
    assert_eq!(asked("c").await.unwrap_err(), BusError::Full);
    drop((first, second));
    assert!(asked("d").await.is_ok());
}

pub(crate) async fn each_gateway_has_a_door_of_its_own(road: Road) {
    let (home, other) = (road.join().await, road.join().await);
    let mut served = [home.serve(Door::Gateway(1)).await, other.serve(Door::Gateway(u64::MAX)).await];
    let session = PollSession(u128::MAX);
    let lines = vec!["[\"1\",\n👍]".to_owned(), String::new()];
    for (person, door) in [(&other, 1), (&home, u64::MAX)] {
        for ask in [Ask::Poll { session }, Ask::Post { session, lines: lines.clone() }] {
            let pending = person.0.ask(Door::Gateway(door), ask.clone(), None).await.unwrap();
            let asked = served[usize::from(door != 1)].next().await;
            assert_eq!(asked.ask, ask);
            // As large as what waits for a poll may be, with much to be escaped.
            let frames = vec!["\"\\".repeat(64 * 1024); 2];
            let keeper = if door == 1 { &home } else { &other };
            keeper.0.answer(asked.reply_to, Answer::Frames(frames.clone())).await.unwrap();
            assert_eq!(answered(pending).await, Ok(Answer::Frames(frames)));
        }
    }
    assert_eq!(home.ask(Door::Gateway(2), Ask::Poll { session }).await, Err(BusError::NoResponder));
}

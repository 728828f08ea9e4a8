//! One order a room, one message an id, whoever sends at once.

use futures::future::join_all;
use town::{Answer, Sent, Town, length, new_id};

use crate::body;

#[tokio::test(flavor = "multi_thread")]
async fn twelve_senders_to_one_room_lose_double_and_reorder_nothing() {
    const SENDERS: usize = 12;
    const EACH: usize = 50;
    let town = Town::new().gateways(3).writers(2).start().await;
    let mut people = Vec::new();
    for number in 0..SENDERS {
        people.push(town.person(&format!("sender-{number}")).at(number).joins("r7").await);
    }
    let sent = join_all(people.iter().map(async |person| {
        let mut pending = Vec::new();
        for number in 0..EACH {
            pending.push(person.begins("r7", &new_id(), &body(number, 20)).await);
        }
        let mut seqs = Vec::new();
        for pending in pending {
            seqs.push(person.answer(pending).await.sent().seq);
        }
        seqs
    }));
    for seqs in sent.await {
        assert!(seqs.is_sorted(), "one sender's messages took their seqs in the order in which it sent them");
    }
    let seen = join_all(people.iter().map(|person| person.sees("r7", SENDERS * EACH))).await;
    assert!(seen.iter().all(|one| *one == seen[0]), "not all saw the same");
    let audit = town.audit().await;
    let all = SENDERS * EACH;
    assert_eq!((audit.asked, audit.acknowledged, audit.unknown), (all, all, 0));
    assert_eq!(audit.shown, SENDERS * all);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_sent_through_two_gateways_at_once_is_one_message() {
    let times = length(100, 1000);
    let town = Town::new().gateways(2).writers(2).start().await;
    let here = town.person("ana").at(0).joins("r7").await;
    let there = town.person("ana").at(1).joins("r7").await;
    let ben = town.person("ben").at(1).joins("r7").await;
    for number in 0..times {
        let (id, body) = (new_id(), body(number, 10));
        let (one, two) = tokio::join!(here.says_as("r7", &id, &body), there.says_as("r7", &id, &body));
        assert_eq!(one.sent(), two.sent());
    }
    let seen = ben.sees("r7", times).await;
    let numbers: Vec<usize> = seen.iter().map(|message| message.body.parse().unwrap()).collect();
    assert_eq!(numbers, (0..times).collect::<Vec<_>>());
    let audit = town.audit().await;
    assert_eq!((audit.asked, audit.acknowledged, audit.shown), (times, times, 3 * times));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_names_one_request_for_good() {
    let town = Town::new().gateways(2).start().await;
    let ana = town.person("ana").at(0).joins("r7").await;
    let first = ana.says_as("r7", "d-1", "hello").await.sent();
    assert_eq!(first, Sent { id: "d-1".to_owned(), seq: 1 });

    let elsewhere = town.person("ana").at(1).await;
    assert_eq!(elsewhere.says_as("r7", "d-1", "hello").await.sent(), first);
    let other_body = elsewhere.says_as("r7", "d-1", "goodbye").await.refused();
    assert_eq!((&*other_body.code, other_body.id.as_deref()), ("malformed", Some("d-1")));

    // In another room, and from another user, it is another request.
    ana.joins("kitchen").await;
    assert_eq!(ana.says_as("kitchen", "d-1", "hello").await.sent().seq, 1);
    let ben = town.person("ben").at(1).await;
    assert_eq!(ben.says_as("r7", "d-1", "hello").await.sent().seq, 2);
    let audit = town.audit().await;
    assert_eq!((audit.asked, audit.acknowledged), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sender_keeps_its_order_while_writers_are_killed() {
    const EACH: usize = 10;
    let kills = length(4, 30);
    let bursts = kills * 3;
    let mut town = Town::new().gateways(2).writers(2).start().await;
    let reader = town.person("ben").at(1).joins("r7").await;
    let mut ana = town.resident("ana").at(0).joins("r7").await;
    let talking = tokio::spawn(async move {
        for burst in 0..bursts {
            let bodies: Vec<String> = (0..EACH).map(|n| body(burst * EACH + n, 10)).collect();
            ana.says_all("r7", &bodies).await;
        }
        ana
    });
    for round in 0..kills {
        reader.sees("r7", 1 + round * 20).await;
        town.writers[round % 2].kill9();
        town.writers[round % 2].restart().await;
    }
    let ana = talking.await.unwrap();
    reader.sees("r7", bursts * EACH).await;
    let audit = town.audit().await;
    let all = bursts * EACH;
    assert_eq!((audit.asked, audit.acknowledged, audit.unknown), (all, all, 0));
    assert_eq!(ana.returns(), 0, "its gateway was there all the time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_without_an_id_is_given_one() {
    let town = Town::new().start().await;
    let ana = town.person("ana").joins("r7").await;
    let frame = serde_json::json!({ "type": "send", "room": "r7", "body": "hello" });
    let (one, two) = (ana.asks(frame.clone()).await, ana.asks(frame).await);
    assert_eq!((&one["type"], &one["seq"], &two["seq"]), (&"sent".into(), &1.into(), &2.into()));
    assert_ne!(one["id"], two["id"]);
    let seen = ana.sees("r7", 2).await;
    assert_eq!(seen[0].id, one["id"]);
    let Answer::Sent(repeated) = ana.says_as("r7", &seen[0].id, "hello").await else { panic!("not sent") };
    assert_eq!(repeated.seq, 1, "the id that was made up is an id like any other");
}

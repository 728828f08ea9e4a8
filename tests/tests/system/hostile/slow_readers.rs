//! Slow clients cost themselves and nobody else.

use std::time::Duration;

use futures::future::join_all;
use town::{Person, Town, length, new_id};

use super::{GROWTH_MAX, SMALL_BUFFER, dismissed, growth};
use crate::body;

/// The longest body, by default.
const LARGEST: usize = 16 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_reading_is_dismissed_and_the_others_notice_nothing() {
    const COUNT: usize = 150;
    let town = Town::new().gateways(2).set("limits.stalled", "2s").start().await;
    let ana = town.person("ana").at(0).joins("r7").await;
    let ben = town.person("ben").at(0).joins("r7").await;
    let slow = town.person("slow").at(0).receive_buffer(SMALL_BUFFER).joins("r7").await;
    slow.stops_reading();
    for number in 0..COUNT {
        ana.says("r7", &body(number, LARGEST)).await;
    }
    ben.sees("r7", COUNT).await;
    dismissed(&town.gateways[0], 1.0).await;
    slow.reads_on();
    let closed = slow.closed().await;
    assert_eq!(closed.code, Some(4010), "{closed:?}");
    assert_eq!(closed.bye.map(|bye| bye["code"].clone()), Some("too_slow".into()));
    assert!(ana.is_here() && ben.is_here());

    // It comes back for the rest.
    let last = slow.shown("r7").last().map_or(0, |message| message.seq);
    let again = town.person("slow").at(1).joins_after("r7", last).await;
    again.sees("r7", COUNT - usize::try_from(last).unwrap()).await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_overrun_by_bursts_of_the_largest_messages_stays_and_misses_nothing() {
    const SENDERS: usize = 4;
    const EACH: usize = 15;
    let town = Town::new().gateways(2).start().await;
    let mut reader = town.resident("reader").at(1).joins("r7").await;
    let senders =
        join_all((0..SENDERS).map(async |number| town.person(&format!("sender-{number}")).await)).await;
    for round in 0..length(5, 50) {
        join_all(senders.iter().map(async |sender| {
            let mut pending = Vec::new();
            for number in 0..EACH {
                pending.push(sender.begins("r7", &new_id(), &body(round * EACH + number, LARGEST)).await);
            }
            for pending in pending {
                sender.answer(pending).await.sent();
            }
        }))
        .await;
    }
    let all = length(5, 50) * SENDERS * EACH;
    reader.sees("r7", all as u64).await;
    assert_eq!(reader.returns(), 0, "it reads, and nobody who reads is too slow");
    assert!(senders.iter().all(Person::is_here), "so do those who send");
    assert_eq!(town.audit().await.acknowledged, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_slowly_is_caught_up_with_a_thousand_of_the_largest_events() {
    const COUNT: usize = 1000;
    let town = Town::new().gateways(2).set("limits.stalled", "3s").start().await;
    town.person("maker").joins("r7").await.goes().await;
    join_all((0..4).map(async |number| {
        let person = town.person(&format!("writer-{number}")).at(number).await;
        for message in 0..COUNT / 4 {
            person.says("r7", &body(number * 1000 + message, LARGEST)).await;
        }
    }))
    .await;

    let slow = town.person("slow").at(1).receive_buffer(SMALL_BUFFER).await;
    slow.reads_slowly(Duration::from_millis(3));
    let joined = slow.joins_after("r7", 0, None).await;
    assert_eq!((joined.seq, joined.truncated), (COUNT as u64, false));
    let grown = growth(&town.gateways[1], slow.sees("r7", COUNT)).await;
    assert!(grown < GROWTH_MAX, "16 MiB were read, and {} KiB were kept meanwhile", grown / 1024);
    slow.reads_on();
    // It is live now like everybody else.
    let ana = town.person("ana").at(0).await;
    ana.says("r7", "live").await;
    slow.sees("r7", COUNT + 1).await;
    assert!(slow.is_here());
    assert!(town.gateways[1].metric("parlor_slow_consumers_total").await < 1.0);
    town.audit().await;
}

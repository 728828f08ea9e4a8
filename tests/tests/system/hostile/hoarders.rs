//! Clients that ask for much and read next to nothing of it.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::time::sleep;
use town::{Outcome, Town, length};

use super::raw::Raw;
use super::{GROWTH_MAX, SMALL_BUFFER, dismissed, growth, others_talk_during};
use crate::body;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_a_byte_a_second_is_cut_like_one_who_reads_nothing() {
    let town = Town::new().gateways(2).set("limits.stalled", length("2s", "10s")).start().await;
    fills(&town, "r7", 40).await;
    let mut mallory = Raw::enters(&town, 1, "mallory", SMALL_BUFFER).await;
    mallory.asks(&json!({ "type": "join", "room": "r7", "after": 0 })).await;
    let reading = async {
        while mallory.reads_a_byte().await {
            sleep(Duration::from_secs(1)).await;
        }
    };
    let gateway = &town.gateways[1];
    let dismissal = async {
        tokio::select! {
            () = reading => {}
            () = dismissed(gateway, 1.0) => {}
        }
    };
    let grown = others_talk_during(&town, "r7", growth(gateway, dismissal)).await;
    dismissed(gateway, 1.0).await;
    let audit = town.audit().await;
    Outcome::of("a client reads one byte a second", &audit)
        .note(format!("{} KiB of memory; closed", grown / 1024))
        .record();
    assert!(grown < GROWTH_MAX, "{} KiB were kept", grown / 1024);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_a_hundred_rooms_and_reads_none_of_their_history_costs_no_more_than_another() {
    const ROOMS: usize = 100;
    let town = Town::new().gateways(2).set("limits.stalled", length("2s", "10s")).start().await;
    let each = length(5, 50);
    let rooms: Vec<String> = (0..ROOMS).map(|room| format!("room-{room}")).collect();
    join_all(rooms.chunks(ROOMS / 4).map(async |rooms| {
        for room in rooms {
            fills(&town, room, each).await;
        }
    }))
    .await;
    let gateway = &town.gateways[1];
    // What a room costs a gateway, two subscriptions on the bus above all, it costs for whoever is in it.
    let another = town.person("another").at(1).joins(&rooms[0]).await;
    for room in &rooms[1..] {
        another.joins(room).await;
    }
    let mut mallory = Raw::enters(&town, 1, "mallory", SMALL_BUFFER).await;
    let greed = async {
        for room in &rooms {
            mallory.asks(&json!({ "type": "join", "room": room, "after": 0 })).await;
        }
        for room in &rooms[..16] {
            mallory.asks(&json!({ "type": "history", "room": room })).await;
        }
        dismissed(gateway, 1.0).await;
        mallory.is_cut().await;
    };
    let grown = others_talk_during(&town, &rooms[0], growth(gateway, greed)).await;
    let asked = ROOMS * each * BODY / 1024;
    let audit = town.audit().await;
    Outcome::of("a client joins 100 rooms and reads none of their history", &audit)
        .note(format!("{asked} KiB were asked for; {} KiB of memory; closed", grown / 1024))
        .record();
    assert!(grown < GROWTH_MAX / 2, "{} KiB of {asked} KiB were kept", grown / 1024);
}

/// The length of the messages that fill a room.
const BODY: usize = 8 * 1024;

/// Says so many long things in a room, at gateway 0.
async fn fills(town: &Town, room: &str, count: usize) {
    let person = town.person(&format!("writer-of-{room}")).at(0).joins(room).await;
    for number in 0..count {
        person.says(room, &body(number, BODY)).await;
    }
    person.goes().await;
}

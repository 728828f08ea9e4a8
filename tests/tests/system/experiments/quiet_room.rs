//! The last message in a room, of which no hint arrives and after which nothing comes.

use std::time::Instant;

use town::audit::{Fault, Times};
use town::{Outcome, Town, length};

use super::has_looked;

/// The bus is split: the writer that stores the message and those who wait for it are in different halves.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_message_of_a_quiet_room_is_found_without_a_hint() {
    let town = Town::new().gateways(3).writers(2).island().start().await;
    let island = town.gateways.len() - 1;
    let rooms: Vec<String> = (0..20).map(|number| format!("quiet-{number}")).collect();
    let mut watchers = Vec::new();
    for gateway in 0..island {
        for room in &rooms {
            watchers.push((town.person(&format!("watcher-{gateway}")).at(gateway).joins(room).await, room));
        }
    }
    for gateway in &town.gateways[..island] {
        has_looked(gateway, 20).await;
    }
    let ana = rooms.iter().fold(town.person("ana").at(island), |ana, room| ana.joins(room)).await;
    let said = Instant::now();
    for room in &rooms {
        ana.says(room, "the last word").await;
    }
    for (watcher, room) in &watchers {
        watcher.sees(room, 1).await;
    }
    let audit = town.audit().await;
    let times = Times::of(&town.diaries(), Some(Fault { from: said, until: said }));
    let outcome = Outcome::of("the last message of a quiet room, and no hint of it", &audit).times(&times);
    outcome.record();
    assert!(outcome.time("shown_s") <= length(30.0, 5.0), "{outcome}");
    for gateway in &town.gateways[..island] {
        assert_eq!(gateway.metric("parlor_gaps_repaired_total").await, 20.0, "nothing came over the bus");
    }
}

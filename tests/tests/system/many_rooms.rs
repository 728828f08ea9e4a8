//! A gateway with very many rooms listens to partitions instead.

use town::{Crowd, Town, length, until};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_a_gateway_goes_over_to_listening_to_partitions() {
    const PARTITIONS: usize = 64;
    let rooms = length(1000, 10_000);
    let mut town = Town::new()
        .gateways(2)
        .writers(2)
        .set("bus.single_rooms_max", 4)
        .set("limits.rooms_per_connection", rooms + 100)
        .set("limits.joins_per_s", 0)
        .set("limits.joins_burst", 0)
        .start()
        .await;
    town.forgives("async_nats::connector");
    let crowd = Crowd::talks(&town, 20, 20).await;
    crowd.says_more(100).await;
    let guest = town.person("guest").at(0).await;
    for number in 0..rooms {
        guest.joins(&format!("room-{number}")).await;
    }
    until("the first gateway listens to all partitions", async || {
        let subjects = town.nats().subjects().await.unwrap_or_default();
        let whole = subjects.iter().filter(|subject| subject.ends_with(".*") && subject.contains(".room."));
        (whole.count() == PARTITIONS).then_some(())
    })
    .await;
    crowd.says_more(200).await;
    town.nats().kill9();
    town.nats().restart().await.unwrap();
    crowd.says_more(200).await;
    guest.says("room-7", "hello").await;
    guest.sees("room-7", 1).await;
    let (told, _residents) = crowd.ends().await;
    let audit = town.audit().await;
    assert!(told.said >= 500 && audit.acknowledged > told.said, "{told:?}, {audit:?}");
}

//! Who is in a room, whichever gateway they came through (G8). Times are bounded by what is promised: within them all
//! gateways agree.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use town::{Person, Town};

/// After a change that is clean.
const CLEAN: Duration = Duration::from_secs(3);
/// After the death of a gateway.
const CRASH: Duration = Duration::from_secs(15);
/// What a machine that is busy with other tests may add.
const BUSY: Duration = Duration::from_secs(5);

/// Who is in a room, with the number of connections, as somebody is told who asks.
async fn who(asker: &Person, room: &str) -> BTreeMap<String, u64> {
    let answer = asker.asks(json!({"type": "who", "room": room})).await;
    let users = answer["users"].as_array().unwrap_or_else(|| panic!("no list: {answer}"));
    let user = |user: &Value| {
        let (id, connections) = (user["id"].as_str(), user["connections"].as_u64());
        (id.unwrap_or_default().to_owned(), connections.unwrap_or_default())
    };
    users.iter().map(user).collect()
}

/// Waits until all of them are told the same, and that it is this.
async fn all_agree(askers: &[&Person], room: &str, expected: &[(&str, u64)], within: Duration) {
    let expected: BTreeMap<_, _> =
        expected.iter().map(|(user, connections)| ((*user).to_owned(), *connections)).collect();
    let end = Instant::now() + within + BUSY;
    for asker in askers {
        loop {
            let told = who(asker, room).await;
            if told == expected {
                break;
            }
            assert!(Instant::now() < end, "{} is told {told:?}, not {expected:?}", asker.user());
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Waits until somebody is told that this user has come or gone: `joined` or `left`.
async fn hears_of(person: &Person, change: &str, user: &str) {
    loop {
        let frame = person.hears("presence").await;
        let users = frame[change].as_array().unwrap_or_else(|| panic!("no {change}: {frame}"));
        if users.iter().any(|other| other["id"] == user) {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_gateways_know_who_is_there() {
    let town = Town::new().gateways(3).writers(1).start().await;
    let ana = town.person("ana").at(0).joins("hall").await;
    all_agree(&[&ana], "hall", &[("ana", 1)], CLEAN).await;
    let ben = town.person("ben").at(1).joins("hall").await;
    let cleo = town.person("cleo").at(2).joins("hall").await;
    let everybody = [&ana, &ben, &cleo];
    all_agree(&everybody, "hall", &[("ana", 1), ("ben", 1), ("cleo", 1)], CLEAN).await;
    hears_of(&ana, "joined", "cleo").await;

    let again = town.person("ben").at(0).joins("hall").await;
    all_agree(&everybody, "hall", &[("ana", 1), ("ben", 2), ("cleo", 1)], CLEAN).await;
    again.goes().await;
    all_agree(&everybody, "hall", &[("ana", 1), ("ben", 1), ("cleo", 1)], CLEAN).await;

    ben.leaves("hall").await;
    hears_of(&ana, "left", "ben").await;
    // Who is not there may ask, too.
    all_agree(&everybody, "hall", &[("ana", 1), ("cleo", 1)], CLEAN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_gateway_is_killed_those_who_were_there_are_gone_in_time() {
    let mut town = Town::new().gateways(3).writers(1).start().await;
    let ana = town.person("ana").at(0).joins("hall").await;
    let ben = town.person("ben").at(1).joins("hall").await;
    let _cleo = town.person("cleo").at(2).joins("hall").await;
    all_agree(&[&ana, &ben], "hall", &[("ana", 1), ("ben", 1), ("cleo", 1)], CLEAN).await;
    town.gateways[2].kill9();
    all_agree(&[&ana, &ben], "hall", &[("ana", 1), ("ben", 1)], CRASH).await;
    hears_of(&ana, "left", "cleo").await;
    town.gateways[2].restart().await;
    let cleo = town.person("cleo").at(2).joins("hall").await;
    all_agree(&[&ana, &ben, &cleo], "hall", &[("ana", 1), ("ben", 1), ("cleo", 1)], CLEAN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_through_another_gateway_was_never_gone() {
    let town = Town::new().gateways(3).writers(1).start().await;
    let ana = town.person("ana").at(0).joins("hall").await;
    let ben = town.person("ben").at(1).joins("hall").await;
    all_agree(&[&ana, &ben], "hall", &[("ana", 1), ("ben", 1)], CLEAN).await;
    drop(ben);
    let ben = town.person("ben").at(2).joins("hall").await;
    // The connection that broke is there until its grace is over.
    all_agree(&[&ana, &ben], "hall", &[("ana", 1), ("ben", 1)], Duration::from_secs(6)).await;
    ben.leaves("hall").await;
    // Had he been gone for a moment, ana would have been told of that before.
    let mut told = Vec::new();
    loop {
        let frame = ana.hears("presence").await;
        let gone = frame["left"].as_array().unwrap().iter().any(|user| user["id"] == "ben");
        told.push(frame);
        if gone {
            break;
        }
    }
    let joined = |frame: &&Value| frame["joined"].as_array().unwrap().iter().any(|user| user["id"] == "ben");
    assert!(told.iter().filter(joined).count() <= 1, "{told:?}");
    assert_eq!(who(&ana, "hall").await.len(), 1, "it was the leave that was told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_broke_is_gone_after_its_grace() {
    let town = Town::new().gateways(2).writers(1).start().await;
    let ana = town.person("ana").at(0).joins("hall").await;
    let ben = town.person("ben").at(1).joins("hall").await;
    all_agree(&[&ana, &ben], "hall", &[("ana", 1), ("ben", 1)], CLEAN).await;
    drop(ben);
    all_agree(&[&ana], "hall", &[("ana", 1)], Duration::from_secs(6)).await;
    hears_of(&ana, "left", "ben").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_is_gone_makes_nobody_leave() {
    let mut town = Town::new().gateways(3).writers(1).start().await;
    let ana = town.person("ana").at(0).joins("hall").await;
    let ben = town.person("ben").at(1).joins("hall").await;
    let cleo = town.person("cleo").at(2).joins("hall").await;
    let everybody = [&ana, &ben, &cleo];
    let three = [("ana", 1), ("ben", 1), ("cleo", 1)];
    all_agree(&everybody, "hall", &three, CLEAN).await;
    town.nats().kill9();
    for person in everybody {
        assert_eq!(person.hears("status").await["state"], "degraded");
    }
    // Longer than any gateway may be silent.
    sleep(Duration::from_secs(12)).await;
    all_agree(&everybody, "hall", &three, Duration::ZERO).await;
    town.nats().restart().await.unwrap();
    for person in everybody {
        assert_eq!(person.hears("status").await["state"], "ok");
    }
    all_agree(&everybody, "hall", &three, Duration::ZERO).await;
    ben.leaves("hall").await;
    // The first to be gone is the one who has left.
    loop {
        let left = ana.hears("presence").await["left"].as_array().unwrap().clone();
        if !left.is_empty() {
            assert_eq!(left[0]["id"], "ben");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_writing_is_told_to_the_others_wherever_they_are() {
    let town = Town::new().gateways(2).writers(1).start().await;
    let ana = town.person("ana").at(0).joins("hall").await;
    let ben = town.person("ben").at(1).joins("hall").await;
    all_agree(&[&ana, &ben], "hall", &[("ana", 1), ("ben", 1)], CLEAN).await;
    ana.writes(json!({"type": "typing", "room": "hall"}).to_string()).await;
    ana.writes(json!({"type": "typing", "room": "hall"}).to_string()).await;
    let typing = json!({"type": "typing", "room": "hall", "user": {"id": "ana", "name": "ana"}});
    assert_eq!(ben.hears("typing").await, typing);
    let whisper = json!({"type": "whisper", "room": "hall", "name": "draw", "data": {"x": 1}});
    ana.writes(whisper.to_string()).await;
    ben.writes(json!({"type": "whisper", "room": "hall", "name": "back"}).to_string()).await;
    assert_eq!(ben.hears("whisper").await["data"], json!({"x": 1}));
    // Neither was told of her own: the first that she hears is his.
    assert_eq!(ana.hears("whisper").await["name"], "back");
}

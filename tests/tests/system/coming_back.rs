//! Who was away is shown what was missed, exactly once, or is told that some is left out.

use town::{Person, Town, length};

use crate::body;

async fn talk(person: &Person, count: usize) {
    for number in 0..count {
        person.says("r7", &body(number, 8)).await;
    }
}

fn seqs(person: &Person) -> Vec<u64> {
    person.shown("r7").iter().map(|message| message.seq).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_shown_on_another_gateway_and_then_what_is_new() {
    let town = Town::new().gateways(2).writers(2).start().await;
    let ana = town.person("ana").at(0).joins("r7").await;
    talk(&ana, 3).await;
    let ben = town.person("ben").at(0).await;
    let before = ben.joins("r7").await;
    assert_eq!((before.seq, before.first_seq, before.truncated), (3, 1, false));
    talk(&ana, 2).await;
    ben.sees("r7", 2).await;
    ben.goes().await;
    talk(&ana, 30).await;

    let ben = town.person("ben").at(1).await;
    let joined = ben.joins_after("r7", 5, Some(&before.epoch)).await;
    assert_eq!((joined.seq, joined.truncated), (35, false));
    assert_eq!(joined.epoch, before.epoch);
    talk(&ana, 10).await;
    ben.sees("r7", 40).await;
    assert_eq!(seqs(&ben), (6..=45).collect::<Vec<_>>());
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coming_back_in_the_middle_of_a_conversation_leaves_no_hole_and_no_double() {
    let rounds = length(20, 200);
    let town = Town::new().gateways(3).writers(2).set("limits.replay", rounds * 10).start().await;
    let ana = town.person("ana").at(0).joins("r7").await;
    let talking = async { talk(&ana, rounds * 10).await };
    let coming = async {
        for round in 0..rounds {
            let gateway = round % 3;
            let ben = town.person("ben").at(gateway).joins_after("r7", 0).await;
            let seen = ben.sees("r7", round * 5).await;
            let whole = seen.iter().map(|message| message.seq).eq(1..=seen.len() as u64);
            assert!(whole, "round {round} has a hole or a double");
        }
    };
    tokio::join!(talking, coming);
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_missed_more_than_is_repeated_is_told_so_and_shown_the_newest() {
    let town = Town::new().gateways(2).set("limits.replay", 20).start().await;
    let ana = town.person("ana").at(0).joins("r7").await;
    talk(&ana, 50).await;
    let ben = town.person("ben").at(1).await;
    let joined = ben.joins_after("r7", 0, None).await;
    assert_eq!((joined.seq, joined.truncated), (50, true));
    ana.says("r7", "live").await;
    ben.sees("r7", 21).await;
    assert_eq!(seqs(&ben), (31..=51).collect::<Vec<_>>());

    let just = town.person("cid").at(1).await;
    let joined = just.joins_after("r7", 31, None).await;
    assert!(!joined.truncated, "twenty are repeated");
    just.sees("r7", 20).await;
    assert_eq!(seqs(&just), (32..=51).collect::<Vec<_>>());
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_of_another_history_or_beyond_the_end_is_answered_with_the_newest() {
    let town = Town::new().set("limits.replay", 5).start().await;
    let ana = town.person("ana").joins("r7").await;
    talk(&ana, 8).await;
    let ahead = town.person("ben").await;
    let joined = ahead.joins_after("r7", 9, None).await;
    assert_eq!((joined.seq, joined.truncated), (8, true), "ahead of the head");
    ahead.sees("r7", 5).await;
    assert_eq!(seqs(&ahead), (4..=8).collect::<Vec<_>>());

    let other = town.person("cid").await;
    let joined = other.joins_after("r7", 7, Some("another.1")).await;
    assert_eq!((joined.seq, joined.truncated), (8, true), "another epoch");
    other.sees("r7", 5).await;
    assert_eq!(seqs(&other), (4..=8).collect::<Vec<_>>());

    let there = town.person("dia").await;
    let joined = there.joins_after("r7", 8, None).await;
    assert_eq!((joined.seq, joined.truncated), (8, false), "at the head nothing is missed");
    talk(&ana, 1).await;
    there.sees("r7", 1).await;
    assert_eq!(seqs(&there), [9]);
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_read_in_pages_in_both_directions() {
    let town = Town::new().start().await;
    let ana = town.person("ana").joins("r7").await;
    talk(&ana, 25).await;
    let (page, more) = ana.history("r7", 20, 10).await;
    assert_eq!((page.iter().map(|m| m.seq).collect::<Vec<_>>(), more), ((21..=25).collect(), false));

    let older = serde_json::json!({ "type": "history", "room": "r7", "before": 21, "limit": 10 });
    let older = ana.asks(older).await;
    let seqs: Vec<u64> =
        older["messages"].as_array().unwrap().iter().filter_map(|m| m["seq"].as_u64()).collect();
    assert_eq!((seqs, &older["more"]), ((11..=20).collect(), &true.into()));

    let rooms = ana.asks(serde_json::json!({ "type": "rooms" })).await;
    assert_eq!(
        (&rooms["rooms"][0]["room"], &rooms["rooms"][0]["seq"]),
        (&"r7".into(), &25.into()),
        "{rooms}"
    );
}

//! The scenarios, each as small as it may be, against a server that does what it should.

use std::time::Duration;

use serde_json::Value;

use super::broadcaster::{Broadcaster, Defects};
use super::{CLEAN, Done, NOT_CLEAN, load_tester};

/// Plays a scenario against a server.
async fn play(server: &Broadcaster, words: &str) -> Done {
    let mut command = load_tester();
    command.args(words.split(' ')).env("PARLOR__AUTH__SECRET", "secret");
    if !words.starts_with("connect") {
        command.arg("--audit-only");
    }
    for target in server.targets() {
        command.args(["--target", target]);
    }
    Done::of(&mut command).await
}

#[tokio::test]
async fn a_fanout_is_one_room_in_which_everybody_hears_everything() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let done = play(&server, "fanout --subscribers 40 --rate 50 --duration 1s --warm-up 0s").await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!((done.audit("subscriptions"), done.audit("received")), (40, 40 * 50), "{}", done.said);
}

#[tokio::test]
async fn rooms_are_many_and_each_has_its_rate() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let words = "rooms --subscribers 40 --rooms 20 --senders 20 --room-rate 5 --duration 1s --warm-up 0s --ramp 100ms";
    let done = play(&server, words).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!((done.audit("sent"), done.audit("received")), (100, 2 * 100), "{}", done.said);
}

#[tokio::test]
async fn a_soak_has_rooms_of_very_different_size() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let done =
        play(&server, "soak --subscribers 27 --rooms 10 --senders 10 --rate 270 --duration 1s --warm-up 0s")
            .await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    // 10 + 5 + 3 + 2 + 2 + 1 + 1 + 1 + 1 + 1 = 27 people, and ten times as many messages.
    let at_home: u64 = [10, 5, 3, 2, 2, 1, 1, 1, 1, 1].map(|people: u64| people * people * 10).iter().sum();
    assert!(done.audit("received") >= at_home, "{}", done.said);
    assert!(done.audit("received") <= at_home + 270, "senders are also in rooms where nobody sends");
}

#[tokio::test]
async fn all_are_cut_off_at_once_and_come_back_to_what_they_missed() {
    let server = Broadcaster::start(2, Defects::default()).await.unwrap();
    let words =
        "reconnect --subscribers 12 --rooms 3 --senders 6 --rate 300 --cut 400ms --duration 1s --warm-up 0s";
    let done = play(&server, words).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!((done.audit("broken"), done.audit("reconnects")), (12, 12), "{}", done.said);
    assert_eq!(done.report["broken"]["cut by the load tester"], 12, "{}", done.said);
    assert_eq!((done.audit("received"), server.stored()), (1200, 300), "{}", done.said);
    assert_eq!(done.report["away"]["count"], 12, "{}", done.said);
}

#[tokio::test]
async fn a_herd_can_be_told_to_take_its_time() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let words = "reconnect --subscribers 40 --rooms 3 --senders 6 --rate 100 --cut 200ms --come-back-within 1s \
                 --duration 1s --warm-up 0s";
    let done = play(&server, words).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    // By chance alone, less than half of it with a probability of one in 2⁴⁰.
    assert!(done.report["away"]["max"].as_u64() > Some(500_000), "{}", done.report["away"]);
}

#[tokio::test]
async fn a_storm_says_how_long_clients_take_to_get_in() {
    let server = Broadcaster::start(1, Defects { delay: Duration::from_millis(150), ..Defects::default() })
        .await
        .unwrap();
    let own = std::process::id();
    let words = format!("connect --clients 60 --rooms 3 --ramp-per-s 1000 --hold 0s --server-pid {own}");
    let done = play(&server, &words).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert!(done.report["server_cpu_us_per_client"].is_number(), "{}", done.said);
    let (connected, joined) = (&done.report["connected"], &done.report["joined"]);
    assert_eq!((&connected["count"], &joined["count"]), (&60.into(), &60.into()), "{}", done.said);
    assert!(joined["p50"].as_u64() > Some(150_000), "{joined}");
    assert!(
        done.report["all_joined_s"].as_f64() > Some(0.2),
        "the last was planned after 59 ms: {}",
        done.said
    );
}

#[tokio::test]
async fn no_more_joins_are_under_way_than_may_be() {
    let delay = Duration::from_millis(100);
    let server = Broadcaster::start(1, Defects { delay, joins_max: 5, ..Defects::default() }).await.unwrap();
    let words = "connect --clients 4 --rooms 8 --rooms-per-client 8 --hold 0s";
    let done = play(&server, &format!("{words} --joins 5")).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!(done.report["joined"]["count"], 4, "{}", done.said);
    let done = play(&server, words).await;
    assert!(done.said.contains("too many join at once"), "eight of one client alone: {}", done.said);
}

#[tokio::test]
async fn a_storm_without_rooms_is_over_when_everybody_is_welcome() {
    // Who asked to be let into a room would wait for an hour.
    let defects = Defects { delay: Duration::from_secs(3600), ..Defects::default() };
    let server = Broadcaster::start(1, defects).await.unwrap();
    let words = "connect --clients 60 --rooms-per-client 0 --ramp-per-s 1000 --hold 0s";
    let done = play(&server, words).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!(done.report["joined"]["count"], 60, "{}", done.said);
    assert!(done.said.contains("60 clients in no room, "), "{}", done.said);
}

#[tokio::test]
async fn a_search_doubles_and_halves_the_rate_and_says_what_broke() {
    // Runs of a second with 200, 400, 800 and 600 messages: the 1300th is one of the 800.
    let server = Broadcaster::start(1, Defects { refuse_every: 1300, ..Defects::default() }).await.unwrap();
    let words = "search --subscribers 6 --rooms 2 --senders 6 --rate 200 --duration 1s --warm-up 0s --precision 50 \
                 --max-p99 10s --up-to 3000";
    let done = play(&server, words).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    let steps = done.report["steps"].as_array().unwrap();
    let rates: Vec<f64> = steps.iter().map(|step| step["rate_per_s"].as_f64().unwrap()).collect();
    assert_eq!(rates, [200.0, 400.0, 800.0, 600.0], "{}", done.said);
    let found = (&done.report["highest_per_s"], &done.report["broke_per_s"]);
    assert_eq!(found, (&600.0.into(), &800.0.into()), "{}", done.said);
    assert!(done.said.contains("broke         800 messages/s: 1 messages refused"), "{}", done.said);
}

#[tokio::test]
async fn a_search_keeps_to_the_thresholds() {
    let delay = Duration::from_millis(100);
    let server = Broadcaster::start(1, Defects { delay, ..Defects::default() }).await.unwrap();
    let words =
        "search --subscribers 2 --rooms 1 --senders 1 --rate 20 --duration 300ms --warm-up 0s --up-to 20";
    let done = play(&server, &format!("{words} --max-p99 20s")).await;
    assert_eq!((done.code, &done.report["highest_per_s"]), (CLEAN, &20.0.into()), "{}", done.said);
    let done = play(&server, &format!("{words} --max-p99 50ms")).await;
    assert_eq!((done.code, &done.report["highest_per_s"]), (NOT_CLEAN, &Value::Null), "{}", done.said);
    assert!(done.said.contains("with --max-p99 50.00 ms"), "{}", done.said);
}

#[tokio::test]
async fn people_come_and_go_and_have_everything_in_the_end() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let words = "chat --subscribers 20 --rooms 4 --senders 4 --rate 40 --duration 4s --warm-up 0s --stay 300ms \
                 --away 100ms";
    let done = play(&server, words).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    let again = done.report["came_again"].as_u64().unwrap();
    assert!(again >= 20, "{}", done.said);
    let read = done.report["history"]["count"].as_u64().unwrap();
    assert!(read >= 20 + again, "everybody reads when it comes: {}", done.said);
    assert_eq!((done.audit("lost"), done.audit("repeated"), server.stored()), (0, 0, 160), "{}", done.said);
    let late = done.report["delivered"]["count"].as_u64().unwrap();
    assert!(late < done.audit("received"), "what was said meanwhile is not late: {}", done.said);
}

//! The scenarios, each as small as it may be, against a server that does what it should.

use std::path::PathBuf;

use serde_json::Value;
use tokio::process::Command;

use super::broadcaster::{Broadcaster, Defects};
use super::{CLEAN, Done};

/// Plays a scenario against a server.
async fn play(server: &Broadcaster, words: &str) -> Done {
    let scenario = words.split(' ').next().unwrap();
    let json = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("loadtest-scenario-{scenario}.json"));
    let _ = std::fs::remove_file(&json);
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor-loadtest"));
    command.args(words.split(' ')).arg("--json").arg(&json).kill_on_drop(true);
    for target in server.targets() {
        command.args(["--target", target]);
    }
    let output = command.env("PARLOR__AUTH__SECRET", "secret").output().await.unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let report = std::fs::read(&json).map_or(Value::Null, |json| serde_json::from_slice(&json).unwrap());
    Done { code: output.status.code().unwrap(), said, report }
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

//! The load tester against a server with planted defects: each is found, exactly as often as it was planted.
#![expect(clippy::unwrap_used, reason = "what is missing in a test fails the test")]

#[path = "../src/broadcaster/mod.rs"]
mod broadcaster;
mod dialects;
mod processes;
mod scenarios;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use broadcaster::{Broadcaster, Defects, Planted};
use serde_json::Value;
use tokio::process::Command;

const CLEAN: i32 = 0;
const IMPOSSIBLE: i32 = 1;
const NOT_CLEAN: i32 = 3;
const MISSED: i32 = 99;

/// What a run left behind.
struct Done {
    code: i32,
    said: String,
    report: Value,
}

impl Done {
    /// Lets it run to its end.
    async fn of(command: &mut Command) -> Self {
        let file = report_file();
        let output = command.arg("--json").arg(&file).output().await.unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let report = std::fs::read(&file).map_or(Value::Null, |json| serde_json::from_slice(&json).unwrap());
        Self { code: output.status.code().unwrap(), said, report }
    }

    /// What subscriptions lack, and have too often, was counted as often as it was planted.
    fn has_counted(&self, planted: Planted) {
        let found = ["lost", "doubled", "out_of_order", "wrong_room"].map(|name| self.audit(name));
        let Planted { dropped, doubled, swapped, misplaced, .. } = planted;
        assert_eq!(found, [dropped, doubled, swapped, misplaced], "{}", self.said);
    }

    fn audit(&self, name: &str) -> u64 {
        self.report["audit"][name].as_u64().unwrap_or_else(|| panic!("no {name}: {}", self.said))
    }
}

/// The load tester, knowing no secret.
fn load_tester() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor-loadtest"));
    command.env_remove("PARLOR__AUTH__SECRET").kill_on_drop(true);
    command
}

/// Where a test's report goes. Nothing is there yet.
fn report_file() -> PathBuf {
    // Each test has a thread of its own, with its name.
    let test = std::thread::current().name().unwrap().replace("::", "-");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("loadtest-{test}.json"));
    let _ = std::fs::remove_file(&file);
    file
}

/// Runs the load tester: 12 subscribers in 3 rooms, 6 of them senders, 300 messages/s for a second.
async fn run(server: &Broadcaster, more: &[&str]) -> Done {
    run_many(server, "--subscribers 12 --rooms 3 --senders 6 --rate 300", more).await
}

/// Runs it for a second with so many.
async fn run_many(server: &Broadcaster, many: &str, more: &[&str]) -> Done {
    let mut command = load_tester();
    for target in server.targets() {
        command.args(["--target", target]);
    }
    command.args([
        "--secret",
        "0123456789abcdef0123456789abcdef",
        "--duration",
        "900ms",
        "--warm-up",
        "100ms",
    ]);
    command.args(many.split(' '));
    Done::of(command.arg("--audit-only").args(more)).await
}

#[tokio::test]
async fn a_server_without_defects_is_clean() {
    let server = Broadcaster::start(2, Defects::default()).await.unwrap();
    let done = run(&server, &[]).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!(server.stored(), 300);
    assert_eq!((done.audit("sent"), done.audit("acknowledged")), (300, 300));
    assert_eq!((done.audit("expected"), done.audit("received")), (1200, 1200), "four hear each of 300");
    assert_eq!(done.report["schema_version"], 1);
    assert_eq!(done.report["clean"], true);
    assert_eq!(done.report["delivered"]["count"], 4 * 270, "those of the warm-up are not measured");
    assert!(done.said.contains("Clean: every subscription has everything"), "{}", done.said);
    assert!(!done.said.contains("connecting"), "a pipe is told no progress: {}", done.said);
}

#[tokio::test]
async fn the_servers_processes_are_measured() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let done = run(&server, &["--server-pid", &std::process::id().to_string()]).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    let servers = &done.report["servers"];
    assert!(servers["resident_bytes"].as_u64() > Some(100_000), "{servers}");
    let (cpu, each) = (servers["cpu_us"].as_f64().unwrap(), servers["cpu_us_per_delivery"].as_f64().unwrap());
    assert!((cpu - each * 1200.0).abs() < 1.0, "{servers}");
    assert!(done.said.contains("µs a delivery"), "{}", done.said);
}

#[tokio::test]
async fn what_is_dropped_doubled_and_swapped_is_counted_exactly() {
    let defects = Defects { drop_every: 7, double_every: 11, swap_every: 13, ..Defects::default() };
    let server = Broadcaster::start(1, defects).await.unwrap();
    let done = run(&server, &["--settle", "1s"]).await;
    let planted = server.planted();
    assert!(planted.dropped > 100 && planted.doubled > 50 && planted.swapped > 50, "{planted:?}");
    done.has_counted(planted);
    assert_eq!(done.code, NOT_CLEAN);
}

/// 12 subscribers in 2 of 3 rooms each: 8 hear each message.
#[tokio::test]
async fn those_in_many_rooms_are_audited_in_each_of_them() {
    let many = ["--rooms-per-client", "2", "--settle", "1s"];
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let done = run(&server, &many).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!(
        (done.audit("subscriptions"), done.audit("expected"), done.audit("received")),
        (24, 2400, 2400)
    );
    assert_eq!(done.report["plan"]["rooms_per_client"], 2);
    assert!(done.said.contains("in 3 rooms, 2 each,"), "{}", done.said);

    let defects = Defects { drop_every: 7, double_every: 11, swap_every: 13, ..Defects::default() };
    let server = Broadcaster::start(1, defects).await.unwrap();
    let done = run(&server, &many).await;
    let planted = server.planted();
    assert!(planted.dropped > 200 && planted.doubled > 100 && planted.swapped > 100, "{planted:?}");
    done.has_counted(planted);

    let server = Broadcaster::start(1, Defects { misplace_every: 17, ..Defects::default() }).await.unwrap();
    let done = run(&server, &many).await;
    let planted = server.planted();
    assert!(planted.misplaced > 0);
    // Of the eight who are shown it in another room's place, four are in its own room, too: to them it is not lost.
    let found = (done.audit("wrong_room") * 2, done.audit("lost") * 2);
    assert_eq!(found, (planted.misplaced, planted.dropped), "{}", done.said);
}

#[tokio::test]
async fn those_in_many_rooms_come_back_to_all_of_them() {
    let (done, server) = run_and_cut(Defects::default(), &["--reconnect", "--rooms-per-client", "3"]).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!((done.audit("broken"), done.audit("reconnects")), (6, 6), "{}", done.said);
    assert_eq!((done.audit("received"), server.stored()), (3600, 300), "{}", done.said);
}

#[tokio::test]
async fn an_event_in_the_wrong_room_is_found() {
    let server = Broadcaster::start(1, Defects { misplace_every: 17, ..Defects::default() }).await.unwrap();
    let done = run(&server, &["--settle", "1s"]).await;
    let planted = server.planted();
    assert!(planted.misplaced > 0);
    done.has_counted(planted);
    assert_eq!(done.code, NOT_CLEAN);
}

#[tokio::test]
async fn an_acknowledged_message_that_is_not_stored_is_found() {
    let server = Broadcaster::start(1, Defects { forget_every: 50, ..Defects::default() }).await.unwrap();
    let done = run(&server, &["--settle", "1s"]).await;
    // The next message of the room takes the place that was promised; a last one has no next.
    let lost_places = done.audit("lost") / 4;
    assert_eq!(done.audit("one_place") + lost_places, server.planted().forgotten, "{}", done.said);
    assert_eq!(done.code, NOT_CLEAN);
}

#[tokio::test]
async fn a_refused_message_that_is_stored_is_found() {
    let server = Broadcaster::start(1, Defects { refuse_every: 40, ..Defects::default() }).await.unwrap();
    let done = run(&server, &[]).await;
    let planted = server.planted().refused;
    assert_eq!(
        (done.audit("refused_but_stored"), done.audit("refused")),
        (planted, planted),
        "{}",
        done.said
    );
    assert_eq!(done.report["refused"]["too_many"], planted);
    assert_eq!(done.code, NOT_CLEAN);
}

#[tokio::test]
async fn an_unknown_outcome_is_repeated_only_by_those_who_come_back() {
    let defects = Defects { unsure_every: 25, ..Defects::default() };
    let server = Broadcaster::start(1, defects).await.unwrap();
    let done = run(&server, &[]).await;
    assert_eq!((done.audit("unknown"), done.audit("repeated")), (12, 0), "{}", done.said);
    assert_eq!(done.code, NOT_CLEAN);

    let server = Broadcaster::start(1, defects).await.unwrap();
    let done = run(&server, &["--reconnect"]).await;
    assert_eq!(done.audit("repeated"), server.planted().unsure, "{}", done.said);
    assert_eq!((done.code, server.stored()), (CLEAN, 300), "{}", done.said);
}

#[tokio::test]
async fn a_repeat_that_is_stored_again_is_found() {
    let server = Broadcaster::start(1, Defects { unsure_every: 25, forget_ids: true, ..Defects::default() })
        .await
        .unwrap();
    let done = run(&server, &["--reconnect"]).await;
    assert!(server.stored() > 300);
    assert!(done.audit("two_places") >= server.stored() - 300, "{}", done.said);
    assert_eq!(done.code, NOT_CLEAN);
}

#[tokio::test]
async fn a_threshold_that_is_held_changes_nothing_and_one_that_is_missed_is_the_verdict() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let done = run(&server, &["--max-p99", "1h", "--max-ack-p99", "1h", "--max-lost", "0"]).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    let held = |done: &Done| -> Vec<(String, bool)> {
        let all = done.report["thresholds"].as_array().unwrap().iter();
        all.map(|one| (one["name"].as_str().unwrap().to_owned(), one["held"].as_bool().unwrap())).collect()
    };
    let named = |names: &[(&str, bool)]| -> Vec<(String, bool)> {
        names.iter().map(|(name, held)| ((*name).to_owned(), *held)).collect()
    };
    assert_eq!(held(&done), named(&[("max-p99", true), ("max-ack-p99", true), ("max-lost", true)]));

    let server = Broadcaster::start(1, Defects { drop_every: 7, ..Defects::default() }).await.unwrap();
    let more = ["--settle", "1s", "--max-p50", "1h", "--max-lost", "3", "--max-doubled", "0"];
    let done = run(&server, &more).await;
    assert_eq!(done.code, MISSED, "{}", done.said);
    assert_eq!(held(&done), named(&[("max-p50", true), ("max-lost", false), ("max-doubled", true)]));
    let lost = &done.report["thresholds"][1];
    assert_eq!((lost["bound"].as_u64(), lost["value"].as_u64()), (Some(3), Some(done.audit("lost"))));
    assert!(done.said.contains(&format!("MISSED  --max-lost 3: {}", done.audit("lost"))), "{}", done.said);
}

#[tokio::test]
async fn a_threshold_forgives_nothing() {
    let server = Broadcaster::start(1, Defects { drop_every: 7, ..Defects::default() }).await.unwrap();
    let done = run(&server, &["--settle", "1s", "--max-lost", "1000000"]).await;
    assert_eq!(done.code, NOT_CLEAN, "{}", done.said);
}

#[tokio::test]
async fn what_happened_when_adds_up_to_what_happened() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let done = run(&server, &[]).await;
    let over_time = &done.report["over_time"];
    assert_eq!(over_time["slice_s"], 1.0);
    let slices = over_time["slices"].as_array().unwrap();
    let sum = |name: &str| slices.iter().map(|slice| slice[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("deliveries"), sum("acknowledged")), (done.audit("received"), 300), "{over_time}");
    assert!(slices.iter().all(|slice| slice["connections"] == 12), "{over_time}");
    let max = |slices: &[Value], name: &str| slices.iter().filter_map(|slice| slice[name].as_u64()).max();
    assert!(max(slices, "max") >= max(slices, "p99"), "{over_time}");
}

#[tokio::test]
async fn the_report_names_its_environment_and_no_secret() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let file = |name| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let (hgrm, html) = (file("loadtest-shape.hgrm"), file("loadtest-shape.html"));
    let files = ["--hgrm", hgrm.to_str().unwrap(), "--html", html.to_str().unwrap()];
    let done = run(&server, &files).await;
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        (&done.report["schema"], &done.report["schema_version"]),
        (&"parlor-loadtest".into(), &1.into())
    );
    assert_eq!(
        names(&done.report),
        "acknowledged all_back_s audit away behind broken came_again clean connected delivered deliveries_per_s doubts \
         efforts environment history joined not_told over_time plan problems receiving_s refused schema \
         schema_version sending_s servers thresholds valid"
    );
    assert_eq!(
        names(&done.report["environment"]),
        "arch at command commit cpu cpus debug_build kernel memory_kb os version"
    );
    assert_eq!(names(&done.report["delivered"]), "count max mean p50 p90 p99 p99_9 p99_99");
    assert_eq!(
        names(&done.report["over_time"]["slices"][0]),
        "acknowledged connections deliveries max p50 p99"
    );
    let command = done.report["environment"]["command"].to_string();
    assert!(command.contains(r#""--secret","***""#) && !command.contains("0123456789abcdef"), "{command}");
    let html = std::fs::read_to_string(html).unwrap();
    assert!(html.contains("<h1>Clean</h1>") && !html.contains("0123456789abcdef"), "{html}");
    let hgrm = std::fs::read_to_string(hgrm).unwrap();
    assert!(hgrm.contains("Total count    =         1080]"), "what was measured, and no more: {hgrm}");
}

#[tokio::test]
async fn tokens_come_from_a_command_and_its_failure_is_told() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let done = run(&server, &["--token-command", "echo token-of-{user}"]).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    let done = run(&server, &["--token-command", "echo nobody of that name >&2; false"]).await;
    assert_eq!(done.code, IMPOSSIBLE);
    assert!(done.said.contains("nobody of that name"), "{}", done.said);
}

/// Cuts every connection of the first address in the middle of a run.
async fn run_and_cut(defects: Defects, more: &[&str]) -> (Done, Broadcaster) {
    let server = Broadcaster::start(2, defects).await.unwrap();
    let cut = async {
        while server.stored() < 100 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.cut(0);
    };
    let (done, ()) = tokio::join!(run(&server, more), cut);
    (done, server)
}

#[tokio::test]
async fn clients_that_are_cut_off_come_back_elsewhere_and_miss_nothing() {
    let (done, server) = run_and_cut(Defects::default(), &["--reconnect"]).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!((done.audit("broken"), done.audit("reconnects")), (6, 6));
    assert_eq!((done.audit("received"), server.stored()), (1200, 300));
    let (away, all) = (&done.report["away"], done.report["all_back_s"].as_f64().unwrap());
    assert_eq!(away["count"], 6, "{}", done.said);
    assert!(away["p50"].as_u64() >= Some(250_000), "nobody comes back at once: {away}");
    // Latencies are kept to three digits, and rounded up.
    assert!(all * 1.001 >= away["max"].as_f64().unwrap() / 1e6, "{away} of {all} s");
}

/// An order may come to a client at the very moment at which its connection turns out to have ended.
#[tokio::test]
async fn what_clients_are_told_to_send_while_all_of_them_are_cut_off_is_sent_later() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let many = "--subscribers 300 --senders 300 --rooms 30 --rate 3000 --threads 1";
    let cutting = async {
        loop {
            server.cut(0);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let done = tokio::select! {
        done = run_many(&server, many, &["--reconnect"]) => done,
        () = cutting => unreachable!("it never ends"),
    };
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!((done.audit("sent"), done.audit("unsent")), (3000, 0), "{}", done.said);
    assert!(done.audit("broken") > 0, "{}", done.said);
}

#[tokio::test]
async fn clients_that_may_not_come_back_have_lost_what_follows() {
    let (done, _) = run_and_cut(Defects::default(), &[]).await;
    assert_eq!(done.code, NOT_CLEAN);
    assert_eq!((done.audit("broken"), done.audit("reconnects")), (6, 0), "{}", done.said);
    let slices = done.report["over_time"]["slices"].as_array().unwrap();
    assert_eq!(slices.iter().filter_map(|slice| slice["connections"].as_u64()).min(), Some(6), "{slices:?}");
    assert!(done.audit("lost") > 0 && done.audit("unsent") > 0);
    assert_eq!(done.audit("sent") + done.audit("unsent"), 300);
}

#[tokio::test]
async fn another_history_after_coming_back_is_found() {
    let defects = Defects { new_epochs: true, ..Defects::default() };
    let (done, _) = run_and_cut(defects, &["--reconnect"]).await;
    assert_eq!((done.code, done.audit("other_epoch")), (NOT_CLEAN, 6), "{}", done.said);
}

#[tokio::test]
async fn latency_is_counted_from_the_planned_time() {
    let server = Broadcaster::start(1, Defects { delay: Duration::from_millis(200), ..Defects::default() })
        .await
        .unwrap();
    let done = run(&server, &[]).await;
    let seconds = |what: &str| done.report[what].as_f64().unwrap();
    assert!(
        seconds("receiving_s") >= 1.19,
        "the last was sent after 996 ms and came 200 ms later: {}",
        done.said
    );
    assert!((seconds("deliveries_per_s") * seconds("receiving_s") - 1200.0).abs() < 0.1, "{}", done.said);
    for what in ["acknowledged", "delivered"] {
        let p50 = done.report[what]["p50"].as_u64().unwrap();
        assert!((200_000..300_000).contains(&p50), "{what}: {p50} µs");
    }
    assert!(done.report["behind"]["p50"].as_u64().unwrap() < 100_000);
}

#[tokio::test]
async fn nobody_to_talk_to_is_said_at_once_or_in_time() {
    let closed = Broadcaster::start(1, Defects { closed: true, ..Defects::default() }).await.unwrap();
    let begin = Instant::now();
    let done = run(&closed, &[]).await;
    assert_eq!(done.code, IMPOSSIBLE);
    assert!(done.said.contains("not_allowed: there is no such room"), "{}", done.said);
    assert!(begin.elapsed() < Duration::from_secs(5), "a refusal is not waited for");

    let nobody = Command::new(env!("CARGO_BIN_EXE_parlor-loadtest"))
        .args(["--target", "ws://127.0.0.1:9", "--secret", "s", "--join-timeout", "500ms"])
        .output();
    let output = nobody.await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(IMPOSSIBLE));
    assert!(said.contains("only 0 of 100 have joined") && said.contains("refused"), "{said}");
}

#[tokio::test]
async fn idle_clients_are_weighed() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_parlor-loadtest"))
        .args(["idle", "--target", &server.targets()[0], "--secret", "s", "--clients", "50", "--rooms", "5"])
        .args(["--hold", "200ms", "--server-pid", &std::process::id().to_string()])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("50 joined, in 5 rooms") && said.contains("per client"), "{said}");
}

#[tokio::test]
async fn the_self_check_finds_what_was_planted() {
    let output = Command::new(env!("CARGO_BIN_EXE_parlor-loadtest")).arg("selftest").output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for case in ["every 7th dropped, every 11th doubled, every 13th swapped", "every 17th in the wrong room"]
    {
        assert!(said.contains(case), "{said}");
    }
    assert!(!said.contains("WRONG"), "{said}");
}

//! The bare server and the comparison, with real sockets and processes.
#![expect(clippy::unwrap_used, reason = "what is missing in a test fails the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::time::sleep;

fn load_tester(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor-loadtest"));
    command.args(words.split_whitespace()).env_remove("PARLOR__AUTH__SECRET");
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Where this test's report goes.
fn report_file(name: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("limit-{name}.json"));
    let _ = std::fs::remove_file(&file);
    file
}

fn read(file: &PathBuf) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn the_bare_server_delivers_everything_and_its_cost_is_known() {
    let json = report_file("clean");
    let run = "limit --shape s6 --subscribers 20 --rooms 4 --senders 4 --rate 200 --duration 900ms --warm-up 100ms \
               --audit-only";
    let output = load_tester(run).arg("--json").arg(&json).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let report = read(&json);
    assert_eq!(report["audit"]["received"], 200 * 5, "{report}");
    assert_eq!(report["plan"]["size_bytes"], 128, "what the shape says and the command line does not");
    assert!(report["servers"]["resident_bytes"].as_u64() > Some(100_000), "{report}");
    assert!(text(&output).contains("µs a delivery"), "{}", text(&output));
}

/// The bare server, with the address that it says it has.
fn bare_server() -> (Child, String) {
    let mut server =
        load_tester("limit-server").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut url).unwrap();
    (server, url.trim().to_owned())
}

#[test]
fn the_bare_server_ends_with_whoever_started_it() {
    let (mut server, url) = bare_server();
    assert!(url.starts_with("ws://127.0.0.1:"), "{url}");
    assert!(server.try_wait().unwrap().is_none());
    drop(server.stdin.take());
    assert!(server.wait().unwrap().success());
}

#[test]
fn whoever_makes_no_sense_to_the_bare_server_is_cut_off_and_the_others_stay() {
    let (mut server, url) = bare_server();
    let address = url.strip_prefix("ws://").unwrap();
    let head = "GET /ws HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    for nonsense in ["GET / HTTP/1.1\r\n\r\n".to_owned(), format!("{head}unmasked"), "x".repeat(1 << 20)] {
        let mut stream = TcpStream::connect(address).unwrap();
        // It may be cut off before it has said all of it.
        let _ = stream.write_all(nonsense.as_bytes());
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let run = format!(
        "--target {url} --secret s --subscribers 3 --rooms 1 --senders 1 --duration 300ms --audit-only"
    );
    let output = load_tester(&run).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    drop(server.stdin.take());
    assert!(server.wait().unwrap().success());
}

/// A small run, in the words of its options.
const SMALL: &str =
    "--subscribers 6 --rooms 2 --senders 2 --rate 100 --duration 400ms --warm-up 100ms --audit-only";

#[test]
fn two_runs_are_compared_in_turns() {
    let json = report_file("compare");
    // An address of this machine that nobody else has: that of this process.
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = format!("127.77.{high}.{low}:18080");
    let served = format!("{} limit-server --listen {address}", env!("CARGO_BIN_EXE_parlor-loadtest"));
    let output = load_tester("compare --pairs 2 --a-name bare --b-name served")
        .args(["--a", &format!("limit {SMALL}")])
        .args([
            "--b",
            &format!("--target ws://{address} --secret very-secret {SMALL}"),
            "--b-server",
            &served,
        ])
        .arg("--json")
        .arg(&json)
        .output()
        .unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    let order: Vec<&str> = said.lines().filter(|line| line.starts_with("pair ")).collect();
    let expected =
        ["pair 1 of 2: bare …", "pair 1 of 2: served …", "pair 2 of 2: bare …", "pair 2 of 2: served …"];
    assert_eq!(order, expected);
    let report = read(&json);
    for figure in report["figures"].as_array().unwrap() {
        assert_eq!(figure["a"].as_array().unwrap().len(), 2, "{figure}");
        assert!(figure["a_median"].is_number() && figure["b_median"].is_number(), "{figure}");
    }
    let name = |figure: &&Value| figure["name"] == "deliveries/s";
    let deliveries = report["figures"].as_array().unwrap().iter().find(name).unwrap();
    assert!(deliveries["ratio"]["median"].as_f64() > Some(0.0), "{deliveries}");
    assert!(said.contains("A is bare: limit") && said.contains("B is served:"), "{said}");
    assert!(!said.contains("very-secret") && !report.to_string().contains("very-secret"), "{said}");
}

#[test]
fn a_comparison_with_a_run_that_fails_fails_and_says_why() {
    let output = load_tester("compare --pairs 1 --b limit")
        .args(["--a", &format!("--target ws://127.77.0.1:18080 --secret s {SMALL} --join-timeout 200ms")])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("A, pair 1"), "{}", text(&output));

    let output = load_tester("compare --pairs 1 --b limit --a-name mine")
        .args([
            "--a",
            "--target ws://127.77.0.1:18080 --secret s",
            "--a-server",
            "sh -c 'echo no luck; exit 5'",
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("no luck"), "{}", text(&output));
}

/// Holds a load tester up, again and again, until it has ended; gives its exit code.
async fn hold_up(mut load_tester: Child) -> Option<i32> {
    let pid = Pid::from_child(&load_tester);
    loop {
        kill_process(pid, Signal::STOP).unwrap();
        sleep(Duration::from_millis(100)).await;
        kill_process(pid, Signal::CONT).unwrap();
        sleep(Duration::from_millis(30)).await;
        if let Some(status) = load_tester.try_wait().unwrap() {
            return status.code();
        }
    }
}

#[tokio::test]
async fn a_load_tester_that_cannot_keep_up_says_so_and_calls_nothing_valid() {
    let run =
        "limit --subscribers 5 --rooms 1 --senders 1 --rate 200 --duration 900ms --warm-up 0s --max-lost 0";
    let (json, also_json) = (report_file("late"), report_file("late-audit"));
    let late = load_tester(run).arg("--json").arg(&json).stdout(Stdio::null()).spawn().unwrap();
    assert_eq!(hold_up(late).await, Some(4));
    let report = read(&json);
    assert_eq!((&report["valid"], &report["clean"]), (&false.into(), &true.into()), "{report}");
    let doubts = report["doubts"].as_array().unwrap();
    assert!(doubts[0].as_str().unwrap().starts_with("The load tester itself was late"), "{report}");

    let mut late = load_tester(run);
    let late = late.arg("--audit-only").arg("--json").arg(&also_json).stdout(Stdio::null()).spawn().unwrap();
    assert_eq!(hold_up(late).await, Some(0), "the audit does not depend on it");
    assert_eq!(read(&also_json)["valid"], false);
}

#[test]
fn a_closed_loop_waits_for_the_receipts_of_rooms_of_different_size() {
    let json = report_file("closed-many");
    // 7 people in 2 of 5 rooms each: some rooms have two listeners, and some three or four.
    let run = "limit --subscribers 7 --rooms 5 --rooms-per-client 2 --senders 5 --rate 100000 --duration 10ms \
               --warm-up 0s --in-flight 2";
    let output = load_tester(run).arg("--audit-only").arg("--json").arg(&json).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let report = read(&json);
    assert_eq!(report["audit"]["received"], 1000 * 14 / 5, "{report}");
    let (p50, all) = (report["delivered"]["p50"].as_f64().unwrap(), report["sending_s"].as_f64().unwrap());
    assert!(p50 / 1e6 < all / 50.0, "two of a thousand at a time: {report}");
}

#[test]
fn in_a_closed_loop_no_more_is_on_its_way_than_was_asked_for() {
    let json = report_file("closed");
    // A hundred thousand a second would all be on their way at once if nothing held them back.
    let run = "limit --subscribers 20 --rooms 2 --senders 2 --rate 100000 --duration 20ms --warm-up 0s --in-flight 3";
    let output = load_tester(run).arg("--audit-only").arg("--json").arg(&json).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let report = read(&json);
    assert_eq!(report["audit"]["received"], 2000 * 10, "{report}");
    assert_eq!(report["delivered"]["count"], 2000 * 10, "{report}");
    // In an open loop the last would have waited for all before it.
    let (p50, all) = (report["delivered"]["p50"].as_f64().unwrap(), report["sending_s"].as_f64().unwrap());
    assert!(p50 / 1e6 < all / 50.0, "three of two thousand at a time: {report}");
}

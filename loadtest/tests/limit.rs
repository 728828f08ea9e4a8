//! The bare server and the comparison, with real sockets and processes.
#![expect(clippy::unwrap_used, reason = "what is missing in a test fails the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

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
    let run =
        "limit --shape s6 --subscribers 20 --rooms 4 --senders 4 --rate 200 --duration 900ms --warm-up 100ms";
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
    let run = format!("--target {url} --secret s --subscribers 3 --rooms 1 --senders 1 --duration 300ms");
    let output = load_tester(&run).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    drop(server.stdin.take());
    assert!(server.wait().unwrap().success());
}

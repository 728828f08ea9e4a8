//! `parlor` without anything: one process that starts, says where it is, and ends as it is told.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use crate::parlor::{ADMIN, OPEN, Serving, get, output, parlor, stderr, wait_for};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn it_says_where_its_page_is_and_keeps_its_data_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let solo = Serving::solo(folder.path());
    let admin = solo.address(ADMIN);
    let page = solo.address(OPEN);
    wait_for(admin, "/readyz", 200);
    let (status, body) = get(page, "/");
    assert_eq!(status, 200);
    assert!(body.contains("<html"), "{body}");
    assert_eq!(mode(&folder.path().join("parlor-data")), 0o700);
    assert_eq!(mode(&folder.path().join("parlor-data/secret")), 0o600);
    assert_eq!(get(admin, "/healthz").0, 200);
    let metrics = get(admin, "/metrics").1;
    assert!(metrics.contains("parlor_rooms") && metrics.contains("parlor_commits_total"), "{metrics}");
    assert_eq!(get(page, "/metrics").0, 404, "the metrics are never public");
}

#[test]
fn it_takes_as_many_connections_as_the_system_allows_files() {
    let folder = tempfile::tempdir().unwrap();
    let direct = parlor(folder.path(), &["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    let mut limited = Command::new("prlimit");
    limited.arg("--nofile=256:3000").arg(direct.get_program()).args(direct.get_args());
    limited.current_dir(folder.path()).env_clear().env("PATH", "/usr/bin:/bin");
    let solo = Serving::start(limited);
    wait_for(solo.address(ADMIN), "/readyz", 200);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", solo.pid())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(files.split_whitespace().nth(3), Some("3000"), "{files}");
}

#[test]
fn a_second_one_on_the_same_data_names_the_first_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let first = Serving::solo(folder.path());
    wait_for(first.address(ADMIN), "/readyz", 200);
    let second =
        output(parlor(folder.path(), &["solo", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]));
    assert_eq!(second.status.code(), Some(1));
    let told = stderr(&second);
    assert!(
        told.contains(&format!("pid {}", first.pid())) && told.contains("parlor-data/parlor.db"),
        "{told}"
    );
}

#[test]
fn one_that_was_killed_can_be_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Serving::solo(folder.path());
    wait_for(first.address(ADMIN), "/readyz", 200);
    first.signal("KILL");
    assert_eq!(first.ended().signal(), Some(9));
    let second = Serving::solo(folder.path());
    wait_for(second.address(ADMIN), "/readyz", 200);
}

#[test]
fn a_port_that_is_taken_is_named_with_its_key() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    for (listen, admin, key) in
        [(taken.as_str(), "127.0.0.1:0", "gateway.listen"), ("127.0.0.1:0", taken.as_str(), "admin.listen")]
    {
        let folder = tempfile::tempdir().unwrap();
        let refused = output(parlor(folder.path(), &["--listen", listen, "--admin-listen", admin]));
        assert_eq!(refused.status.code(), Some(1));
        let told = stderr(&refused);
        assert!(told.contains(&taken) && told.contains(key) && told.contains("taken"), "{told}");
    }
}

#[test]
fn the_first_signal_ends_it_in_order() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let mut solo = Serving::solo(folder.path());
        wait_for(solo.address(ADMIN), "/readyz", 200);
        solo.signal(signal);
        assert_eq!(solo.ended().code(), Some(0), "{signal}");
    }
}

#[test]
fn a_second_signal_ends_it_now() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = parlor(folder.path(), &["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    command.env("PARLOR__DRAIN__UNREADY", "1h");
    let mut solo = Serving::start(command);
    let admin = solo.address(ADMIN);
    wait_for(admin, "/readyz", 200);
    solo.signal("TERM");
    wait_for(admin, "/readyz", 503);
    // What comes at once is the echo of the first.
    while solo.runs() {
        solo.signal("TERM");
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
    assert_eq!(solo.ended().code(), Some(128 + 15));
}

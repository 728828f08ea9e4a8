//! Servers start, survive what is done to them, and leave nothing behind.
#![expect(clippy::unwrap_used, reason = "what is missing in a test fails the test")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use servers::{Nats, Postgres};
use sqlx::{Connection as _, PgConnection};
use tokio::time::{sleep, timeout};

const MOMENT: Duration = Duration::from_secs(5);

async fn rows(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(&mut connection).await.unwrap()
}

async fn keep(url: &str) -> PgConnection {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query("CREATE TABLE IF NOT EXISTS kept (n int)").execute(&mut connection).await.unwrap();
    sqlx::query("INSERT INTO kept VALUES (1)").execute(&mut connection).await.unwrap();
    connection
}

#[tokio::test]
async fn databases_of_a_shared_server_are_apart() {
    let server = Postgres::shared().await.unwrap();
    let (one, two) =
        (server.create_database("one").await.unwrap(), server.create_database("two").await.unwrap());
    keep(&one).await;
    keep(&one).await;
    keep(&two).await;
    assert_eq!((rows(&one).await, rows(&two).await), (2, 1));
    assert!(server.create_database("one").await.is_err());
}

#[tokio::test]
async fn a_server_has_our_settings_and_those_asked_for() {
    let server = Postgres::start_with(&[("work_mem", "5MB"), ("max_connections", "33")]).await.unwrap();
    let mut connection = PgConnection::connect(&server.url("postgres")).await.unwrap();
    for (name, value) in [("fsync", "on"), ("work_mem", "5MB"), ("max_connections", "33")] {
        let is: String =
            sqlx::query_scalar(&format!("SHOW {name}")).fetch_one(&mut connection).await.unwrap();
        assert_eq!(is, value, "{name}");
    }
}

#[tokio::test]
async fn a_setting_that_cannot_work_is_said_with_the_log() {
    let error = Postgres::start_with(&[("work_mem", "much")]).await.err().unwrap();
    assert!(error.to_string().contains("work_mem"), "{error}");
}

#[tokio::test]
async fn what_is_committed_survives_a_kill_and_a_stop() {
    let mut server = Postgres::start().await.unwrap();
    let url = server.create_database("town").await.unwrap();
    for n in 1..=3 {
        let connection = keep(&url).await;
        server.kill9();
        assert!(PgConnection::connect(&url).await.is_err());
        server.restart().await.unwrap();
        assert_eq!(rows(&url).await, n);
        drop(connection);
    }
    server.stop().await.unwrap();
    assert!(PgConnection::connect(&url).await.is_err());
    server.restart().await.unwrap();
    assert_eq!(rows(&url).await, 3);
}

#[tokio::test]
async fn a_paused_postgres_is_silent_on_old_and_new_connections_until_it_is_resumed() {
    let mut server = Postgres::start().await.unwrap();
    let url = server.url("postgres");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    server.pause();
    let ping = async { sqlx::query("SELECT 1").execute(&mut connection).await.unwrap() };
    let (old, new) = tokio::join!(
        timeout(Duration::from_millis(300), ping),
        timeout(Duration::from_millis(300), PgConnection::connect(&url))
    );
    assert!(old.is_err() && new.is_err());
    server.resume();
    timeout(MOMENT, PgConnection::connect(&url)).await.unwrap().unwrap();
    server.pause();
    timeout(MOMENT, server.restart()).await.unwrap().unwrap();
    timeout(MOMENT, PgConnection::connect(&url)).await.unwrap().unwrap();
}

#[tokio::test]
async fn nats_comes_back_on_its_port_after_a_kill() {
    let mut server = Nats::start().await.unwrap();
    let (url, pid) = (server.url(), server.pid().unwrap());
    async_nats::connect(&url).await.unwrap().flush().await.unwrap();
    server.kill9();
    assert!(server.pid().is_err());
    assert!(async_nats::connect(&url).await.is_err());
    server.restart().await.unwrap();
    assert_eq!(server.url(), url);
    assert_ne!(server.pid().unwrap(), pid);
    async_nats::connect(&url).await.unwrap().flush().await.unwrap();
}

#[tokio::test]
async fn a_paused_nats_is_silent_until_it_is_resumed() {
    let mut server = Nats::start().await.unwrap();
    let client = async_nats::connect(server.url()).await.unwrap();
    let mut heard = client.subscribe("a").await.unwrap();
    client.flush().await.unwrap();
    server.pause();
    client.publish("a", "1".into()).await.unwrap();
    assert!(timeout(Duration::from_millis(300), heard.next()).await.is_err());
    server.resume();
    assert!(timeout(MOMENT, heard.next()).await.unwrap().is_some());
}

#[test]
fn a_server_outlives_the_thread_that_started_it() {
    let start = || tokio::runtime::Runtime::new().unwrap().block_on(Nats::start()).unwrap();
    let server = std::thread::spawn(start).join().unwrap();
    assert!(is_running(server.pid().unwrap()));
    assert!(std::net::TcpStream::connect(("127.0.0.1", server.port())).is_ok());
}

#[tokio::test]
async fn dropping_a_server_ends_it() {
    let (postgres, nats) = (Postgres::start().await.unwrap(), Nats::start().await.unwrap());
    let pids = [postgres.pid().unwrap(), nats.pid().unwrap()];
    let folders = pids.map(folder_of);
    let segment = shared_memory_of(&folders[0]);
    drop((postgres, nats));
    assert!(!pids.into_iter().any(is_running));
    assert!(!folders.iter().any(|folder| Path::new(folder).exists()), "{folders:?}");
    assert!(!shared_memory_exists(&segment));
}

#[tokio::test]
async fn a_test_process_that_is_killed_leaves_nothing() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "starts_two_servers_and_waits_to_be_killed", "--nocapture"])
        .env("SERVERS_OF_A_PROCESS_TO_BE_KILLED", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let pids =
        said.map_while(|line| Some(line).filter(|l| !l.contains("done"))).filter_map(|l| l.parse().ok());
    let pids: Vec<u32> = pids.collect();
    assert!(pids.len() > 2, "two servers and the children of one");
    let folder = folder_of(pids[0]);
    let segment = shared_memory_of(&folder);
    assert!(shared_memory_exists(&segment));
    child.kill().unwrap();
    child.wait().unwrap();
    let end = Instant::now() + MOMENT;
    while pids.iter().any(|pid| is_running(*pid))
        || Path::new(&folder).exists()
        || shared_memory_exists(&segment)
    {
        assert!(Instant::now() < end, "{pids:?}, {folder} or its memory {segment} are still there");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Not a test of its own: what the test above runs in a process of its own.
#[tokio::test]
async fn starts_two_servers_and_waits_to_be_killed() {
    if std::env::var_os("SERVERS_OF_A_PROCESS_TO_BE_KILLED").is_none() {
        return;
    }
    let (mut postgres, nats) = (Postgres::start().await.unwrap(), Nats::start().await.unwrap());
    let pid = postgres.pid().unwrap();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    // Frozen ones are the hardest to end.
    postgres.pause();
    println!(
        "\n{pid}\n{}\n{}\ndone",
        nats.pid().unwrap(),
        children.split_whitespace().collect::<Vec<_>>().join("\n")
    );
    sleep(Duration::from_secs(60)).await;
}

fn is_running(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn folder_of(pid: u32) -> String {
    fs::read_link(format!("/proc/{pid}/cwd")).unwrap().to_str().unwrap().to_owned()
}

/// The id of the segment that a Postgres in this folder leaves behind when it is killed.
fn shared_memory_of(data: &str) -> String {
    let lock = fs::read_to_string(format!("{data}/postmaster.pid")).unwrap();
    lock.lines().nth(6).unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

fn shared_memory_exists(segment: &str) -> bool {
    let list = fs::read_to_string("/proc/sysvipc/shm").unwrap();
    list.lines().any(|line| line.split_whitespace().nth(1) == Some(segment))
}

//! A run in several processes: what it finds is what one process finds, and none outlives the others.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::broadcaster::{Broadcaster, Defects};
use super::{CLEAN, Done, IMPOSSIBLE, NOT_CLEAN, load_tester};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const HANG: Duration = Duration::from_secs(30);

/// The load tester against a server, with these words.
fn load_tester_at(server: &Broadcaster, words: &str) -> Command {
    let mut command = load_tester();
    command.args(words.split_whitespace());
    for target in server.targets() {
        command.args(["--target", target]);
    }
    command.args(["--secret", SECRET]);
    command
}

/// 60 subscribers in 12 rooms, 24 of them senders, 300 messages in a second: five hear each.
const RUN: &str =
    "--subscribers 60 --rooms 12 --senders 24 --rate 300 --duration 900ms --warm-up 100ms --audit-only";

async fn play(server: &Broadcaster, words: &str) -> Done {
    Done::of(&mut load_tester_at(server, words)).await
}

async fn run(server: &Broadcaster, more: &str) -> Done {
    play(server, &format!("{RUN} {more}")).await
}

#[tokio::test]
async fn a_run_in_three_processes_is_one_run() {
    let server = Broadcaster::start(2, Defects::default()).await.unwrap();
    let done = run(&server, "--processes 3 --threads 4").await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!(done.report["plan"]["processes"], 3);
    assert_eq!((done.audit("sent"), done.audit("acknowledged"), server.stored()), (300, 300, 300));
    assert_eq!(
        (done.audit("subscriptions"), done.audit("expected"), done.audit("received")),
        (60, 1500, 1500)
    );
    let counts = |what: &str| done.report[what]["count"].as_u64().unwrap();
    assert_eq!((counts("delivered"), counts("acknowledged")), (5 * 270, 270), "without the warm-up");
    assert_eq!((counts("connected"), counts("joined")), (60, 60));
    let slices = done.report["over_time"]["slices"].as_array().unwrap();
    let sum = |name: &str| slices.iter().map(|slice| slice[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("deliveries"), sum("acknowledged")), (1500, 300), "{slices:?}");
    assert!(slices.iter().all(|slice| slice["connections"] == 60), "{slices:?}");
    assert!(done.report["receiving_s"].as_f64() >= Some(0.99), "{}", done.said);
}

#[tokio::test]
async fn mistakes_are_counted_as_in_one_process() {
    for more in ["--processes 3 --settle 1s", "--processes 3 --settle 1s --rooms-per-client 4"] {
        let defects = Defects { drop_every: 7, double_every: 11, swap_every: 10, ..Defects::default() };
        let server = Broadcaster::start(1, defects).await.unwrap();
        let done = run(&server, more).await;
        let planted = server.planted();
        assert!(planted.dropped > 100 && planted.doubled > 50 && planted.swapped > 50, "{planted:?}");
        done.has_counted(planted);
        assert_eq!(done.code, NOT_CLEAN);
    }
    let server = Broadcaster::start(1, Defects { misplace_every: 9, ..Defects::default() }).await.unwrap();
    let done = run(&server, "--processes 3 --settle 1s").await;
    let planted = server.planted();
    let found = (done.audit("wrong_room"), done.audit("lost"));
    assert!(planted.misplaced > 0);
    assert_eq!(found, (planted.misplaced, planted.dropped), "{}", done.said);
}

/// What nobody can find alone: the sender is in one process, and those who contradict it are in others.
#[tokio::test]
async fn contradictions_between_processes_are_found() {
    let server = Broadcaster::start(1, Defects { refuse_every: 40, ..Defects::default() }).await.unwrap();
    let done = run(&server, "--processes 3").await;
    let planted = server.planted().refused;
    assert_eq!(
        (done.audit("refused_but_stored"), done.audit("refused")),
        (planted, planted),
        "{}",
        done.said
    );

    let server = Broadcaster::start(1, Defects { forget_every: 50, ..Defects::default() }).await.unwrap();
    let done = run(&server, "--processes 3 --settle 1s").await;
    let lost_places = done.audit("lost") / 5;
    assert_eq!(done.audit("one_place") + lost_places, server.planted().forgotten, "{}", done.said);

    let defects = Defects { unsure_every: 25, forget_ids: true, ..Defects::default() };
    let server = Broadcaster::start(1, defects).await.unwrap();
    let done = run(&server, "--processes 3 --reconnect").await;
    assert!(done.audit("two_places") >= server.stored() - 300 && server.stored() > 300, "{}", done.said);
}

#[tokio::test]
async fn all_processes_are_cut_off_and_come_back() {
    let server = Broadcaster::start(2, Defects::default()).await.unwrap();
    let done = run(&server, "--processes 3 --cut 400ms").await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!((done.audit("broken"), done.audit("reconnects"), done.audit("received")), (60, 60, 1500));
    let (away, all) = (&done.report["away"], done.report["all_back_s"].as_f64().unwrap());
    assert_eq!(away["count"], 60, "{}", done.said);
    assert!(all * 1.001 >= away["max"].as_f64().unwrap() / 1e6, "{away} of {all} s");
}

#[tokio::test]
async fn other_scenarios_have_processes_too() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let own = std::process::id();
    let idle = format!(
        "idle --clients 30 --rooms 4 --rooms-per-client 3 --hold 0s --processes 3 --server-pid {own}"
    );
    let done = play(&server, &idle).await;
    assert_eq!((done.code, &done.report["processes"]), (CLEAN, &3.into()), "{}", done.said);
    let connect = "connect --clients 30 --rooms 4 --ramp-per-s 1000 --hold 0s --processes 2";
    let done = play(&server, connect).await;
    assert_eq!((done.code, &done.report["joined"]["count"]), (CLEAN, &30.into()), "{}", done.said);
    let chat = "chat --subscribers 20 --rooms 4 --senders 4 --rate 40 --duration 2s --warm-up 0s --stay 300ms \
                --away 100ms --audit-only --processes 2";
    let done = play(&server, chat).await;
    assert_eq!((done.code, done.audit("lost")), (CLEAN, 0), "{}", done.said);
    assert!(done.report["came_again"].as_u64() > Some(0), "{}", done.said);
}

#[tokio::test]
async fn as_many_processes_are_started_as_the_limit_of_open_files_asks_for() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let command = load_tester_at(&server, RUN);
    // A hundred files are spare: 140 are enough for 40 clients.
    let mut shell = Command::new("sh");
    shell.arg("-c").arg("ulimit -n 140; exec \"$0\" \"$@\"").arg(env!("CARGO_BIN_EXE_parlor-loadtest"));
    shell.args(command.as_std().get_args()).env_remove("PARLOR__AUTH__SECRET").kill_on_drop(true);
    let done = Done::of(&mut shell).await;
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!((&done.report["plan"]["processes"], done.audit("received")), (&2.into(), 1500));
}

#[tokio::test]
async fn what_cannot_be_divided_is_refused() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    for (more, why) in [
        ("--processes 2 --in-flight 8", "in one process"),
        ("--processes 61", "fewer clients"),
        ("--processes 3 --handshakes 2", "--handshakes"),
    ] {
        let done = run(&server, more).await;
        assert!(done.code == IMPOSSIBLE && done.said.contains(why), "{more}: {}", done.said);
    }
}

/// A long run in three processes, as soon as all of them have their clients in; and the processes.
async fn long_run(server: &Broadcaster) -> (Child, Vec<Pid>) {
    let long = RUN.replace("900ms", "1h");
    let mut command = load_tester_at(server, &format!("{long} --processes 3"));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let parts = parts_of(&child);
    while server.stored() < 20 {
        sleep(Duration::from_millis(5)).await;
    }
    (child, parts().unwrap())
}

/// Finds the processes that a load tester has started.
fn parts_of(parent: &Child) -> impl Fn() -> Option<Vec<Pid>> + use<> {
    let pid = parent.id().unwrap();
    move || {
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        children.split_whitespace().map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
    }
}

/// Waits until a process has ended, whether or not anybody has taken note of that.
async fn has_ended(pid: Pid) {
    let stat = format!("/proc/{}/stat", pid.as_raw_nonzero());
    let lives = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
    let ended = async {
        while lives() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(HANG, ended).await.unwrap_or_else(|_| panic!("{pid:?} has outlived the run"));
}

#[tokio::test]
async fn a_process_that_dies_ends_the_run_and_the_others() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let (child, parts) = timeout(HANG, long_run(&server)).await.unwrap();
    assert_eq!(parts.len(), 3);
    for part in &parts {
        let line = std::fs::read(format!("/proc/{}/cmdline", part.as_raw_nonzero())).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert!(line.ends_with("part\0") && !line.contains(SECRET), "{line}");
    }
    kill_process(parts[1], Signal::KILL).unwrap();
    let output = timeout(HANG, child.wait_with_output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(IMPOSSIBLE), "{said}");
    assert!(said.contains("of 3 of the load tester") && said.contains("SIGKILL"), "{said}");
    for part in parts {
        has_ended(part).await;
    }
}

#[tokio::test]
async fn processes_end_with_the_one_that_has_started_them() {
    let server = Broadcaster::start(1, Defects::default()).await.unwrap();
    let (mut child, parts) = timeout(HANG, long_run(&server)).await.unwrap();
    child.kill().await.unwrap();
    for part in parts {
        has_ended(part).await;
    }
}

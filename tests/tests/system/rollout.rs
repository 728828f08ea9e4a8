//! Roll-outs: every process is restarted, one after the other, while sixty residents talk through a balancer. It
//! costs each of them two connections at the most, and nobody a message (G9).

use std::path::PathBuf;
use std::time::Duration;

use town::{Account, Closed, Older, Outcome, Plan, Server, Town, Trial, Witnesses, length, older, until};

/// Rooms of a trial.
const ROOMS: usize = 20;
/// Those who write down how each connection ended.
const WITNESSES: usize = 12;
/// How often a roll-out of three gateways may send a client away, if each new connection goes to the gateway that has
/// the fewest: once from where it was, and once from where it came to.
const RETURNS_MAX: usize = 2;

/// Three gateways behind a balancer, two writers, and the times of a drain: those that Parlor has by itself in the
/// long form. Health is checked several times while a gateway is unready, as it should be.
fn plan() -> Plan {
    let (unready, spread) = length(("500ms", "1s"), ("5s", "20s"));
    Trial::plan().balanced().set("drain.unready", unready).set("drain.spread", spread)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_of_everything_loses_nothing_and_sends_nobody_away_more_than_twice() {
    let mut trial = Trial::begins("rolling restart of 3 gateways and 2 writers", plan()).await;
    let (witnesses, everybody) = watch(&trial.town).await;
    trial.strikes();
    roll(&mut trial.town, None, everybody).await;
    trial.heals();
    trial.recovers().await;
    ends(trial, witnesses, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_out_from_the_older_version_to_this_one_and_back_loses_nothing() {
    if length(true, false) {
        return println!("two versions on one bus: only in the long form");
    }
    let name = "roll-out from an older version to this one, and back";
    let older = tokio::task::spawn_blocking(older).await.expect("a build");
    let program = match older.unwrap_or_else(|e| panic!("{e:#}")) {
        Older::Program(program) => program,
        Older::NotHere(why) => return Outcome::named(name).note(format!("not run: {why}")).record(),
    };
    let mut trial = Trial::begins(name, plan().program(program.clone())).await;
    let (witnesses, everybody) = watch(&trial.town).await;
    trial.strikes();
    roll(&mut trial.town, None, everybody).await;
    roll(&mut trial.town, Some(program), everybody).await;
    trial.heals();
    trial.recovers().await;
    ends(trial, witnesses, 2).await;
}

/// Lets witnesses come; tells how many clients there are with them and the residents.
async fn watch(town: &Town) -> (Witnesses, usize) {
    let everybody = connections(town) + WITNESSES;
    let witnesses = Witnesses::watch(town, WITNESSES, ROOMS);
    until("the witnesses are here", async || (connections(town) == everybody).then_some(())).await;
    (witnesses, everybody)
}

/// How many connections the balancer carries.
fn connections(town: &Town) -> usize {
    (0..town.gateways.len()).map(|gateway| town.balancer().open(gateway)).sum()
}

/// Restarts everything as this program, one process after the other, each when the one before is ready.
async fn roll(town: &mut Town, program: Option<PathBuf>, everybody: usize) {
    for writer in &mut town.writers {
        writer.stop().await;
        writer.becomes(program.clone());
        writer.restart().await;
    }
    for number in 0..town.gateways.len() {
        leaves(town, number).await;
        // Who came back only now would be given to it, and others to a gateway that is still to go.
        until("everybody is elsewhere", async || (connections(town) == everybody).then_some(())).await;
        let gateway = &mut town.gateways[number];
        gateway.becomes(program.clone());
        gateway.restart().await;
        until(format!("gateway {number} is given connections again"), async || {
            town.balancer().is_ready(number).then_some(())
        })
        .await;
    }
}

/// Drains a gateway.
async fn leaves(town: &mut Town, number: usize) {
    assert!(town.balancer().open(number) > 0, "gateway {number} has nobody to send away");
    town.gateways[number].terminate();
    // A wait of its own: a drain may take nearly as long as a wait.
    until(format!("gateway {number} has sent its clients away"), async || {
        (town.balancer().open(number) == 0).then_some(())
    })
    .await;
    assert_eq!(town.gateways[number].exit().await, Some(0), "the exit code of gateway {number}");
}

/// Judges what everybody has been through after so many roll-outs.
async fn ends(mut trial: Trial, witnesses: Witnesses, rolls: usize) {
    let returns_max = RETURNS_MAX * rolls;
    let accounts = witnesses.tell().await;
    trial.talks_on(length(60, 1000)).await;
    let (outcome, residents) = trial.settles().await;
    let returns: Vec<usize> = residents.iter().map(town::Resident::returns).collect();
    let most = returns.iter().max().copied().unwrap_or_default();
    outcome.note(format!("each came back {most} times at the most; {}", Pace::of(&accounts))).record();
    let balancer = trial.town.balancer();
    for gateway in 0..trial.town.gateways.len() {
        assert_eq!(balancer.lapses(gateway), rolls, "how often gateway {gateway} has turned unready");
    }
    assert!(returns.iter().all(|returns| *returns <= returns_max), "{returns:?}, {balancer:?}");
    assert!(
        returns.iter().sum::<usize>() >= residents.len(),
        "everybody was sent away once at least: {returns:?}"
    );
    for Account { user, closings, .. } in &accounts {
        assert!(closings.len() <= returns_max, "{user}: {closings:?}");
        assert!(closings.iter().all(is_farewell), "{user}: {closings:?}");
    }
    assert!(accounts.iter().any(|account| !account.closings.is_empty()), "no witness was sent away");
    assert!(trial.town.gateways.iter().chain(&trial.town.writers).all(Server::runs));
}

/// A `bye` that says when to come back, and then the close code of a server that goes away.
fn is_farewell(closed: &Closed) -> bool {
    let bye = closed.bye.clone().unwrap_or_default();
    closed.code == Some(1012) && bye["code"] == "going_away" && bye["retry_ms"].is_u64()
}

/// How long acknowledgements took.
struct Pace {
    count: usize,
    median: Duration,
    p99: Duration,
    max: Duration,
}

impl Pace {
    fn of(accounts: &[Account]) -> Self {
        let mut took: Vec<Duration> = accounts.iter().flat_map(|a| a.acknowledged.iter().copied()).collect();
        took.sort_unstable();
        let at = |percent: usize| took.get((took.len() * percent / 100).min(took.len().saturating_sub(1)));
        let at = |percent| at(percent).copied().unwrap_or_default();
        Self { count: took.len(), median: at(50), p99: at(99), max: at(100) }
    }
}

impl std::fmt::Display for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { count, median, p99, max } = self;
        write!(f, "acknowledged within {median:.0?} (median), {p99:.0?} (p99), {max:.0?} (most), of {count}")
    }
}

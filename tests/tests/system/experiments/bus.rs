//! NATS dies or stands still, and parts of the town are cut off from it.

use std::time::Duration;

use town::{Line, Person, Trial, Way};

use super::{has_looked, repeated, seconds};

/// What the NATS client itself says of a server that closes a connection at once.
const NATS_CLIENT: &str = "async_nats::connector";

#[tokio::test(flavor = "multi_thread")]
async fn nats_is_killed_for_seconds() {
    is_killed("NATS is killed for 5 s", seconds(1, 5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_is_killed_for_longer_than_anything_waits() {
    is_killed("NATS is killed for 60 s", seconds(7, 60)).await;
}

async fn is_killed(name: &'static str, time: Duration) {
    let mut trial = Trial::begins(name, Trial::plan()).await;
    trial.strikes();
    trial.town.nats().kill9();
    trial.rages(time).await;
    trial.town.nats().restart().await.expect("NATS");
    trial.heals();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert!(outcome.count("repeats") > 0, "nothing can be stored meanwhile");
    assert_eq!(outcome.count("returns"), 0, "no connection of a client is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_stands_still() {
    let mut trial = Trial::begins("NATS is stopped for 15 s", Trial::plan()).await;
    trial.strikes();
    trial.town.nats().pause();
    trial.rages(seconds(6, 15)).await;
    trial.town.nats().resume();
    trial.heals();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert!(outcome.count("repeats") > 0, "nothing can be stored meanwhile");
    assert_eq!(outcome.count("returns"), 0, "no connection of a client is lost");
}

/// Its people are told that what they see may be old, balancers that it is not ready; the others do not notice.
async fn is_cut_off(name: &'static str, breaks: fn(&Line)) {
    let mut trial = Trial::begins(name, Trial::plan().lines()).await;
    trial.town.forgives(NATS_CLIENT);
    let ana = trial.town.person("ana").at(1).joins("square-0").await;
    trial.strikes();
    breaks(&trial.town.gateway_lines[1].nats);
    assert_eq!(ana.hears("status").await["state"], "degraded");
    trial.town.gateways[1].is_unready("bus").await;
    let others = [trial.town.person("ben").at(0).joins("quiet").await, cid(&trial).await];
    others[0].says("quiet", "meanwhile").await;
    others[1].sees("quiet", 1).await;
    trial.rages(seconds(2, 15)).await;
    trial.town.gateway_lines[1].nats.mend();
    trial.heals();
    assert_eq!(ana.hears("status").await["state"], "ok");
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert!(outcome.count("repeats") > 0, "{outcome}");
    assert!(
        trial.town.gateways[1].metric("parlor_gaps_repaired_total").await > 0.0,
        "it has missed something"
    );
    assert!(outcome.time("shown_s") <= town::length(30.0, 5.0), "{outcome}");
}

async fn cid(trial: &Trial) -> Person {
    trial.town.person("cid").at(2).joins("quiet").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_cut_off_and_repairs_what_it_has_missed() {
    is_cut_off("a gateway is cut off from NATS", Line::cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_hears_nothing_and_can_be_heard() {
    is_cut_off("a gateway hears nothing from NATS, one way", |line| line.black_hole(Way::Back)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_cannot_be_heard_and_hears() {
    is_cut_off("a gateway is not heard by NATS, one way", |line| line.black_hole(Way::There)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_is_cut_off_and_the_other_takes_over() {
    let mut trial = Trial::begins("a writer is cut off from NATS", Trial::plan().lines()).await;
    trial.town.forgives(NATS_CLIENT);
    trial.strikes();
    trial.town.writer_lines[0].nats.cut();
    trial.town.writers[0].is_unready("bus").await;
    trial.rages(seconds(2, 15)).await;
    trial.town.writer_lines[0].nats.mend();
    trial.heals();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert_eq!(outcome.count("returns"), 0, "no gateway was disturbed");
}

/// A writer that works on while nobody hears it: what it commits is not published, and not answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_on_the_bus_is_found_under_its_id() {
    let plan = Trial::plan().writers(1).lines();
    let mut trial = Trial::begins("a writer is heard by nobody, one way", plan).await;
    trial.town.forgives(NATS_CLIENT);
    let ana = trial.town.person("ana").at(0).joins("quiet").await;
    let ben = trial.town.person("ben").at(2).joins("quiet").await;
    ana.says("quiet", "before").await;
    for gateway in [0, 2] {
        has_looked(&trial.town.gateways[gateway], 21).await;
    }
    trial.strikes();
    trial.town.writer_lines[0].nats.black_hole(Way::There);
    let lost = ana.says_as("quiet", "d-1", "is this stored?").await;
    assert_eq!(lost.refused().code, "unavailable");
    assert_eq!(trial.town.copies("d-1").await, 1, "it was committed, and nobody was told");
    trial.town.writer_lines[0].nats.mend();
    trial.heals();
    ben.sees("quiet", 2).await;
    trial.recovers().await;
    assert_eq!(
        repeated(&ana, "quiet", "d-1", "is this stored?").await,
        2,
        "the repeat is given the first seq"
    );
    trial.ends().await;
}

//! Postgres dies, stands still, or is out of reach.

use std::time::Duration;

use town::{Line, Outcome, Town, Trial, Way};

use super::{repeated, seconds};

/// What a writer says of such a Postgres.
const UNAVAILABLE: &str = "the store is not available";

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_killed() {
    let mut trial = begins("Postgres is killed").await;
    trial.town.postgres().kill9();
    ends(trial, seconds(2, 10), async |trial| trial.town.postgres().restart().await.expect("Postgres")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_shut_down_at_once() {
    let mut trial = begins("Postgres is shut down immediately").await;
    trial.town.postgres().shutdown_immediate().await.expect("an end");
    ends(trial, seconds(2, 10), async |trial| trial.town.postgres().restart().await.expect("Postgres")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_stands_still_for_seconds() {
    let mut trial = begins("Postgres is stopped for 5 s").await;
    trial.town.postgres().pause();
    let outcome = ends(trial, seconds(3, 5), async |trial| trial.town.postgres().resume()).await;
    assert!(outcome.time("answer_s") >= 1.0, "nobody has waited for it: {outcome}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_stands_still_for_longer_than_anything_waits() {
    let mut trial = begins("Postgres is stopped for 30 s").await;
    trial.town.postgres().pause();
    let outcome = ends(trial, seconds(7, 30), async |trial| trial.town.postgres().resume()).await;
    assert!(outcome.count("repeats") > 0, "nothing can be stored meanwhile: {outcome}");
}

async fn begins(name: &'static str) -> Trial {
    let mut trial = Trial::begins(name, Trial::plan().own_postgres()).await;
    trial.town.forgives(UNAVAILABLE);
    trial.strikes();
    trial
}

async fn ends(mut trial: Trial, time: Duration, heal: impl AsyncFnOnce(&mut Trial)) -> Outcome {
    trial.rages(time).await;
    heal(&mut trial).await;
    trial.heals();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert_eq!(outcome.count("returns"), 0, "no connection of a client is lost");
    outcome
}

/// What was committed and never heard of has its first seq when it is asked for again. Nobody else talks: what lies
/// in the black hole before it would keep it from Postgres.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_found_under_its_id() {
    let mut town = Town::new().gateways(2).lines().start().await;
    town.forgives(UNAVAILABLE);
    let ana = town.person("ana").at(0).joins("quiet").await;
    let ben = town.person("ben").at(1).joins("quiet").await;
    ana.says("quiet", "before").await;
    let line = &town.writer_lines[0].postgres;
    line.black_hole(Way::Back);
    assert_eq!(ana.says_as("quiet", "d-1", "is this stored?").await.refused().code, "unavailable");
    assert_eq!(town.copies("d-1").await, 1, "it was committed, and nobody was told");
    line.mend();
    assert_eq!(
        repeated(&ana, "quiet", "d-1", "is this stored?").await,
        2,
        "the repeat is given the first seq"
    );
    ben.sees("quiet", 2).await;
    assert!(line.toll().swallowed_bytes > 0);
    assert_eq!(town.copies("d-1").await, 1);
    let audit = town.audit().await;
    Outcome::of("the answers of Postgres are lost, one way", &audit).record();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_is_cut_off_from_postgres_and_the_other_takes_over() {
    let mut trial = Trial::begins("a writer is cut off from Postgres", Trial::plan().lines()).await;
    trial.town.forgives(UNAVAILABLE);
    trial.strikes();
    trial.town.writer_lines[0].postgres.cut();
    trial.town.writers[0].is_unready("store").await;
    trial.rages(seconds(2, 15)).await;
    trial.talks_on(50).await;
    trial.town.writer_lines[0].postgres.mend();
    trial.heals();
    trial.recovers().await;
    trial.ends().await;
    assert!(trial.town.writer_lines[0].postgres.toll().refused > 0, "it has tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_postgres_does_not_answer_is_replaced() {
    let plan = Trial::plan().lines();
    let mut trial = Trial::begins("a writer is cut off from Postgres without a word", plan).await;
    trial.town.forgives(UNAVAILABLE);
    let holds = |line: &Line| line.hold(Way::Both);
    trial.strikes();
    holds(&trial.town.writer_lines[0].postgres);
    trial.town.writers[0].is_unready("store").await;
    trial.rages(seconds(1, 15)).await;
    trial.talks_on(50).await;
    trial.town.writer_lines[0].postgres.mend();
    trial.heals();
    trial.recovers().await;
    trial.ends().await;
    assert!(trial.town.writer_lines[0].postgres.toll().held_bytes > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_killed_at_once() {
    let mut trial = begins("everything is killed at once").await;
    let town = &mut trial.town;
    town.gateways.iter_mut().chain(&mut town.writers).for_each(town::Server::kill9);
    town.postgres().kill9();
    town.nats().kill9();
    trial.rages(seconds(1, 5)).await;
    let town = &mut trial.town;
    town.postgres().restart().await.expect("Postgres");
    town.nats().restart().await.expect("NATS");
    town.start().await;
    trial.heals();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert!(outcome.count("returns") >= 60, "everybody had to come back: {outcome}");
}

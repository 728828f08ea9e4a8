//! Writers die, or stand still.

use town::Trial;

use super::seconds;

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_is_killed_and_started_again() {
    let mut trial = Trial::begins("a writer is killed and started again", Trial::plan()).await;
    trial.strikes();
    trial.town.writers[0].kill9();
    trial.rages(seconds(1, 5)).await;
    trial.town.writers[0].start().await;
    trial.heals();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert_eq!(outcome.count("returns"), 0, "no gateway was disturbed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_is_killed_and_the_other_takes_over() {
    let mut trial = Trial::begins("a writer is killed, and not started again", Trial::plan()).await;
    trial.strikes();
    trial.town.writers[0].kill9();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert_eq!(outcome.count("returns"), 0, "no gateway was disturbed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_stands_still_for_seconds() {
    stands_still("a writer is stopped for 5 s", seconds(3, 5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_stands_still_for_longer_than_anything_waits() {
    stands_still("a writer is stopped for 15 s", seconds(6, 15)).await;
}

/// It wakes up late, with drafts that others have stored meanwhile: no seq twice.
async fn stands_still(name: &'static str, time: std::time::Duration) {
    let mut trial = Trial::begins(name, Trial::plan()).await;
    // What it asked of Postgres before it stood still has not been answered for too long when it wakes up.
    trial.town.forgives("the store is not available");
    trial.strikes();
    trial.town.writers[0].freeze();
    trial.rages(time).await;
    trial.town.writers[0].thaw();
    trial.heals();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert_eq!(outcome.count("returns"), 0, "no gateway was disturbed");
}

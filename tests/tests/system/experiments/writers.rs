//! Writers die, or stand still.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use town::{Outcome, Town, Trial, until};

use super::{repeated, seconds};

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
async fn stands_still(name: &'static str, time: Duration) {
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

/// Nobody knows what became of a send that was answered `unavailable`; but there is an end to that. A writer that wakes
/// up must not store it behind all that was said since.
#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_a_stopped_writer_is_not_stored_any_more() {
    let mut town = Town::new().writers(2).start().await;
    town.forgives("the store is not available");
    town.writers[1].stop().await;
    let ana = town.person("ana").joins("r7").await;
    ana.says("r7", "before").await;
    town.writers[0].freeze();
    let asked = Instant::now();
    assert_eq!(ana.says_as("r7", "d-1", "a ghost").await.refused().code, "unavailable");
    town.writers[1].start().await;
    assert_eq!(repeated(&ana, "r7", "d-2", "after it").await, 2);
    // The writer forgets what is older than ten seconds.
    sleep_until(asked + Duration::from_secs(11)).await;
    town.writers[0].thaw();
    until("the ghost is refused", async || {
        (town.writers[0].metric("parlor_drafts_refused_total").await >= 1.0).then_some(())
    })
    .await;
    assert_eq!(town.copies("d-1").await, 0);
    assert_eq!(repeated(&ana, "r7", "d-3", "goes on").await, 3);
    let audit = town.audit().await;
    Outcome::of("a send waits for a stopped writer for 11 s", &audit).record();
}

//! The disk of the database is full.

use std::time::Duration;

use tokio::time::sleep;
use town::{Outcome, Trial, length};

/// Megabytes: enough for an empty database with its write-ahead log.
const DISK: u32 = 400;

#[tokio::test(flavor = "multi_thread")]
async fn while_the_disk_of_postgres_is_full_nothing_is_acknowledged() {
    let name = "the disk of Postgres is full";
    let Some(town) = Trial::plan().small_disk(DISK).start_if_possible().await else {
        Outcome::not_run(name, "no disk of its own can be mounted here").record();
        return;
    };
    let mut trial = Trial::begins_in(town, name).await;
    trial.town.forgives("the store is not available");
    trial.strikes();
    trial.town.postgres().fill_disk().expect("a disk of its own");
    trial.town.writers[0].is_unready("store").await;
    sleep(length(Duration::from_secs(1), Duration::from_secs(10))).await;
    trial.town.postgres().free_disk().expect("a full disk");
    // It may have given up when it could not write its log. That is for its operator to mend.
    let _ = trial.town.postgres().shutdown_immediate().await;
    trial.town.postgres().restart().await.expect("Postgres");
    trial.heals();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert!(outcome.count("repeats") > 0, "nothing can be stored meanwhile: {outcome}");
}

//! The disk of the database is full: Postgres, and the file of a solo.

use std::time::Duration;

use servers::{Disk, if_possible};
use tokio::time::sleep;
use town::{Outcome, Town, Trial, length, program, until};

use super::repeated;

/// Megabytes: enough for an empty Postgres with its write-ahead log.
const DISK: u32 = 400;
/// Megabytes: enough for an SQLite file with a few messages.
const SMALL_DISK: u32 = 8;
/// What a row says where there is none.
const NO_DISK: &str = "no disk of its own can be mounted here";

#[tokio::test(flavor = "multi_thread")]
async fn while_the_disk_of_postgres_is_full_nothing_is_acknowledged() {
    let name = "the disk of Postgres is full";
    let Some(town) = Trial::plan().small_disk(DISK).start_if_possible().await else {
        Outcome::not_run(name, NO_DISK).record();
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

#[tokio::test(flavor = "multi_thread")]
async fn while_the_disk_of_a_solo_is_full_nothing_is_acknowledged() {
    let name = "the disk of a solo is full";
    let Some(disk) = if_possible(Disk::of(SMALL_DISK).await).expect("a disk") else {
        Outcome::not_run(name, NO_DISK).record();
        return;
    };
    let program = disk.script(&program("parlor").expect("a program")).expect("a script");
    let file = disk.folder().join("parlor.db");
    let plan = Town::solo().program(program).set("store.url", format!("sqlite:{}", file.display()));
    let mut town = plan.start().await;
    town.forgives("the store is not available");
    let ana = town.person("ana").joins("r7").await;
    let ben = town.person("ben").joins("r7").await;
    ana.says("r7", "before").await;
    disk.fill().expect("a disk of its own");
    // What fits into pages that there are is still stored.
    let body = "m".repeat(16_000);
    let mut said = 1;
    let refused = until("the disk is felt", async || {
        said += 1;
        let answer = ana.says_as("r7", &format!("d-{said}"), &body).await;
        matches!(answer, town::Answer::Refused(_)).then_some(answer)
    })
    .await;
    assert_eq!(refused.refused().code, "unavailable");
    town.gateways[0].is_unready("store").await;
    disk.free().expect("a full disk");
    town.gateways[0].is_ready().await;
    assert_eq!(repeated(&ana, "r7", &format!("d-{said}"), &body).await, said);
    let said = usize::try_from(said).expect("a small number");
    ben.sees("r7", said).await;
    let audit = town.audit().await;
    Outcome::of(name, &audit).record();
}

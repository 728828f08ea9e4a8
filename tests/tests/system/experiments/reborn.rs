//! The past changes: a room is deleted and made again, a database is restored from a copy. Nobody is left in a
//! history that is gone.

use std::process::Command;

use sqlx::{Connection as _, PgConnection};
use town::{Outcome, Person, Settings, Town, program, until};

const ROOM: &str = "r7";

/// Two who stay, one at each gateway, and one who has gone after so many messages.
struct People {
    here: [Person; 2],
    was_here: u64,
    epoch: String,
}

async fn people(town: &Town) -> People {
    let ana = town.person("ana").at(0).joins(ROOM).await;
    let ben = town.person("ben").at(1).joins(ROOM).await;
    let dan = town.person("dan").at(1).await;
    let epoch = dan.joins(ROOM).await.epoch;
    for number in 1..=10 {
        ana.says(ROOM, &format!("number {number}")).await;
    }
    dan.sees(ROOM, 10).await;
    dan.goes().await;
    // A gateway looks once after a room that is new to it. That must not be what they learn it by.
    for gateway in &town.gateways {
        until("the room is not new any more", async || {
            (gateway.metric("parlor_log_reads_total").await >= 1.0).then_some(())
        })
        .await;
    }
    People { here: [ana, ben], was_here: 10, epoch }
}

impl People {
    /// Those who are here are told that the room begins anew, without asking; and so is the one who comes back.
    async fn are_told(&self, town: &Town) {
        for person in &self.here {
            let told = person.hears("joined").await;
            assert_eq!(told["truncated"], true, "{told}");
            assert_ne!(told["epoch"].as_str(), Some(&*self.epoch), "{told}");
        }
        for gateway in 0..2 {
            let dan = town.person("dan").at(gateway).await;
            let told = dan.joins_after(ROOM, self.was_here, Some(&self.epoch)).await;
            assert!(told.truncated && told.epoch != self.epoch, "{told:?}");
            dan.goes().await;
        }
    }

    /// And then everybody sees everything again.
    async fn see(&self, seq: u64) {
        for person in &self.here {
            until(format!("{} sees {seq} of the new history", person.user()), async || {
                person.shown(ROOM).last().is_some_and(|message| message.seq == seq).then_some(())
            })
            .await;
        }
    }
}

async fn record(name: &str, town: &Town) {
    let audit = town.audit().await;
    Outcome::of(name, &audit).note("connected or coming back: told `truncated`").record();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_deleted_and_made_again_begins_anew_for_everybody() {
    let town = Town::new().gateways(2).writers(2).start().await;
    let people = people(&town).await;
    let mut database =
        PgConnection::connect(&town.database_url().expect("Postgres")).await.expect("a session");
    let again = "
        WITH gone AS (DELETE FROM rooms WHERE name = $1 RETURNING key)
        DELETE FROM events WHERE room IN (SELECT key FROM gone)";
    sqlx::query(again).bind(ROOM).execute(&mut database).await.expect("a deletion");
    let made = "INSERT INTO rooms (name, kind) VALUES ($1, 1)";
    sqlx::query(made).bind(ROOM).execute(&mut database).await.expect("a room");

    assert_eq!(people.here[0].says(ROOM, "anew").await.seq, 1);
    people.are_told(&town).await;
    people.see(1).await;
    record("a room is deleted and made again", &town).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_restored_is_another_history_for_everybody() {
    let mut town = Town::new().gateways(2).writers(2).own_postgres().start().await;
    town.forgives("the store is not available");
    let backup = {
        town.person("eve").joins(ROOM).await.says(ROOM, "before the backup").await;
        town.postgres().backup().await.expect("a backup")
    };
    let people = people(&town).await;
    town.postgres().restore(&backup).await.expect("a restored server");
    people.are_told(&town).await;
    assert_eq!(says(&people.here[1], "anew").await, 2, "after what the backup holds");
    people.see(2).await;
    record("an older database is restored", &town).await;
}

/// Nothing in such a database tells it from the one that it was. The operator has to say so.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_copied_files_is_another_history_where_the_operator_says_so() {
    let mut town = Town::new().gateways(2).writers(2).own_postgres().start().await;
    town.forgives("the store is not available");
    town.person("eve").joins(ROOM).await.says(ROOM, "before the backup").await;
    let backup = town.postgres().backup().await.expect("a backup");
    let people = people(&town).await;
    for writer in &mut town.writers {
        writer.stop().await;
    }
    town.postgres().restore_files(&backup).await.expect("a restored server");
    new_epoch(&town);
    for writer in &mut town.writers {
        writer.restart().await;
    }
    people.are_told(&town).await;
    assert_eq!(says(&people.here[1], "anew").await, 2, "after what the backup holds");
    people.see(2).await;
    record("an older copy of the database's files is put back, and `migrate --new-epoch`", &town).await;
}

fn new_epoch(town: &Town) {
    let mut settings = Settings::default();
    settings.set("store.url", town.database_url().expect("Postgres"));
    let mut migrate = Command::new(program("parlor").expect("a program"));
    migrate.args(["migrate", "--new-epoch"]).current_dir(town.folder());
    settings.give_to(&mut migrate);
    let output = migrate.output().expect("a run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Says it as often as it takes, because a writer may not have found its database again; gives the seq.
async fn says(person: &Person, body: &str) -> u64 {
    super::repeated(person, ROOM, "anew", body).await
}

//! Somebody keeps rows of the database locked: an administrator in the middle of a transaction, a writer that died.

use sqlx::{Connection as _, Executor as _, PgConnection};
use town::{Outcome, Person, Town};

use super::repeated;

const FREE: [&str; 4] = ["free-0", "free-1", "free-2", "free-3"];

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_kept_locked_holds_up_no_other() {
    let town = Town::new().gateways(2).writers(2).start().await;
    let ana = FREE.iter().fold(town.person("ana").at(0).joins("locked"), |ana, room| ana.joins(room)).await;
    let mut database =
        PgConnection::connect(&town.database_url().expect("Postgres")).await.expect("a session");
    let mut open = database.begin().await.expect("a transaction");
    open.execute("SELECT 1 FROM rooms WHERE name = 'locked' FOR UPDATE").await.expect("a lock");
    for round in 0..2 {
        for room in FREE {
            says_beside(&town, &ana, room, round).await;
        }
    }
    for writer in &town.writers {
        assert_eq!(writer.readiness().await.map(|reply| reply.status), Some(200), "the store is well");
    }
    open.rollback().await.expect("an end");
    assert_eq!(repeated(&ana, "locked", "d-1", "hello").await, 1);
    let audit = town.audit().await;
    Outcome::of("a room of the database is kept locked", &audit)
        .note("other rooms: every send was stored")
        .record();
}

/// Asks for something in the locked room, which nobody can store, and at once in another, where it must be stored.
async fn says_beside(town: &Town, ana: &Person, room: &str, round: usize) {
    let ben = town.person("ben").at(1).joins(room).await;
    let locked = ana.begins("locked", "d-1", "hello").await;
    ben.says(room, &format!("round {round}")).await;
    assert_eq!(ana.answer(locked).await.refused().code, "unavailable");
    ben.goes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_writer_asks_its_store_by_may_be_locked() {
    let town = Town::new().writers(2).own_postgres().start().await;
    let ana = town.person("ana").joins("r7").await;
    let mut database =
        PgConnection::connect(&town.database_url().expect("Postgres")).await.expect("a session");
    let mut open = database.begin().await.expect("a transaction");
    open.execute("UPDATE pulse SET beats = beats").await.expect("a lock");
    // Each writer asks every two seconds, and twice before it believes the answer.
    let begun = std::time::Instant::now();
    let mut said = 0;
    while begun.elapsed() < super::seconds(6, 15) {
        said += 1;
        assert_eq!(ana.says("r7", &format!("number {said}")).await.seq, said);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    open.rollback().await.expect("an end");
    let audit = town.audit().await;
    Outcome::of("the pulse of the database is kept locked", &audit).record();
}

//! Parts die in the middle of everything. It costs answers of `unavailable` and connections, never a message.

use sqlx::{Connection as _, PgConnection};
use town::{Answer, Crowd, Town, until};

/// What the NATS client itself says of a server that closes a connection at once.
const NATS_CLIENT: &str = "async_nats::connector";

#[tokio::test(flavor = "multi_thread")]
async fn when_a_writer_is_killed_the_other_takes_over() {
    let mut town = Town::new().gateways(3).writers(2).start().await;
    let crowd = Crowd::talks(&town, 12, 4).await;
    crowd.says_more(100).await;
    town.writers[0].kill9();
    crowd.says_more(100).await;
    town.writers[0].restart().await;
    crowd.says_more(100).await;
    town.writers[1].kill9();
    crowd.says_more(100).await;
    let (told, _here) = crowd.ends().await;
    assert_eq!(told.returns, 0, "no gateway was disturbed");
    assert_eq!(town.audit().await.acknowledged, told.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_gateway_is_killed_its_clients_come_back_elsewhere_and_miss_nothing() {
    let mut town = Town::new().gateways(3).writers(2).start().await;
    let crowd = Crowd::talks(&town, 12, 4).await;
    crowd.says_more(100).await;
    town.gateways[1].kill9();
    crowd.says_more(100).await;
    town.gateways[1].restart().await;
    crowd.says_more(50).await;
    let (told, _here) = crowd.ends().await;
    assert_eq!(told.returns, 4, "a third of them was connected to it");
    assert_eq!(town.audit().await.acknowledged, told.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nats_is_killed_everybody_is_told_and_nothing_is_lost() {
    let mut town = Town::new().gateways(2).writers(2).start().await;
    let crowd = Crowd::talks(&town, 8, 2).await;
    let ana = town.person("ana").at(0).joins("r7").await;
    crowd.says_more(50).await;

    town.nats().kill9();
    assert_eq!(ana.hears("status").await["state"], "degraded");
    let refused = ana.says_as("r7", "d-1", "hello").await.refused();
    assert_eq!((&*refused.code, refused.id.as_deref()), ("unavailable", Some("d-1")));
    for server in town.gateways.iter().chain(&town.writers) {
        server.is_unready("bus").await;
    }

    town.nats().restart().await.unwrap();
    assert_eq!(ana.hears("status").await["state"], "ok");
    for server in town.gateways.iter().chain(&town.writers) {
        server.is_ready().await;
    }
    crowd.says_more(50).await;
    assert_eq!(ana.says_as("r7", "d-1", "hello").await.sent().seq, 1);
    let (told, _here) = crowd.ends().await;
    assert!(told.repeats > 0, "the crowd has noticed");
    assert_eq!(told.returns, 0, "no connection of a client is lost");
    assert_eq!(town.audit().await.acknowledged, told.said + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_postgres_is_killed_nothing_is_acknowledged_until_it_is_back() {
    let mut town = Town::new().gateways(2).writers(2).own_postgres().start().await;
    town.forgives("the store is not available");
    let crowd = Crowd::talks(&town, 8, 2).await;
    let ana = town.person("ana").at(0).joins("r7").await;
    crowd.says_more(50).await;

    town.postgres().kill9();
    match ana.says_as("r7", "d-1", "hello").await {
        Answer::Refused(refused) => assert_eq!(refused.code, "unavailable"),
        other => panic!("{other:?} although nothing can be stored"),
    }
    for writer in &town.writers {
        writer.is_unready("store").await;
    }

    town.postgres().restart().await.unwrap();
    for writer in &town.writers {
        writer.is_ready().await;
    }
    crowd.says_more(50).await;
    assert_eq!(ana.says_as("r7", "d-1", "hello").await.sent().seq, 1);
    let (told, _here) = crowd.ends().await;
    assert!(told.repeats > 0, "the crowd has noticed");
    assert_eq!(town.audit().await.acknowledged, told.said + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_takes_no_writes_nothing_is_acknowledged() {
    let mut town = Town::new().gateways(2).writers(2).start().await;
    town.forgives("the store is not available");
    let crowd = Crowd::talks(&town, 4, 2).await;
    let ana = town.person("ana").at(0).joins("r7").await;
    crowd.says_more(50).await;

    takes_writes(&town, false).await;
    for writer in &town.writers {
        writer.is_unready("store").await;
    }
    assert_eq!(ana.says_as("r7", "d-1", "hello").await.refused().code, "unavailable");

    takes_writes(&town, true).await;
    for writer in &town.writers {
        writer.is_ready().await;
    }
    crowd.says_more(50).await;
    assert_eq!(ana.says_as("r7", "d-1", "hello").await.sent().seq, 1);
    let (told, _here) = crowd.ends().await;
    assert!(told.repeats > 0, "the crowd has noticed");
    assert_eq!(town.audit().await.acknowledged, told.said + 1);
}

/// Makes the database of a town one that takes writes or does not, for new sessions; and ends the others.
async fn takes_writes(town: &Town, writes: bool) {
    let mut database =
        PgConnection::connect(&town.database_url().expect("Postgres")).await.expect("a session");
    let name: String =
        sqlx::query_scalar("SELECT current_database()").fetch_one(&mut database).await.expect("a name");
    let state = if writes { "off" } else { "on" };
    let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = {state}");
    let writable = "SET default_transaction_read_only = off";
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for statement in [writable, &set, end] {
        sqlx::query(statement).execute(&mut database).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_was_cut_off_shows_what_was_said_meanwhile() {
    let mut town = Town::new().gateways(2).lines().start().await;
    town.forgives(NATS_CLIENT);
    let ana = town.person("ana").at(0).joins("r7").await;
    let ben = town.person("ben").at(1).joins("r7").await;
    ana.says("r7", "before").await;
    ben.sees("r7", 1).await;
    // A gateway looks once after a room that is new to it. That must not be what repairs the room here.
    until("the room is not new any more", async || {
        (town.gateways[1].metric("parlor_log_reads_total").await >= 1.0).then_some(())
    })
    .await;

    town.gateway_lines[1].nats.cut();
    assert_eq!(ben.hears("status").await["state"], "degraded");
    town.gateways[1].is_unready("bus").await;
    for number in 0..20 {
        ana.says("r7", &format!("meanwhile {number}")).await;
    }
    assert_eq!(ben.says_as("r7", "d-1", "hello").await.refused().code, "unavailable");
    assert_eq!(ben.shown("r7").len(), 1);

    town.gateway_lines[1].nats.mend();
    assert_eq!(ben.hears("status").await["state"], "ok");
    ben.sees("r7", 21).await;
    assert_eq!(town.gateways[1].metric("parlor_gaps_repaired_total").await, 20.0);
    assert_eq!(ben.says_as("r7", "d-1", "hello").await.sent().seq, 22);
    town.audit().await;
}

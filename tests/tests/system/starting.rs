//! Processes start in any order, and wait for what is not there yet.

use sqlx::{Connection as _, PgConnection};
use town::{Town, probe};

#[tokio::test(flavor = "multi_thread")]
async fn without_nats_processes_stay_unready_and_are_ready_when_it_comes() {
    let mut town = Town::new().build().await;
    town.nats().kill9();
    for server in town.writers.iter_mut().chain(&mut town.gateways) {
        server.start().await;
    }
    for server in town.writers.iter().chain(&town.gateways) {
        server.is_unready("bus").await;
        assert_eq!(probe::get(server.admin(), "/healthz").await.unwrap().status, 200, "{}", server.name());
    }
    town.nats().restart().await.unwrap();
    for server in town.writers.iter().chain(&town.gateways) {
        server.is_ready().await;
    }
    let ana = town.person("ana").joins("r7").await;
    ana.says("r7", "at last").await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_a_writer_stays_unready_and_is_ready_when_it_comes() {
    let mut town = Town::new().own_postgres().build().await;
    town.postgres().stop().await.unwrap();
    for server in town.writers.iter_mut().chain(&mut town.gateways) {
        server.start().await;
    }
    town.gateways[0].is_ready().await;
    town.writers[0].is_unready("store").await;
    assert_eq!(probe::get(town.writers[0].admin(), "/healthz").await.unwrap().status, 200);
    let ana = town.person("ana").await;
    let refused = ana.says_as("r7", "d-1", "nobody there").await.refused();
    assert_eq!(refused.code, "unavailable");

    town.postgres().restart().await.unwrap();
    town.writers[0].is_ready().await;
    ana.joins("r7").await;
    ana.says("r7", "at last").await;
    town.audit().await;
}

/// Notes a migration that this version of the program does not know.
async fn migrate(database: &mut PgConnection, description: &str) {
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 SELECT max(version) + 1000, $1, true, '', 0 FROM _sqlx_migrations";
    sqlx::query(newer).bind(description).execute(database).await.expect("a migration is noted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_newer_than_the_program_is_refused_unless_it_was_only_expanded() {
    let mut town = Town::new().start().await;
    town.writers[0].stop().await;
    let mut database = PgConnection::connect(&town.database_url().unwrap()).await.unwrap();
    // An expansion is a migration that the version before it can live with: two run at once during a roll-out.
    migrate(&mut database, "expand from the future").await;
    town.writers[0].restart().await;
    town.writers[0].stop().await;

    migrate(&mut database, "from the future").await;
    town.writers[0].launch();
    assert_eq!(town.writers[0].exit().await, Some(1));
    let said = town.writers[0].log();
    assert!(said.contains("newer"), "{said}");
    town.forgives("newer");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_writers_may_migrate_an_empty_database_at_once() {
    let town = Town::new().writers(4).start().await;
    let ana = town.person("ana").joins("r7").await;
    ana.says("r7", "hello").await;
    town.audit().await;
}

//! What a town can be planned with so that more can go wrong than a death: a cluster, a small disk, slow commits,
//! clocks that are moved. Here each of them is seen to hit.

use std::time::Duration;

use jsonwebtoken::get_current_timestamp;
use sqlx::{Connection as _, PgConnection};
use town::{Crowd, Line, Lines, Town, Way, until};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn a_town_on_a_nats_cluster_goes_on_without_the_node_that_is_killed() {
    let mut town = Town::new().gateways(2).writers(2).nats_cluster().lines().start().await;
    town.forgives("async_nats::connector");
    let crowd = Crowd::talks(&town, 8, 2).await;
    crowd.says_more(50).await;
    town.nats_cluster().nodes[1].kill9();
    crowd.says_more(50).await;
    town.nats_cluster().nodes[1].restart().await.unwrap();
    town.nats_cluster().is_whole().await.unwrap();
    crowd.says_more(50).await;
    let (told, _here) = crowd.ends().await;
    let lines = town.gateway_lines.iter().chain(&town.writer_lines);
    let tolls: Vec<_> = lines.clone().flat_map(Lines::to_nats).map(Line::toll).collect();
    assert_eq!(tolls.len(), 4 * 3);
    assert!(lines.clone().all(|lines| lines.to_nats().any(|line| line.toll().connections > 0)), "{tolls:?}");
    assert_eq!(town.audit().await.acknowledged, told.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_while_commits_are_slow_is_answered_late_and_kept() {
    let town = Town::new().lines().start().await;
    let ana = town.person("ana").joins("r7").await;
    ana.says("r7", "before").await;
    town.slow_commits(Duration::from_millis(300)).await;
    let start = tokio::time::Instant::now();
    ana.says("r7", "meanwhile").await;
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    let slowed = town.slowed_commits().await;
    assert!(slowed >= 1);
    town.slow_commits(Duration::ZERO).await;
    ana.says("r7", "after").await;
    let after = town.slowed_commits().await;
    ana.says("r7", "and again").await;
    assert_eq!(town.slowed_commits().await, after, "commits are as fast as before");
    assert_eq!(town.audit().await.acknowledged, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_postgres_that_is_held_comes_when_the_line_is_mended() {
    let town = Town::new().lines().start().await;
    let ana = town.person("ana").joins("r7").await;
    ana.says("r7", "before").await;
    let line = &town.writer_lines[0].postgres;
    line.hold(Way::Back);
    let pending = ana.begins("r7", "held", "meanwhile").await;
    until("an answer is held", async || (line.toll().held_bytes > 0).then_some(())).await;
    line.mend();
    ana.answer(pending).await.sent();
    assert_eq!(line.toll().broken, 0);
    assert_eq!(town.audit().await.acknowledged, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_town_with_a_full_disk_refuses_and_takes_again_what_it_refused() {
    let Some(mut town) = Town::new().small_disk(96).start_if_possible().await else { return };
    town.forgives("No space left on device");
    let ana = town.person("ana").joins("r7").await;
    ana.says("r7", "before").await;
    town.postgres().fill_disk().unwrap();
    let long = "x".repeat(4000);
    let mut said = 1;
    let refused = loop {
        // What fits into pages that there are is taken.
        match ana.says_as("r7", &format!("m-{said}"), &long).await {
            town::Answer::Sent(_) => said += 1,
            other => break other.refused(),
        }
    };
    assert_eq!(refused.code, "unavailable");
    town.postgres().free_disk().unwrap();
    until("there is room again", async || match ana.says_as("r7", &format!("m-{said}"), &long).await {
        town::Answer::Sent(_) => Some(()),
        _ => None,
    })
    .await;
    assert_eq!(town.audit().await.acknowledged, said + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_process_of_a_town_can_have_a_wrong_clock_of_its_own() {
    let Some(town) = Town::new().gateways(2).wall_clocks().start_if_possible().await else { return };
    // Whether a token has expired is for a gateway's clock to say: these are good for an hour.
    town.gateway_clocks[1].is_fast_by(2 * HOUR).unwrap();
    let ana = town.person("ana").at(0).joins("r7").await;
    let late = town.person("ben").at(1).enters().await.unwrap();
    assert_eq!(late.closed().await.code, Some(4001));
    town.gateway_clocks[1].goes_right().unwrap();
    let ben = town.person("ben").at(1).joins("r7").await;
    // The time of Postgres is Postgres' own.
    let clock = town.postgres_clock.as_ref().unwrap();
    clock.is_slow_by(2 * HOUR).unwrap();
    let mut postgres = PgConnection::connect(&town.database_url().unwrap()).await.unwrap();
    let now = "SELECT extract(epoch FROM clock_timestamp())::bigint";
    let now: i64 = sqlx::query_scalar(now).fetch_one(&mut postgres).await.unwrap();
    assert!(now.unsigned_abs() < get_current_timestamp() - HOUR.as_secs());
    ana.says("r7", "what time is it?").await;
    ben.sees("r7", 1).await;
    let writer = town.writers[0].pid();
    let environment = std::fs::read_to_string(format!("/proc/{writer}/environ")).unwrap();
    assert!(environment.contains("faketime"), "{environment}");
    assert_eq!(town.audit().await.acknowledged, 1);
}

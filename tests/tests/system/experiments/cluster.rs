//! A cluster of three NATS servers, of which one dies, and then all are replaced one after the other.

use town::{Town, Trial};

use super::seconds;

/// What the NATS client itself says of a server that is not there.
const NATS_CLIENT: &str = "async_nats::connector";

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_the_nats_cluster_is_killed() {
    let plan = Trial::plan().nats_cluster().lines();
    let mut trial = Trial::begins("one of three NATS servers is killed", plan).await;
    trial.town.forgives(NATS_CLIENT);
    let (used, node) = most_used(&trial.town);
    assert!(used > 0, "nobody is connected to it");
    trial.strikes();
    trial.town.nats_cluster().nodes[node].kill9();
    trial.talks_on(100).await;
    trial.rages(seconds(1, 10)).await;
    trial.town.nats_cluster().nodes[node].restart().await.expect("NATS");
    trial.town.nats_cluster().is_whole().await.expect("a whole cluster");
    trial.heals();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert_eq!(outcome.count("returns"), 0, "no connection of a client is lost");
}

/// How many connections there were to the node with most of them, and which one that is.
fn most_used(town: &Town) -> (u64, usize) {
    let mut used = [(0, 0), (0, 1), (0, 2)];
    for lines in town.gateway_lines.iter().chain(&town.writer_lines) {
        for ((count, _), line) in used.iter_mut().zip(lines.to_nats()) {
            *count += line.toll().connections;
        }
    }
    used.into_iter().max().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nats_cluster_is_rolled() {
    let plan = Trial::plan().nats_cluster();
    let mut trial = Trial::begins("a rolling restart of three NATS servers", plan).await;
    trial.town.forgives(NATS_CLIENT);
    trial.strikes();
    for node in 0..3 {
        trial.town.nats_cluster().nodes[node].stop().await.expect("an end");
        trial.talks_on(50).await;
        trial.town.nats_cluster().nodes[node].restart().await.expect("NATS");
        trial.town.nats_cluster().is_whole().await.expect("a whole cluster");
        trial.talks_on(50).await;
    }
    trial.heals();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert_eq!(outcome.count("returns"), 0, "no connection of a client is lost");
}

//! A cluster of NATS servers carries on without one of them, and takes it back.
#![expect(clippy::unwrap_used, reason = "what is missing in a test fails the test")]

use std::time::Duration;

use async_nats::Subscriber;
use futures::StreamExt as _;
use servers::{Nats, NatsCluster};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

async fn listener(cluster: &NatsCluster, node: usize) -> Subscriber {
    let client = async_nats::connect(cluster.nodes[node].url()).await.unwrap();
    let heard = client.subscribe("a").await.unwrap();
    client.flush().await.unwrap();
    heard
}

/// True if what is said at one node is heard at another. Said until it is: an interest travels, too.
async fn carries(cluster: &NatsCluster, from: usize, to: usize) -> bool {
    let mut heard = listener(cluster, to).await;
    let speaker = async_nats::connect(cluster.nodes[from].url()).await.unwrap();
    let says = async {
        loop {
            speaker.publish("a", "hello".into()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        message = timeout(PATIENCE, heard.next()) => message.is_ok_and(|message| message.is_some()),
        () = says => false,
    }
}

#[tokio::test]
async fn what_is_said_at_one_node_is_heard_at_all_and_without_the_one_that_is_killed() {
    let mut cluster = NatsCluster::start(3).await.unwrap();
    assert_eq!(cluster.nodes.len(), 3);
    assert_eq!(cluster.url().matches("127.0.0.1:").count(), 3);
    for (from, to) in [(0, 1), (1, 2), (2, 0)] {
        assert!(carries(&cluster, from, to).await, "from {from} to {to}");
    }
    // The first: the others were started with a route to it, and it without one.
    let port = cluster.nodes[0].port();
    cluster.nodes[0].kill9();
    cluster.is_whole().await.unwrap();
    assert!(carries(&cluster, 1, 2).await);
    cluster.nodes[0].restart().await.unwrap();
    cluster.is_whole().await.unwrap();
    assert_eq!(cluster.nodes[0].port(), port);
    for (from, to) in [(0, 1), (2, 0)] {
        assert!(carries(&cluster, from, to).await, "from {from} to {to}");
    }
}

#[tokio::test]
async fn a_cluster_of_which_all_were_killed_finds_together_again() {
    let mut cluster = NatsCluster::start(3).await.unwrap();
    for node in &mut cluster.nodes {
        node.kill9();
    }
    for node in &mut cluster.nodes {
        node.restart().await.unwrap();
    }
    cluster.is_whole().await.unwrap();
    assert!(carries(&cluster, 2, 1).await);
}

#[tokio::test]
async fn servers_without_routes_are_no_whole_cluster() {
    let strangers = NatsCluster { nodes: vec![Nats::start().await.unwrap(), Nats::start().await.unwrap()] };
    assert!(timeout(Duration::from_millis(300), strangers.is_whole()).await.is_err());
}

#[tokio::test]
async fn clients_are_not_told_of_the_other_nodes() {
    let cluster = NatsCluster::start(2).await.unwrap();
    let client = async_nats::connect(cluster.nodes[0].url()).await.unwrap();
    assert!(client.server_info().connect_urls.is_empty(), "{:?}", client.server_info().connect_urls);
}

#[tokio::test]
async fn a_node_that_retires_closes_its_clients_and_ends() {
    let mut cluster = NatsCluster::start(2).await.unwrap();
    let (_heard, url) = (listener(&cluster, 1).await, cluster.nodes[1].url());
    cluster.nodes[1].retire().await.unwrap();
    assert!(!cluster.nodes[1].runs());
    assert!(async_nats::connect(&url).await.is_err());
    cluster.nodes[1].restart().await.unwrap();
    cluster.is_whole().await.unwrap();
}

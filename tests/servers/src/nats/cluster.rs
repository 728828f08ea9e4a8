//! NATS servers that know of each other.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::time::{sleep, timeout};

use super::Nats;
use super::monitor;
use super::ports::{Ports, argument};
use crate::process::PATIENCE;

const GLANCE: Duration = Duration::from_millis(20);

/// A cluster of NATS servers, each with a route to each other. Dropping it kills them.
///
/// They do not tell clients of each other: whoever was given a line to each node must not find a way around it.
pub struct NatsCluster {
    /// The nodes; each may be killed, stopped, frozen and started again.
    pub nodes: Vec<Nats>,
}

impl NatsCluster {
    /// Starts so many servers and waits until all routes are up. Takes some 100 ms.
    ///
    /// # Errors
    /// If NATS is not installed, or one does not start: with the end of its log.
    pub async fn start(count: usize) -> Result<Self> {
        let mut cluster = Self { nodes: Vec::new() };
        for _ in 0..count {
            let others = cluster.nodes.iter().map(|node| node.ports.routes).collect();
            cluster.nodes.push(Nats::start_with(Some(others), None).await?);
        }
        // A node that is started again calls all others, also those that came after it.
        let all: Vec<u16> = cluster.nodes.iter().map(|node| node.ports.routes).collect();
        for node in &mut cluster.nodes {
            node.routes = Some(all.iter().copied().filter(|port| *port != node.ports.routes).collect());
        }
        cluster.is_whole().await?;
        Ok(cluster)
    }

    /// One URL with all nodes: `nats://127.0.0.1:4222,127.0.0.1:4223`.
    #[must_use]
    pub fn url(&self) -> String {
        let mut url = String::from("nats://");
        for (number, node) in self.nodes.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let _ = write!(url, "{comma}127.0.0.1:{}", node.port());
        }
        url
    }

    /// Waits until each node that runs has a route to all others that run.
    ///
    /// # Errors
    /// If that is not so after 30 s.
    pub async fn is_whole(&self) -> Result<()> {
        let start = Instant::now();
        while !self.knows_itself().await {
            ensure!(start.elapsed() < PATIENCE, "the cluster is not whole after {PATIENCE:?}");
            sleep(GLANCE).await;
        }
        Ok(())
    }

    async fn knows_itself(&self) -> bool {
        let mut views = Vec::new();
        for node in self.nodes.iter().filter(|node| node.runs()) {
            let Ok(Ok(view)) = timeout(PATIENCE, View::of(node)).await else { return false };
            views.push(view);
        }
        let all: BTreeSet<&String> = views.iter().map(|view| &view.id).collect();
        views.iter().all(|view| all.iter().all(|id| **id == view.id || view.peers.contains(*id)))
    }
}

/// Whom a node has routes to, by its own word.
struct View {
    id: String,
    peers: BTreeSet<String>,
}

impl View {
    async fn of(node: &Nats) -> Result<Self> {
        let routes = monitor::look(node.ports.monitoring, "/routez").await?;
        let id = |value: &serde_json::Value| Some(value.as_str()?.to_owned());
        let peers = routes["routes"].as_array().into_iter().flatten();
        Ok(Self {
            id: id(&routes["server_id"]).context("no id")?,
            peers: peers.filter_map(|route| id(&route["remote_id"])).collect(),
        })
    }
}

/// What makes a server a node.
pub(super) fn arguments(ports: Ports, routes: &[u16]) -> Vec<String> {
    let listen = format!("nats://127.0.0.1:{}", argument(ports.routes));
    let mut arguments = vec!["--cluster".to_owned(), listen, "--cluster_name".into(), "town".into()];
    arguments.push("--no_advertise".into());
    if !routes.is_empty() {
        let urls: Vec<String> = routes.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        arguments.extend(["--routes".into(), urls.join(",")]);
    }
    arguments
}

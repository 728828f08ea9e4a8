//! What `/metrics` shows, and that it does while everything is on fire.

use std::collections::BTreeSet;

use town::{Server, Town, probe, until, workspace};

/// The names that operators were promised. All others may change.
const PROMISED: [&str; 12] = [
    "parlor_connections",
    "parlor_rooms",
    "parlor_subscriptions",
    "parlor_deliveries_total",
    "parlor_fanout_seconds",
    "parlor_accept_to_commit_seconds",
    "parlor_bus_to_socket_seconds",
    "parlor_commit_batch_messages",
    "parlor_commits_total",
    "parlor_gaps_repaired_total",
    "parlor_slow_consumers_total",
    "parlor_refusals_total",
];

async fn shown(server: &Server) -> String {
    let reply = probe::get(server.admin(), "/metrics").await;
    let reply = reply.unwrap_or_else(|e| panic!("{} shows no metrics: {e:#}", server.name()));
    assert_eq!(reply.status, 200, "{}", server.name());
    reply.body
}

/// Names with their types, of those metrics that have a value.
fn names(metrics: &str) -> BTreeSet<(String, String)> {
    let types = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

/// The names and types in the tables of docs/telemetry.md: `| name | type | …`.
fn documented() -> BTreeSet<(String, String)> {
    let page = std::fs::read_to_string(workspace().join("docs/telemetry.md"));
    let page = page.expect("docs/telemetry.md is there");
    let mut documented = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let names =
            cells[1].split('`').filter(|name| name.starts_with("parlor_") || name.starts_with("process_"));
        documented.extend(names.map(|name| (name.to_owned(), cells[2].to_owned())));
    }
    documented
}

#[tokio::test(flavor = "multi_thread")]
async fn every_name_that_was_promised_is_there_from_the_start_and_every_name_is_documented() {
    let town = Town::new().start().await;
    let mut all = BTreeSet::new();
    for server in town.gateways.iter().chain(&town.writers) {
        all.extend(names(&shown(server).await));
    }
    let known: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    let missing: Vec<_> =
        PROMISED.iter().chain(&["parlor_drain_remaining"]).filter(|name| !known.contains(*name)).collect();
    assert!(missing.is_empty(), "these are not shown: {missing:?}");
    assert_eq!(all, documented(), "what is shown, and what docs/telemetry.md tells of");
}

#[tokio::test(flavor = "multi_thread")]
async fn latencies_have_buckets_from_a_tenth_of_a_millisecond_to_ten_seconds() {
    let town = Town::new().start().await;
    for server in town.gateways.iter().chain(&town.writers) {
        let metrics = shown(server).await;
        for (name, _) in names(&metrics).iter().filter(|(name, _)| name.ends_with("_seconds")) {
            if !name.starts_with("parlor_") {
                continue;
            }
            let bounds = metrics.lines().filter(|line| line.starts_with(&format!("{name}_bucket")));
            let bounds: Vec<f64> = bounds
                .filter_map(|line| line.split(r#"le=""#).nth(1)?.split('"').next()?.parse().ok())
                .filter(|bound: &f64| bound.is_finite())
                .collect();
            assert_eq!((bounds[0], bounds[bounds.len() - 1]), (0.0001, 10.0), "{name}: {bounds:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_label_has_a_value_that_a_user_chooses() {
    let town = Town::new().start().await;
    let ana = town.person("ana-the-user").joins("a-secret-room").await;
    ana.says_as("a-secret-room", "an-id-of-hers", "words").await.sent();
    ana.asks(serde_json::json!({"type": "no-such-type", "ref": "a-ref-of-hers"})).await;
    for server in town.gateways.iter().chain(&town.writers) {
        let metrics = shown(server).await;
        for chosen in
            ["a-secret-room", "ana-the-user", "an-id-of-hers", "words", "no-such-type", "a-ref-of-hers"]
        {
            assert!(!metrics.contains(chosen), "{} shows {chosen}", server.name());
        }
    }
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_shown_while_nats_and_postgres_are_gone_and_say_so() {
    let mut town = Town::new().own_postgres().start().await;
    for (server, name) in [(&town.gateways[0], "gateway"), (&town.writers[0], "writer")] {
        assert_eq!(server.metric("parlor_bus_connected").await, 1.0, "{name}");
        until(format!("the {name} shows that it is ready"), async || {
            (server.metric("parlor_ready").await == 1.0).then_some(())
        })
        .await;
    }
    until("the only writer shows that it owns all", async || {
        (town.writers[0].metric("parlor_partitions_owned").await == 64.0).then_some(())
    })
    .await;
    town.nats().kill9();
    town.postgres().kill9();
    for server in town.gateways.iter().chain(&town.writers) {
        until(format!("{} shows that the bus is gone", server.name()), async || {
            let gone = server.metric("parlor_bus_connected").await + server.metric("parlor_ready").await;
            (gone == 0.0).then_some(())
        })
        .await;
    }
    let writer = &town.writers[0];
    until("the writer shows that the store is gone", async || {
        (writer.metric("parlor_store_reachable").await == 0.0).then_some(())
    })
    .await;
    for server in town.gateways.iter().chain(&town.writers) {
        assert!(!names(&shown(server).await).is_empty());
        assert_eq!(probe::get(server.admin(), "/healthz").await.unwrap().status, 200);
    }
    town.forgives("the store is not available");
}

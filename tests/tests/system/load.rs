//! The load tester, as its users run it.

use serde_json::Value;
use town::{Town, length};

use crate::load_tester::Load;

/// Starts the load of these tests.
fn load(town: &Town) -> Load {
    let (clients, rooms) = (length("120", "300"), length("12", "30"));
    let (senders, rate, duration) = (length("24", "50"), length("200", "500"), length("4s", "30s"));
    let mut arguments =
        vec!["--subscribers", clients, "--rooms", rooms, "--senders", senders, "--rate", rate];
    arguments.extend(["--duration", duration, "--warm-up", "500ms", "--reconnect"]);
    Load::on(town, "load", &arguments)
}

/// Waits for its end; gives its own audit. No room lacks anything.
async fn ends(load: Load, town: &Town) -> Value {
    let audit = load.ends().await["audit"].take();
    assert!(audit["sent"].as_u64() > Some(length(500, 10_000)), "{audit}");
    town.audit().await;
    audit
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_on_three_gateways_and_two_writers_is_clean() {
    let town = Town::new().gateways(3).writers(2).start().await;
    let audit = ends(load(&town), &town).await;
    assert_eq!((&audit["repeated"], &audit["reconnects"]), (&0.into(), &0.into()), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_in_phoenix_channels_is_clean_and_every_push_is_answered() {
    let town = Town::new().gateways(2).set("auth.query_token", true).start().await;
    let path = "/socket/websocket?vsn=2.0.0&token={token}";
    let arguments = ["--dialect", "phoenix", "--subscribers", "60", "--rooms", "6", "--senders", "12"];
    let arguments = [&arguments[..], &["--rate", "100", "--duration", "3s", "--warm-up", "500ms"]].concat();
    let report = Load::at_path(&town, &town.gateways, path, "phoenix", &arguments).ends().await;
    assert!(report["audit"]["sent"].as_u64() > Some(200), "{report}");
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_is_clean_although_a_writer_is_killed_and_restarted_in_the_middle() {
    let mut town = Town::new().gateways(3).writers(2).start().await;
    let mut load = load(&town);
    load.delivers(&town, length(1000.0, 10_000.0)).await;
    town.writers[0].kill9();
    town.writers[0].restart().await;
    ends(load, &town).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_is_clean_although_a_gateway_is_killed_whose_clients_come_back_elsewhere() {
    let mut town = Town::new().gateways(3).writers(2).start().await;
    let mut load = load(&town);
    load.delivers(&town, length(1000.0, 10_000.0)).await;
    town.gateways[1].kill9();
    let audit = ends(load, &town).await;
    assert!(audit["reconnects"].as_u64() > Some(0), "{audit}");
}

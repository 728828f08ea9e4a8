//! Everybody comes back at once.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;
use town::{Server, Town, length};

use crate::load_tester::Load;

/// How many clients there are.
const CLIENTS: (&str, &str) = ("600", "10000");
/// In how many rooms.
const ROOMS: u64 = 20;
/// How many times more memory than before the gateways may use meanwhile.
const GROWTH_MAX: f64 = 2.0;
/// How many reads of its log a room may cost a gateway, however many come back to it.
const READS_MAX: u64 = 10;

#[tokio::test(flavor = "multi_thread")]
async fn everybody_comes_back_at_once_after_all_gateways_have_died() {
    let mut town = Town::new().gateways(3).writers(2).start().await;
    let mut load = load(&town);
    load.delivers(&town, length(5_000.0, 200_000.0)).await;
    let steady = memory(&town.gateways);
    let reads_before = reads(&town.writers, "parlor_store_reads_total").await;

    town.gateways.iter_mut().for_each(Server::kill9);
    town.gateways.iter_mut().for_each(Server::launch);
    for gateway in &town.gateways {
        gateway.is_ready().await;
    }
    let mut peak = 0;
    let watching = async {
        loop {
            peak = peak.max(memory(&town.gateways));
            sleep(Duration::from_millis(20)).await;
        }
    };
    let report = tokio::select! {
        report = load.ends() => report,
        () = watching => unreachable!("it never ends"),
    };
    let (log_reads, store_reads) = (
        reads(&town.gateways, "parlor_log_reads_total").await,
        reads(&town.writers, "parlor_store_reads_total").await - reads_before,
    );
    town.audit().await;
    let back = Back::of(&report);
    let clients = length(CLIENTS.0, CLIENTS.1);
    Load::outcome(&format!("{clients} clients come back to {ROOMS} rooms at once"), &report)
        .with("recovery_s", back.all_s)
        .note(format!(
            "each away for {:.1} s (p50), {:.1} s at the most; all back after {:.1} s; {log_reads} reads of logs, \
             {store_reads} of the store; {} MiB of memory before, {} MiB at the peak",
            back.p50_s,
            back.most_s,
            back.all_s,
            steady >> 20,
            peak >> 20
        ))
        .record();

    let clients: u64 = clients.parse().expect("a number");
    assert!(back.clients >= clients, "only {} came back", back.clients);
    assert!(log_reads <= READS_MAX * ROOMS * town.gateways.len() as u64, "{log_reads} reads were made");
    let (all_s, growth) = (length(f64::INFINITY, 30.0), length(f64::INFINITY, GROWTH_MAX));
    assert!(back.all_s <= all_s, "the last one was back after {} s only", back.all_s);
    assert!(times(peak, steady) <= growth, "{peak} bytes instead of {steady}");
}

fn load(town: &Town) -> Load {
    let (clients, rooms) = (length(CLIENTS.0, CLIENTS.1), ROOMS.to_string());
    let (senders, rate, duration) = (length("40", "200"), length("100", "100"), length("6s", "60s"));
    let mut arguments =
        vec!["--subscribers", clients, "--rooms", &rooms, "--senders", senders, "--rate", rate];
    arguments.extend(["--duration", duration, "--warm-up", "1s", "--settle", "60s", "--reconnect"]);
    arguments.extend(["--handshakes", clients, "--ramp-per-s", "1000", "--join-timeout", "60s"]);
    Load::on(town, "herd", &arguments)
}

/// Who came back, and when.
struct Back {
    clients: u64,
    p50_s: f64,
    most_s: f64,
    all_s: f64,
}

impl Back {
    fn of(report: &Value) -> Self {
        let away = &report["away"];
        let seconds = |quantile: &str| away[quantile].as_f64().expect("microseconds") / 1e6;
        Self {
            clients: away["count"].as_u64().expect("a count"),
            p50_s: seconds("p50"),
            most_s: seconds("max"),
            all_s: report["all_back_s"].as_f64().expect("somebody was away"),
        }
    }
}

/// Bytes of all of them.
fn memory(servers: &[Server]) -> u64 {
    servers.iter().map(Server::memory).sum()
}

/// What a metric of reads says in all of them together.
async fn reads(servers: &[Server], metric: &str) -> u64 {
    let mut reads = 0.0;
    for server in servers {
        reads += server.metric(metric).await;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a counter is a whole number"
    )]
    let reads = reads as u64;
    reads
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory, to be compared roughly")]
fn times(more: u64, less: u64) -> f64 {
    more as f64 / less as f64
}

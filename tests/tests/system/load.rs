//! The load tester, as its users run it.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tokio::task::{JoinHandle, spawn_blocking};
use town::{SECRET, Town, length, program, until};

/// A load that is under way.
struct Load {
    run: JoinHandle<std::io::Result<Output>>,
    report: PathBuf,
}

impl Load {
    /// Starts the load tester against all gateways.
    fn on(town: &Town) -> Self {
        let report = town.folder().join("report.json");
        let mut load = Command::new(program("parlor-loadtest").unwrap_or_else(|e| panic!("{e:#}")));
        for gateway in &town.gateways {
            load.arg("--target").arg(format!("ws://{}", gateway.listen()));
        }
        load.args(["--subscribers", length("120", "300"), "--rooms", length("12", "30")]);
        load.args(["--senders", length("24", "50"), "--rate", length("200", "500")]);
        load.args(["--duration", length("4s", "30s"), "--warm-up", "500ms", "--reconnect"]);
        load.arg("--json").arg(&report).env("PARLOR__AUTH__SECRET", SECRET);
        Self { run: spawn_blocking(move || load.output()), report }
    }

    /// Waits until it is well under way.
    async fn runs(&self, town: &Town) {
        until("the load is under way", async || {
            assert!(!self.run.is_finished(), "the load has ended already");
            let delivered = town.gateways[0].metric("parlor_deliveries_total").await;
            (delivered > length(500.0, 5000.0)).then_some(())
        })
        .await;
    }

    /// Waits for its end; gives its own audit, of a clean run in which something was sent. No room lacks anything.
    async fn ends(self, town: &Town) -> Value {
        let output = self.run.await.expect("a run").expect("a program that starts");
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        let report = std::fs::read_to_string(self.report).expect("a report");
        let audit = serde_json::from_str::<Value>(&report).expect("JSON")["audit"].take();
        for wrong in ["lost", "doubled", "out_of_order", "unknown", "truncated"] {
            assert_eq!(audit[wrong], 0, "{wrong}: {audit}");
        }
        assert!(audit["sent"].as_u64() > Some(length(500, 10_000)), "{audit}");
        assert_eq!(audit["acknowledged"], audit["sent"], "{audit}");
        town.audit().await;
        audit
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_on_three_gateways_and_two_writers_is_clean() {
    let town = Town::new().gateways(3).writers(2).start().await;
    let audit = Load::on(&town).ends(&town).await;
    assert_eq!((&audit["repeated"], &audit["reconnects"]), (&0.into(), &0.into()), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_is_clean_although_a_writer_is_killed_and_restarted_in_the_middle() {
    let mut town = Town::new().gateways(3).writers(2).start().await;
    let load = Load::on(&town);
    load.runs(&town).await;
    town.writers[0].kill9();
    town.writers[0].restart().await;
    load.ends(&town).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_is_clean_although_a_gateway_is_killed_whose_clients_come_back_elsewhere() {
    let mut town = Town::new().gateways(3).writers(2).start().await;
    let load = Load::on(&town);
    load.runs(&town).await;
    town.gateways[1].kill9();
    let audit = load.ends(&town).await;
    assert!(audit["reconnects"].as_u64() > Some(0), "{audit}");
}

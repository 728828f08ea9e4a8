//! The load tester, as its users run it.

use std::process::Command;

use serde_json::Value;
use town::{SECRET, Town, program};

#[tokio::test(flavor = "multi_thread")]
async fn a_short_load_on_three_gateways_and_two_writers_is_clean() {
    let town = Town::new().gateways(3).writers(2).start().await;
    let report = town.folder().join("report.json");
    let mut load = Command::new(program("parlor-loadtest").unwrap());
    for gateway in &town.gateways {
        load.arg("--target").arg(format!("ws://{}", gateway.listen()));
    }
    load.args(["--subscribers", "120", "--rooms", "12", "--senders", "24", "--rate", "200"]);
    load.args(["--duration", "5s", "--warm-up", "500ms"]);
    load.arg("--json").arg(&report).env("PARLOR__AUTH__SECRET", SECRET);
    let output = tokio::task::spawn_blocking(move || load.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");

    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    let audit = &report["audit"];
    for wrong in ["lost", "doubled", "out_of_order"] {
        assert_eq!(audit[wrong], 0, "{wrong}: {report}");
    }
}

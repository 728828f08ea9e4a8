//! Postgres is slow: what waits for it must not be asked for again and again.

use std::time::Duration;

use serde_json::Value;
use town::{Outcome, Town, length};

use super::seconds;
use crate::load_tester::Load;

/// How much longer a commit takes.
const SLOW: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_is_not_given_more_to_do() {
    let mut town = Town::new().gateways(3).writers(2).own_postgres().start().await;
    town.forgives("the store is not available");
    // So many that none of them has more under way than one connection may.
    let (people, rate, duration) = length(("60", "200", "8s"), ("300", "2000", "30s"));
    let mut arguments = vec!["--subscribers", people, "--rooms", "20", "--senders", people, "--rate", rate];
    arguments.extend(["--duration", duration, "--warm-up", "500ms", "--reconnect"]);
    let mut load = Load::on(&town, "load", &arguments);
    load.delivers(&town, 100.0).await;

    town.slow_commits(SLOW).await;
    let before = taken(&town).await;
    tokio::time::sleep(seconds(3, 10)).await;
    assert!(town.slowed_commits().await > 0, "no commit was slow");
    town.slow_commits(Duration::ZERO).await;

    let report = load.ends().await;
    let audit = town.audit().await;
    let (asked, taken) = (asked(&report), taken(&town).await);
    let outcome = Outcome::of("commits take 1 s longer for 10 s", &audit)
        .with("sends", report["audit"]["sent"].clone())
        .with("acknowledged", report["audit"]["acknowledged"].clone())
        .note(format!("{taken:.0} drafts came to the writers for {asked:.0} that clients sent"));
    outcome.record();
    assert!(taken > before, "nothing was sent meanwhile");
    assert!(taken <= 1.2 * asked, "{outcome}");
}

/// Drafts that clients have sent: each again that they did not know the fate of.
fn asked(report: &Value) -> f64 {
    let count = |name: &str| report["audit"][name].as_f64().unwrap_or_default();
    count("sent") + count("repeated")
}

/// Drafts that came to a writer, as often as they came.
async fn taken(town: &Town) -> f64 {
    let mut taken = 0.0;
    for writer in &town.writers {
        taken += writer.metric("parlor_commit_batch_messages_sum").await;
        taken += writer.metric("parlor_drafts_refused_total").await;
    }
    taken
}

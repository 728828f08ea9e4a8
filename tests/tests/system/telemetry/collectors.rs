//! A collector that is slow or gone costs its own data, and nothing else.

use town::Town;
use town::collector::Collector;

/// How many messages there are: several times as many spans as may wait.
const MESSAGES: usize = 200;

/// A town whose traces nobody takes: messages come through as ever, what is lost is counted and told once, and
/// the end is an orderly one.
async fn goes_on_without(endpoint: &str) {
    let town = Town::new()
        .set("telemetry.endpoint", endpoint)
        .set("telemetry.ratio", 1)
        .set("telemetry.queue_spans", 64)
        .set("telemetry.timeout", "500ms")
        .set("telemetry.flush", "300ms");
    let mut town = town.start().await;
    let ana = town.person("ana").joins("r7").await;
    let ben = town.person("ben").joins("r7").await;
    for number in 0..MESSAGES {
        ana.says("r7", &number.to_string()).await;
    }
    ben.sees("r7", MESSAGES).await;
    for server in town.gateways.iter().chain(&town.writers) {
        let name = server.name();
        town::until(format!("{name} counts lost spans"), async || {
            let failed = server.metric_with("parlor_trace_spans_total", r#"outcome="failed""#).await;
            (failed > 0.0).then_some(())
        })
        .await;
        assert_eq!(server.metric_with("parlor_trace_spans_total", r#"outcome="exported""#).await, 0.0);
    }
    town.audit().await;
    for server in town.gateways.iter_mut().chain(&mut town.writers) {
        server.stop().await;
        let log = server.log();
        assert_eq!(log.matches("traces are lost until").count(), 1, "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_costs_nothing_but_its_data() {
    let collector = Collector::that_hangs().await.unwrap();
    goes_on_without(&collector.endpoint()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_refuses_costs_nothing_but_its_data() {
    let collector = Collector::over_http().await.unwrap();
    goes_on_without(&collector.goes()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_last_is_sent_before_the_end() {
    let collector = Collector::over_http().await.unwrap();
    let plan = Town::new().set("telemetry.endpoint", collector.endpoint()).set("telemetry.ratio", 1);
    let mut town = plan.start().await;
    let ana = town.person("ana").joins("r7").await;
    ana.says("r7", "the last word").await;
    town.audit().await;
    ana.goes().await;
    for server in town.gateways.iter_mut().chain(&mut town.writers) {
        server.stop().await;
    }
    // Nothing is waited for: it is there, or it is lost.
    let steps = collector.steps();
    for service in ["parlor-gateway", "parlor-writer"] {
        assert!(steps.iter().any(|step| step.service == service), "nothing of {service}: {steps:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_does_not_wait_for_a_collector() {
    let collector = Collector::that_hangs().await.unwrap();
    let town = Town::new().set("telemetry.endpoint", collector.endpoint()).set("telemetry.ratio", 1);
    // Longer than any test waits.
    let town = town.set("telemetry.timeout", "1h").set("telemetry.flush", "1h").set("drain.unready", "1h");
    let mut town = town.start().await;
    let ana = town.person("ana").joins("r7").await;
    ana.says("r7", "hello").await;
    town.gateways[0].terminate();
    town.gateways[0].is_unready("drain").await;
    // What comes at once is the echo of the first.
    town::until("a second signal is heard", async || {
        town.gateways[0].terminate();
        town.gateways[0].readiness().await.is_none().then_some(())
    })
    .await;
    assert_eq!(town.gateways[0].exit().await, Some(128 + 15));
    town.writers[0].kill9();
}

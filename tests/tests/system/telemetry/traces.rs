//! A message that is sampled is one trace, from the client's frame to the last socket write of each gateway.

use std::fs;

use town::collector::{Collector, Step, Trace};
use town::{Plan, Town, workspace};

const FRAME: &str = "receive frame";
const SUBMIT: &str = "submit parlor.submit.{partition}";
const BATCH: &str = "process parlor.submit.{partition}";
const COMMIT: &str = "commit";
const PUBLISH: &str = "publish parlor.room.{partition}.{room}";
const DELIVER: &str = "process parlor.room.{partition}.{room}";
const WRITE: &str = "write to sockets";

/// A plan in which every message is traced.
fn traced(plan: Plan, collector: &Collector) -> Plan {
    plan.set("telemetry.endpoint", collector.endpoint()).set("telemetry.ratio", 1)
}

/// The only span of that name.
fn only<'a>(trace: &'a Trace, name: &str) -> &'a Step {
    match trace.named(name)[..] {
        [step] => step,
        ref steps => panic!("{} spans are called {name}:\n{trace}", steps.len()),
    }
}

/// True if so many gateways have written the message to their sockets, and everybody has told of it.
fn is_written_by(trace: &Trace, gateways: usize) -> bool {
    let arrivals = trace.named(DELIVER);
    [FRAME, SUBMIT, BATCH, COMMIT, PUBLISH].iter().all(|name| !trace.named(name).is_empty())
        && arrivals.len() == gateways
        && arrivals.iter().all(|step| !trace.after(step).is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_one_trace_from_its_frame_to_the_last_socket_write_of_each_gateway() {
    let collector = Collector::over_http().await.unwrap();
    let town = traced(Town::new().gateways(2), &collector).start().await;
    let ana = town.person("ana-the-user").at(0).joins("a-secret-room").await;
    let ben = town.person("ben-the-user").at(1).joins("a-secret-room").await;
    ana.says_as("a-secret-room", "an-id-of-hers", "words that nobody else reads").await.sent();
    ben.sees("a-secret-room", 1).await;

    let trace = collector.trace("a message on two gateways", |trace| is_written_by(trace, 2)).await;
    let (frame, submit) = (only(&trace, FRAME), only(&trace, SUBMIT));
    assert_eq!(frame.span.parent_span_id, [0; 0], "it begins with the frame:\n{trace}");
    assert!(submit.is_child_of(frame), "{trace}");
    let (batch, commit) = (only(&trace, BATCH), only(&trace, COMMIT));
    assert!(batch.is_child_of(submit) && batch.links_to(submit) && commit.is_child_of(batch), "{trace}");
    let publish = only(&trace, PUBLISH);
    assert!(publish.is_child_of(submit) && publish.links_to(batch), "{trace}");
    let arrivals = trace.named(DELIVER);
    assert!(arrivals.iter().all(|arrival| arrival.is_child_of(publish)), "{trace}");
    assert_ne!(arrivals[0].instance, arrivals[1].instance, "two gateways:\n{trace}");
    for arrival in &arrivals {
        let writes = trace.after(arrival);
        assert!(writes.iter().all(|write| write.name() == WRITE), "{trace}");
        // As long as the last of its shards.
        let last = writes.iter().map(|write| write.span.end_time_unix_nano).max();
        assert!(Some(arrival.span.end_time_unix_nano) >= last, "{trace}");
    }
    assert_eq!(frame.attributes()["parlor.dialect"], "native");
    for step in [submit, batch, publish, arrivals[0]] {
        let attributes = step.attributes();
        assert_eq!(attributes["messaging.system"], "nats");
        assert_eq!(attributes["messaging.batch.message_count"], "1");
        let template = &attributes["messaging.destination.template"];
        assert_eq!(step.name(), format!("{} {template}", attributes["messaging.operation.name"]));
    }
    let told = format!("{:?}", collector.steps());
    for chosen in ["a-secret-room", "ana-the-user", "ben-the-user", "an-id-of-hers", "words that", "eyJ"] {
        assert!(!told.contains(chosen), "a collector is told {chosen}");
    }
    town.audit().await;
    leave(&trace);
}

/// What stands in docs/telemetry.md.
fn leave(trace: &Trace) {
    let folder = workspace().join("target/telemetry");
    fs::create_dir_all(&folder).expect("there is room for a folder");
    fs::write(folder.join("trace.txt"), trace.to_string()).expect("there is room for a trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_that_are_committed_together_keep_their_own_traces() {
    let collector = Collector::over_http().await.unwrap();
    let town = traced(Town::new(), &collector).start().await;
    let ana = town.person("ana").joins("r7").await;
    let ben = town.person("ben").joins("r8").await;
    const EACH: usize = 50;
    for number in 0..EACH {
        let (a, b) = (format!("a{number}"), format!("b{number}"));
        let (a, b) = tokio::join!(ana.says_as("r7", &a, "x"), ben.says_as("r8", &b, "x"));
        a.sent();
        b.sent();
    }
    // Each process sends its own, in its own time.
    let is_whole = |trace: &Trace, steps: &[Step]| {
        let published = trace.named(PUBLISH);
        let is_there = |publish: &&Step| steps.iter().any(|batch| publish.links_to(batch));
        [FRAME, SUBMIT, WRITE].iter().all(|name| !trace.named(name).is_empty())
            && published.iter().any(is_there)
    };
    let all = town::until("all traces are whole", async || {
        let (steps, traces) = (collector.steps(), Trace::all(collector.steps()));
        (traces.iter().filter(|trace| is_whole(trace, &steps)).count() == 2 * EACH).then_some(traces)
    })
    .await;
    let steps = collector.steps();
    for trace in &all {
        let (submit, publish) = (only(trace, SUBMIT), only(trace, PUBLISH));
        assert!(only(trace, FRAME).span.parent_span_id.is_empty() && publish.is_child_of(submit), "{trace}");
        let batch = steps.iter().find(|step| publish.links_to(step));
        let batch = batch.unwrap_or_else(|| panic!("nobody knows what committed it:\n{trace}"));
        assert_eq!(batch.name(), BATCH);
        assert!(batch.links_to(submit), "the batch knows what it carries:\n{trace}");
    }
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_go_over_grpc_too_and_solo_tells_that_its_bus_is_its_own() {
    let collector = Collector::over_grpc().await.unwrap();
    let town = traced(Town::solo(), &collector).set("telemetry.protocol", "grpc").start().await;
    let ana = town.person("ana").joins("r7").await;
    ana.says("r7", "hello").await;
    let trace = collector.trace("a message of a solo", |trace| is_written_by(trace, 1)).await;
    assert_eq!(only(&trace, SUBMIT).attributes()["messaging.system"], "local");
    assert!(trace.0.iter().all(|step| step.service == "parlor-solo"), "{trace}");
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sampled_makes_no_span_anywhere() {
    let collector = Collector::over_http().await.unwrap();
    let town = traced(Town::new(), &collector).set("telemetry.ratio", 0).start().await;
    let ana = town.person("ana").joins("r7").await;
    for number in 0..100 {
        ana.says("r7", &number.to_string()).await;
    }
    for server in town.gateways.iter().chain(&town.writers) {
        assert_eq!(server.metric("parlor_trace_spans_total").await, 0.0, "{}", server.name());
    }
    assert_eq!(collector.steps(), []);
    town.audit().await;
}

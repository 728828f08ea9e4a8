//! Clients that stop reading in a busy room.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::Value;
use tokio::time::sleep;
use town::{Person, Server, Town, length};

use super::{SMALL_BUFFER, dismissed, growth};
use crate::load_tester::Load;

/// How many stop reading.
const STUCK: usize = 20;
/// What they may cost their gateway: `limits.outbox_bytes` each, and what allocators keep back.
const GROWTH_MAX: u64 = STUCK as u64 * 256 * 1024 + 16_000_000;
/// Messages a second in the room, from the clients of either gateway: 500 together.
const RATE: &str = "250";
/// A frame of the load is shorter than this: so nobody's queue is full before so many times it was said.
const FRAME_MAX: usize = 400;
/// How many messages fill `limits.outbox_bytes` at the earliest.
const FILLS: usize = 256 * 1024 / FRAME_MAX;
/// Below this, twice as long is noise. In microseconds.
const P99_FLOOR_US: u64 = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_who_stop_reading_in_a_busy_room_are_dismissed_and_nobody_else_notices() {
    let town = Town::new().gateways(2).writers(2).set("limits.stalled", length("2s", "10s")).start().await;
    let before = Loads::on(&town, "before", length("2s", "20s")).end().await;

    let mut busy = Loads::on(&town, "meanwhile", length("8s", "30s"));
    let (watcher, stuck) = (town.person("watcher").at(1).joins("busy-0").await, stuck(&town).await);
    let gateway = &town.gateways[0];
    let mut took = Duration::ZERO;
    let dismissal = async { took = dismissal(gateway, &watcher).await };
    let grown = growth(gateway, dismissal).await;
    assert!(busy.are_on(), "all of that has happened under load");
    assert!(grown <= GROWTH_MAX, "they cost {} KiB", grown / 1024);
    join_all(stuck.iter().map(async |person| {
        person.reads_on();
        // Who comes too late to be told why sees only that it broke.
        assert!(matches!(person.closed().await.code, Some(4010) | None));
    }))
    .await;
    let meanwhile = busy.end().await;
    assert!(watcher.is_here());
    town.audit().await;

    let (calm, there, elsewhere) = (p99(&before[0]), p99(&meanwhile[0]), p99(&meanwhile[1]));
    Load::outcome("20 clients stop reading in a room of 500 messages/s", &meanwhile[0])
        .with("dismissed", STUCK)
        .note(format!(
            "dismissed {:.1} s after their queues had filled; {} KiB of memory; p99 from send to shown {:.1} ms \
             before, {:.1} ms beside them, {:.1} ms at the other gateway at the same time",
            took.as_secs_f64(),
            grown / 1024,
            millis(calm),
            millis(there),
            millis(elsewhere)
        ))
        .record();
    assert!(took <= length(Duration::MAX, Duration::from_secs(10)), "dismissed after {took:?} only");
    // What slows the other gateway down as well is the machine.
    let bound = (2 * calm.max(elsewhere)).max(P99_FLOOR_US);
    assert!(
        length(true, there <= bound),
        "p99 {calm} µs before, {there} µs beside them, {elsewhere} µs elsewhere"
    );
}

/// A load tester at each gateway, in the same room.
struct Loads([Load; 2]);

impl Loads {
    fn on(town: &Town, name: &str, duration: &str) -> Self {
        Self([0, 1].map(|gateway| {
            let mut arguments = vec!["--room-prefix", "busy-", "--rooms", "1", "--rate", RATE];
            arguments.extend([
                "--subscribers",
                "20",
                "--senders",
                "20",
                "--size",
                "128",
                "--duration",
                duration,
            ]);
            Load::at(town, &town.gateways[gateway..=gateway], &format!("{name}-{gateway}"), &arguments)
        }))
    }

    fn are_on(&mut self) -> bool {
        self.0.iter_mut().all(Load::is_on)
    }

    async fn end(self) -> [Value; 2] {
        let [one, other] = self.0;
        tokio::join!(one.ends(), other.ends()).into()
    }
}

/// They come in at gateway 0, and read nothing more.
async fn stuck(town: &Town) -> Vec<Person> {
    let come = (0..STUCK).map(async |number| {
        let visit = town.person(&format!("stuck-{number}")).at(0).receive_buffer(SMALL_BUFFER);
        let person = visit.joins("busy-0").await;
        person.stops_reading();
        person
    });
    join_all(come).await
}

/// Waits until all are dismissed. Gives how long after the moment before which no queue can have been full.
async fn dismissal(gateway: &Server, watcher: &Person) -> Duration {
    let mut full = None;
    let filling = async {
        watcher.sees("busy-0", FILLS).await;
        full = Some(Instant::now());
        sleep(Duration::MAX).await;
    };
    tokio::select! {
        () = filling => {}
        () = dismissed(gateway, STUCK as f64) => {}
    }
    full.map_or(Duration::ZERO, |full| full.elapsed())
}

/// From the planned time of a message to its receipt by the load tester.
fn p99(report: &Value) -> u64 {
    report["delivered"]["p99"].as_u64().expect("a quantile in microseconds")
}

#[expect(clippy::cast_precision_loss, reason = "for a line that people read")]
fn millis(us: u64) -> f64 {
    us as f64 / 1000.0
}

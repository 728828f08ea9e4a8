//! Clients that send as fast as they can.

use std::time::{Duration, Instant};

use town::{Answer, Outcome, PATIENCE, Person, Refused, Town, length, new_id};

use super::raw::Raw;
use super::{GROWTH_MAX, SMALL_BUFFER, dismissed, growth, others_talk_during};

/// What a gateway may take of a flood: what is read before the outbox is full of pongs, what two kernels keep, and
/// what is thrown away at the end.
const TAKEN_MAX: usize = 32 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_pings_from_one_who_does_not_read_costs_a_bound_and_then_the_connection() {
    let stalled = length("2s", "10s");
    let town = Town::new().gateways(2).set("limits.stalled", stalled).start().await;
    let gateway = &town.gateways[0];
    let mut mallory = Raw::enters(&town, 0, "mallory", SMALL_BUFFER).await;
    let mut taken = 0;
    let flood = async { taken = mallory.pings().await };
    let grown = others_talk_during(&town, "r7", growth(gateway, flood)).await;
    dismissed(gateway, 1.0).await;
    let audit = town.audit().await;
    Outcome::of("a client pings as fast as it can and reads nothing", &audit)
        .note(format!("{} KiB of pings were taken; {} KiB of memory; closed", taken / 1024, grown / 1024))
        .record();
    assert!(taken < TAKEN_MAX, "{taken} bytes of pings were taken");
    assert!(grown < GROWTH_MAX, "{} KiB were kept for them", grown / 1024);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_sends_is_limited_and_then_ended_and_nobody_else_is() {
    const BURST: usize = 40;
    let plan = Town::new().gateways(2).set("limits.sends_per_s", 20).set("limits.sends_burst", BURST);
    let town = plan.start().await;
    let mallory = town.person("mallory").at(0).joins("r7").await;
    let flood = async {
        let begin = Instant::now();
        let (stored, refused) = floods(&mallory).await;
        let limited = begin.elapsed();
        assert_eq!((refused.code.as_str(), refused.retry_ms.is_some()), ("too_many", true), "{refused:?}");
        let allowed = BURST + usize::try_from(20 * limited.as_secs() + 20).unwrap();
        assert!((BURST..=allowed).contains(&stored), "{stored} were stored in {limited:?}");
        while mallory.is_here() {
            let _refused = mallory.begins("r7", &new_id(), "and on").await;
        }
        (stored, limited)
    };
    let (stored, limited) = others_talk_during(&town, "r7", flood).await;
    let audit = town.audit().await;
    Outcome::of("a client sends as fast as it can", &audit)
        .note(format!("limited after {} ms, with {stored} stored; then closed", limited.as_millis()))
        .record();
    let in_time = length(PATIENCE, Duration::from_secs(2));
    assert!(limited <= in_time, "limited after {limited:?}");
    let closed = mallory.closed().await;
    assert_eq!(closed.code, Some(4008), "{closed:?}");
    let refused = town.gateways[0].metric("parlor_refusals_total{code=\"too_many\"}").await;
    assert!(refused >= 100.0, "{refused} were refused");
    assert!(audit.refused >= 1 && audit.acknowledged > stored, "{audit:?}");
}

/// Says things until one is refused: how many were stored before, and the refusal.
async fn floods(person: &Person) -> (usize, Refused) {
    let mut pending = Vec::new();
    for _ in 0..60 {
        pending.push(person.begins("r7", &new_id(), "flood").await);
    }
    let mut stored = 0;
    for pending in pending {
        match person.answer(pending).await {
            Answer::Sent(_) => stored += 1,
            Answer::Refused(refused) => return (stored, refused),
            Answer::Gone => panic!("closed too early"),
        }
    }
    panic!("{stored} sends at once were not too many")
}

//! SIGTERM: what was accepted is finished, everybody is told, and the exit code is 0.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::time::Instant;
use town::{Crowd, Person, Town, Turned, length, until};

/// What the NATS client itself says of a server that closes a connection at once.
const NATS_CLIENT: &str = "async_nats::connector";

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_unready_first_then_sends_its_clients_away_and_ends_with_code_0() {
    let plan = Town::new().gateways(2).set("drain.unready", "1s").set("drain.spread", "300ms");
    let mut town = plan.start().await;
    let ana = town.person("ana").at(0).joins("r7").await;
    let ben = town.person("ben").at(0).joins("r7").await;
    let cid = town.person("cid").at(1).joins("r7").await;

    town.gateways[0].terminate();
    town.gateways[0].is_unready("drain").await;
    // Balancers have not noticed yet: it serves, old clients and new ones.
    ana.says("r7", "still here").await;
    let late = town.person("late").at(0).joins_after("r7", 0).await;
    late.sees("r7", 1).await;
    let silent = town.person("nobody").at(0).unidentified().enters().await.expect("an open connection");

    for person in [&ana, &ben, &late, &silent] {
        is_told_when_to_come_back(person).await;
    }
    assert_eq!(town.gateways[0].exit().await, Some(0));
    assert!(matches!(town.person("ana").at(0).enters().await, Err(Turned::Nobody(_))));

    let again = town.person("ana").at(1).joins_after("r7", 1).await;
    cid.says("r7", "elsewhere").await;
    again.sees("r7", 1).await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_stopped_under_load_finishes_what_it_accepted() {
    let mut town = Town::new().gateways(2).writers(2).set("drain.spread", "500ms").start().await;
    let crowd = Crowd::talks(&town, 12, 3).await;
    crowd.says_more(50).await;
    town.gateways[0].stop().await;
    crowd.says_more(50).await;
    let (told, _here) = crowd.ends().await;
    assert!(told.returns >= 6, "{told:?}");
    assert_eq!(town.audit().await.acknowledged, told.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_stopped_answers_what_it_has_accepted_before_it_says_goodbye() {
    let mut town = Town::new().gateways(2).start().await;
    let ana = town.person("ana").at(0).joins("r7").await;
    let mut others = Vec::new();
    for name in ["ben", "cid", "dia", "eli"] {
        others.push(town.person(name).at(0).joins("r7").await);
    }
    town.writers[0].freeze();
    let pending = ana.begins("r7", "d-1", "the last word").await;
    // Frames are read in their order: the gateway has the one before this too.
    ana.asks(json!({ "type": "ping" })).await;
    town.gateways[0].terminate();
    // She came first, so she has been dismissed when they have; at least one of them is on her thread.
    for other in &others {
        assert_eq!(other.closed().await.code, Some(1012));
    }
    town.writers[0].thaw();
    assert_eq!(ana.answer(pending).await.sent().seq, 1);
    assert_eq!(ana.closed().await.code, Some(1012));
    assert_eq!(town.gateways[0].exit().await, Some(0));
    assert_eq!(town.audit().await.acknowledged, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_stopped_under_load_hands_over_and_loses_nothing() {
    let mut town = Town::new().gateways(2).writers(2).start().await;
    let crowd = Crowd::talks(&town, 12, 6).await;
    for round in 0..4 {
        crowd.says_more(50).await;
        town.writers[round % 2].stop().await;
        crowd.says_more(50).await;
        town.writers[round % 2].restart().await;
    }
    let (told, _here) = crowd.ends().await;
    assert_eq!(told.returns, 0, "{told:?}");
    assert_eq!(town.audit().await.acknowledged, told.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_a_drain_at_once() {
    let mut town = Town::new().set("drain.unready", "1h").start().await;
    let ana = town.person("ana").joins("r7").await;
    town.gateways[0].terminate();
    town.gateways[0].is_unready("drain").await;
    // What comes at once is the echo of the first.
    until("a second signal is heard", async || {
        town.gateways[0].terminate();
        town.gateways[0].readiness().await.is_none().then_some(())
    })
    .await;
    assert_eq!(town.gateways[0].exit().await, Some(128 + 15));
    assert_eq!(ana.closed().await.code, None, "there was no time for farewells");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_do_not_go_do_not_keep_a_gateway() {
    let mut town = Town::new().set("drain.grace", "500ms").start().await;
    let ana = town.person("ana").joins("r7").await;
    ana.stops_reading();
    let start = Instant::now();
    town.gateways[0].stop().await;
    assert!(start.elapsed() < Duration::from_secs(20));
    until("the connection is gone", async || {
        ana.reads_on();
        (!ana.is_here()).then_some(())
    })
    .await;
}

/// Waits until somebody is sent away; gives the time after which to come back.
async fn is_told_when_to_come_back(person: &Person) -> Duration {
    let closed = person.closed().await;
    let bye = closed.bye.clone().unwrap_or_default();
    assert_eq!((closed.code, bye["code"].as_str()), (Some(1012), Some("going_away")), "{closed:?}");
    Duration::from_millis(bye["retry_ms"].as_u64().unwrap_or_else(|| panic!("no time: {bye}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_sends_nobody_away_before_his_turn_and_calls_each_back_at_another_time() {
    let (count, spread) = length((400, Duration::from_secs(2)), (10_000, Duration::from_secs(20)));
    let mut town = Town::new().set("drain.spread", format!("{}s", spread.as_secs())).start().await;
    let mut people: Vec<Person> = Vec::new();
    while people.len() < count {
        let guests = (0..50).map(|guest| town.person(&format!("guest-{}", people.len() + guest)));
        people.extend(join_all(guests.map(IntoFuture::into_future)).await);
    }

    let start = Instant::now();
    town.gateways[0].terminate();
    let told = people.iter().map(async |person| {
        let away = is_told_when_to_come_back(person).await;
        (start.elapsed(), away)
    });
    let (mut gone, mut away): (Vec<Duration>, Vec<Duration>) = join_all(told).await.into_iter().unzip();
    assert_eq!(town.gateways[0].exit().await, Some(0));

    // A busy machine makes everybody late, and nobody early.
    gone.sort_unstable();
    let wave = Duration::from_millis(50);
    for (number, gone) in (0_u32..).zip(&gone) {
        let turn = spread * number / u32::try_from(count).unwrap();
        assert!(*gone + 2 * wave >= turn, "{number} of {count} went after {gone:?}");
    }
    let moment = |gone: &Duration| gone.as_millis() / 100;
    let moments = 1..spread.as_millis() / 100 - 1;
    let mut each: Vec<usize> =
        moments.map(|n| gone.iter().filter(|gone| moment(gone) == n).count()).collect();
    each.sort_unstable();
    let (least, median, most) = (each[0], each[each.len() / 2], each[each.len() - 1]);
    println!(
        "{count} went over {spread:?}: {least} to {most} in a tenth of a second, {median} in the median"
    );

    away.sort_unstable();
    let quarter = |n: usize| away[count * n / 4 - 1];
    for (n, ms) in [(1, 1000), (2, 1500), (3, 2000), (4, 2500)] {
        let (least, most) = (Duration::from_millis(ms - 200), Duration::from_millis(ms + 200));
        assert!(least <= quarter(n) && quarter(n) <= most, "{n} quarters come back within {:?}", quarter(n));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_bus_is_gone_says_what_it_does_not_know_and_then_goodbye() {
    let mut town = Town::new().gateways(2).lines().start().await;
    town.forgives(NATS_CLIENT);
    let ana = town.person("ana").at(0).joins("r7").await;
    let ben = town.person("ben").at(0).joins("r7").await;
    town.gateway_lines[0].nats.cut();
    assert_eq!(ben.hears("status").await["state"], "degraded");
    let pending = ana.begins("r7", "d-1", "hello?").await;
    town.gateways[0].terminate();
    assert_eq!(ana.answer(pending).await.refused().code, "unavailable");
    is_told_when_to_come_back(&ana).await;
    is_told_when_to_come_back(&ben).await;
    assert_eq!(town.gateways[0].exit().await, Some(0));

    let ana = town.person("ana").at(1).joins_after("r7", 0).await;
    assert_eq!(ana.says_as("r7", "d-1", "hello?").await.sent().seq, 1);
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_ends_in_order_although_postgres_stands_still() {
    let mut town = Town::new().own_postgres().start().await;
    town.forgives("the store is not available");
    let ana = town.person("ana").joins("r7").await;
    ana.says("r7", "before").await;
    town.postgres().pause();
    let pending = ana.begins("r7", "d-1", "hello?").await;
    // Frames are read in their order: the gateway has the one before this, and has passed it on.
    ana.asks(json!({ "type": "ping" })).await;
    let start = Instant::now();
    town.writers[0].terminate();
    assert_eq!(ana.answer(pending).await.refused().code, "unavailable");
    assert_eq!(town.writers[0].exit().await, Some(0));
    println!("the writer ended after {:?}", start.elapsed());

    town.postgres().resume();
    town.writers[0].restart().await;
    assert_eq!(ana.says_as("r7", "d-1", "hello?").await.sent().seq, 2);
    assert_eq!(town.audit().await.acknowledged, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_what_is_not_there_ends_when_it_is_told_to() {
    let mut town = Town::new().own_postgres().set("drain.unready", "1h").build().await;
    town.postgres().stop().await.expect("a Postgres that stops");
    for writer in &mut town.writers {
        writer.start().await;
        writer.is_unready("store").await;
        writer.stop().await;
    }
    town.nats().kill9();
    for server in town.gateways.iter_mut().chain(&mut town.writers) {
        server.start().await;
        server.stop().await;
    }
}

//! SIGTERM: what was accepted is finished, everybody is told, and the exit code is 0.

use std::time::Duration;

use town::{Crowd, Town, Turned, until};

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

    for person in [&ana, &ben, &late] {
        let closed = person.closed().await;
        let bye = closed.bye.clone().unwrap_or_default();
        assert_eq!((closed.code, bye["code"].as_str()), (Some(1012), Some("going_away")), "{closed:?}");
        assert!(bye["retry_ms"].is_u64(), "{bye}");
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
    let start = tokio::time::Instant::now();
    town.gateways[0].stop().await;
    assert!(start.elapsed() < Duration::from_secs(20));
    until("the connection is gone", async || {
        ana.reads_on();
        (!ana.is_here()).then_some(())
    })
    .await;
}

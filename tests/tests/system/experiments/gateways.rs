//! Gateways die, or stand still.

use std::time::Duration;

use town::{Outcome, Trial, length};

use super::seconds;

/// A third of the residents is connected to each gateway.
const ITS_PEOPLE: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_killed_and_its_clients_come_back_elsewhere() {
    let mut trial = Trial::begins("a gateway is killed, and not started again", Trial::plan()).await;
    trial.strikes();
    trial.town.gateways[1].kill9();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert_eq!(outcome.count("returns"), ITS_PEOPLE, "they were connected to it");
    assert!(outcome.time("elsewhere_s") <= length(30.0, 5.0), "{outcome}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_killed_and_started_again() {
    let mut trial = Trial::begins("a gateway is killed and started again", Trial::plan()).await;
    trial.strikes();
    trial.town.gateways[1].kill9();
    trial.rages(seconds(1, 5)).await;
    trial.town.gateways[1].start().await;
    trial.heals();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert!(outcome.count("returns") >= ITS_PEOPLE, "{outcome}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_wakes_up_and_those_who_waited_have_missed_nothing() {
    let outcome = stands_still("a gateway is stopped for 15 s", seconds(2, 15)).await;
    assert!(outcome.time("shown_s") <= length(30.0, 10.0), "{outcome}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_stands_still_until_even_those_who_only_watch_are_elsewhere() {
    let outcome = stands_still("a gateway is stopped for 60 s", seconds(7, 60)).await;
    assert!(outcome.count("returns") >= 2 * ITS_PEOPLE, "its talkers and its watchers: {outcome}");
    assert!(outcome.time("elsewhere_s") <= length(30.0, 45.0), "{outcome}");
}

/// Its talkers notice soon, because nothing is answered; its watchers only by its silence.
async fn stands_still(name: &'static str, time: Duration) -> Outcome {
    let mut trial = Trial::begins(name, Trial::plan()).await;
    trial.is_watched_at(0).await;
    // On a connection that stays open and is dead nobody can be answered: its clients give up after 6 s.
    trial.promised.answer = trial.promised.answer.max(Duration::from_millis(6500));
    trial.strikes();
    trial.town.gateways[0].freeze();
    trial.rages(time).await;
    trial.town.gateways[0].thaw();
    trial.heals();
    trial.recovers().await;
    trial.ends().await
}

//! Wall clocks jump. Order, time-outs and connections do not depend on them.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use town::{Outcome, Town, Trial};

use super::seconds;

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test(flavor = "multi_thread")]
async fn wall_clocks_jump_by_an_hour_and_nobody_notices() {
    let name = "wall clocks jump by an hour, to and fro";
    let Some(town) = Trial::plan().wall_clocks().start_if_possible().await else {
        Outcome::not_run(name, "no clock can be given to a process here: libfaketime is missing").record();
        return;
    };
    let mut trial = Trial::begins_in(town, name).await;
    trial.strikes();
    jump(&trial.town);
    trial.rages(seconds(2, 20)).await;
    trial.talks_on(100).await;
    assert!(spread(&trial.town).await > 1800.0, "no message bears the time of a clock that has jumped");
    clocks(&trial.town).for_each(|clock| clock.goes_right().expect("a clock"));
    trial.heals();
    trial.recovers().await;
    let outcome = trial.ends().await;
    assert_eq!((outcome.count("returns"), outcome.count("repeats")), (0, 0), "{outcome}");
}

/// Each other clock an hour ahead, the rest an hour back: also those of one kind differ by two hours.
fn jump(town: &Town) {
    for (number, clock) in clocks(town).enumerate() {
        let moved = if number % 2 == 0 { clock.is_fast_by(HOUR) } else { clock.is_slow_by(HOUR) };
        moved.expect("a clock");
    }
}

fn clocks(town: &Town) -> impl Iterator<Item = &servers::WallClock> {
    town.gateway_clocks.iter().chain(&town.writer_clocks).chain(&town.postgres_clock)
}

/// The seconds between the earliest and the latest time that a message bears.
async fn spread(town: &Town) -> f64 {
    let mut database =
        PgConnection::connect(&town.database_url().expect("Postgres")).await.expect("a session");
    let spread = "SELECT extract(epoch FROM max(at) - min(at))::float8 FROM events";
    sqlx::query_scalar(spread).fetch_one(&mut database).await.expect("messages")
}

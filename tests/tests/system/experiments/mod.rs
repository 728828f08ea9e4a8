//! Experiments: a town under load, one fault each, and what it has cost. See `docs/guarantees.md`.
//!
//! Short as part of `./test`, with faults of a second or a few; long with `./test --long`, with the faults and the
//! bounds that are promised.

mod bus;
mod clocks;
mod cluster;
mod disk;
mod gateways;
mod locks;
mod postgres;
mod quiet_room;
mod reborn;
mod same_id;
mod slow_store;
mod writers;

use std::time::Duration;

use town::{Answer, Person, Server, length, until};

/// Seconds of a fault: a few in the short form, or as many as are promised to be survived.
fn seconds(short: u64, long: u64) -> Duration {
    Duration::from_secs(length(short, long))
}

/// Repeats a send whose fate is unknown until it is known, and gives its seq.
async fn repeated(person: &Person, room: &str, id: &str, body: &str) -> u64 {
    until("the repeat is answered", async || match person.says_as(room, id, body).await {
        Answer::Sent(sent) => Some(sent.seq),
        _ => None,
    })
    .await
}

/// Waits until a gateway has looked after so many rooms, which it does once, a second after they are new to it. In
/// an experiment about what is found later, that must not be what finds it.
async fn has_looked(gateway: &Server, rooms: u32) {
    until(format!("{} has looked after {rooms} rooms", gateway.name()), async || {
        (gateway.metric("parlor_log_reads_total").await >= f64::from(rooms)).then_some(())
    })
    .await;
}

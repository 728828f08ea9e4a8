//! The whole system: processes of the real `parlor`, over a real Postgres and NATS.
//!
//! One binary, because each would link the same libraries again. `cargo nextest run -p town order` runs the tests
//! whose names hold "order".

mod clients;
mod coming_back;
mod conversation;
mod experiments;
mod faults;
mod herd;
mod hostile;
mod load;
mod load_tester;
mod many_rooms;
mod mishaps;
mod order;
mod page;
mod permissions;
mod presence;
mod refusals;
mod rollout;
mod solo;
mod starting;
mod stopping;
mod telemetry;
mod through_haproxy;

/// The body of a message that is its number, and as long as wanted.
fn body(number: usize, bytes: usize) -> String {
    format!("{number:0bytes$}")
}

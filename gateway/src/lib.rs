//! The stateless gateway: sockets in, sessions, rooms, fan-out, catch-up.
//!
//! A gateway is one listener, a few shards (threads that own their connections) and one switchboard (the task
//! on the main thread that owns the road to the bus). What it holds can be lost: the clients' reconnects rebuild it.

pub mod auth;
mod connection;
mod gateway;
mod http;
mod leaving;
mod longpoll;
mod metrics;
mod neighbours;
mod porter;
mod presence;
mod room;
mod sampling;
mod session;
pub mod settings;
mod shard;
#[cfg(test)]
mod simulation;
mod switchboard;

pub use gateway::{Parts, RunError, run};
pub use settings::Settings;

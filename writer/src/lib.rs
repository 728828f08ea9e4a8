//! The writer: gathers what is said, commits it in batches, publishes what it has committed, answers reads.
//!
//! Any number of writers at once: what they commit is right whoever commits it, and who owns which partition
//! is only a matter of speed. A writer holds nothing that a restart loses, except what it has not
//! acknowledged.

mod backlog;
mod commit;
mod duty;
mod heads;
mod health;
mod metrics;
mod opening;
mod readiness;
mod reads;
mod refusal;
mod run;
mod settings;
mod standstill;
mod state;

pub use run::{Parts, RunError, run};
pub use settings::Settings;

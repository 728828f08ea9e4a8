//! The neutral words between sessions and dialects, designed against all four dialects at once.

mod command;
mod names;
mod say;

pub use command::Command;
pub use names::{Alias, From, Mark};
pub use say::{LimitsShown, Say};

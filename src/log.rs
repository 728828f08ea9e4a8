//! Sets the log up: on standard error, as text or as one JSON object a line. What is logged never holds a
//! token, a secret or the body of a message; what clients choose is escaped by the formatter.

use std::error::Error;
use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::{Format, Log};

/// Starts to log. Called once a process.
///
/// # Errors
/// If the level cannot be understood, or the process logs already.
pub(crate) fn start(log: &Log) -> Result<(), Box<dyn Error + Send + Sync>> {
    let lines =
        tracing_subscriber::fmt().with_env_filter(EnvFilter::try_new(&log.level)?).with_writer(io::stderr);
    let as_text = match log.format {
        Format::Text => true,
        Format::Json => false,
        Format::Auto => io::stderr().is_terminal(),
    };
    if as_text {
        lines.with_ansi(io::stderr().is_terminal()).try_init()
    } else {
        lines.json().flatten_event(true).with_current_span(false).try_init()
    }
}

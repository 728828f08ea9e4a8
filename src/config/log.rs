//! `log.*`: what is logged, and how it looks.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::Mistake;

/// How the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub(crate) enum Format {
    /// Text if the log goes to a terminal, else JSON.
    Auto,
    /// Lines for people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

impl TryFrom<String> for Format {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected auto, text or json"),
        }
    }
}

/// The log, on standard error.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// `auto`, `text` or `json`.
    pub(crate) format: Format,
    /// `error`, `warn`, `info`, `debug` or `trace`, for all or by part: `info,gateway=debug`.
    pub(crate) level: String,
    /// The most lines that wait to be written; further ones are lost, and counted.
    pub(crate) queue_lines: NonZeroUsize,
}

impl Default for Log {
    /// What the NATS client tells of its connection at each attempt, the bus tells once.
    fn default() -> Self {
        Self {
            format: Format::Auto,
            level: "info,async_nats=off".to_owned(),
            queue_lines: NonZeroUsize::MIN.saturating_add(8191),
        }
    }
}

impl Log {
    /// What is wrong with it.
    pub(super) fn check(&self) -> Option<Mistake> {
        let wrong = match EnvFilter::try_new(&self.level) {
            Err(e) => e.to_string(),
            // The filter takes a word alone for the name of a part: a slip of the pen would silence everything.
            Ok(_) => format!("{:?} is no level", self.level.split(',').find(|word| !is_directive(word))?),
        };
        Some(Mistake::of("log.level", wrong))
    }
}

fn is_directive(word: &str) -> bool {
    word.contains(['=', '[']) || word.trim().parse::<LevelFilter>().is_ok()
}

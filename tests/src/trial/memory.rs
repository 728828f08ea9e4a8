//! How much memory the processes of a town use before an experiment, and how much more after it.

use std::collections::HashMap;

use super::Promised;
use crate::server::Server;
use crate::town::Town;

/// Resident bytes by the name of the process.
#[derive(Debug)]
pub(super) struct Memory(HashMap<String, u64>);

/// What the one that has grown most has kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Growth {
    /// The process.
    pub(super) whose: String,
    /// How many per cent more than before, beyond [`Promised::MEMORY_SLACK`]; 0 if none.
    pub(super) percent: f64,
}

impl Memory {
    pub(super) fn of(town: &Town) -> Self {
        Self(running(town).map(|server| (server.name().to_owned(), server.memory())).collect())
    }

    /// Of the processes that run now; `None` if none of them ran before.
    pub(super) fn growth(&self, town: &Town) -> Option<Growth> {
        let growth = |server: &Server| {
            let before = *self.0.get(server.name())?;
            Some(Growth { whose: server.name().to_owned(), percent: percent(before, server.memory()) })
        };
        running(town).filter_map(growth).max_by(|a, b| a.percent.total_cmp(&b.percent))
    }
}

fn running(town: &Town) -> impl Iterator<Item = &Server> {
    town.gateways.iter().chain(&town.writers).filter(|server| server.runs())
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory, to be read as per cent")]
fn percent(before: u64, after: u64) -> f64 {
    after.saturating_sub(before + Promised::MEMORY_SLACK) as f64 * 100.0 / before as f64
}

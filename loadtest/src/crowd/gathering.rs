//! Who is to be gathered, and how.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::Comeback;
use crate::args::ConnectArgs;
use crate::plan::Plan;
use crate::processes::Share;

/// Who is to be gathered, and how: all that a process needs to know to gather its share.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Gathering {
    pub(crate) plan: Plan,
    pub(crate) connect: ConnectArgs,
    /// How those come back whose connection breaks; `None` if they do not.
    pub(crate) comeback: Option<Comeback>,
    /// How long all of it takes at the most: what tokens must be good for.
    pub(crate) length: Duration,
}

impl Gathering {
    /// Says what cannot work in so many processes.
    ///
    /// # Errors
    /// The first thing that cannot.
    pub(crate) fn check(&self, processes: u32) -> Result<()> {
        self.plan.check()?;
        if processes == 1 {
            return Ok(());
        }
        ensure!(processes <= self.plan.people, "--processes {processes}: there are fewer clients");
        ensure!(
            processes <= u32::from(self.connect.handshakes),
            "{processes} processes need as many --handshakes at least: each makes its own"
        );
        ensure!(
            self.plan.in_flight.is_none(),
            "--in-flight needs all clients in one process: only there it is known what is on its way. Fewer clients, or \
             a higher limit of open files (ulimit -n)"
        );
        Ok(())
    }

    /// From one connection to the next.
    pub(crate) fn ramp(&self) -> Duration {
        self.connect.step(self.plan.people)
    }

    /// How long everybody may take to join.
    pub(crate) fn join_within(&self) -> Duration {
        self.connect.join_timeout + self.ramp() * self.plan.people
    }

    /// How many threads a share of them has.
    pub(super) fn threads(&self, share: Share) -> u32 {
        share.part(u32::from(self.connect.threads))
    }
}

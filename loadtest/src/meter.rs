//! What a run costs the servers' processes.

use anyhow::Result;
use serde::Serialize;

use crate::servers::Usage;

/// Looks at the servers' processes at three moments of a run.
#[derive(Debug)]
pub(crate) struct Meter {
    pids: Vec<u32>,
    alone: Usage,
    begun: Usage,
    done: Usage,
}

/// What the servers have cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Cost {
    /// Processor time from the first message to the last receipt.
    pub(crate) cpu_us: u64,
    /// The same for each receipt; null if there was none.
    pub(crate) cpu_us_per_delivery: Option<f64>,
    /// Before anybody connected.
    pub(crate) resident_before_bytes: u64,
    /// After the last receipt.
    pub(crate) resident_bytes: u64,
    /// What the second is above the first, for each client.
    pub(crate) resident_bytes_per_client: u64,
}

impl Meter {
    /// Nobody is connected yet. `None` if there is no process to look at.
    ///
    /// # Errors
    /// If one of them does not exist.
    pub(crate) fn new(pids: &[u32]) -> Result<Option<Self>> {
        if pids.is_empty() {
            return Ok(None);
        }
        let alone = Usage::of(pids)?;
        Ok(Some(Self { pids: pids.to_vec(), alone, begun: alone, done: alone }))
    }

    /// Everybody has joined, and nothing was sent yet.
    ///
    /// # Errors
    /// If a process has ended.
    pub(crate) fn begin(&mut self) -> Result<()> {
        self.begun = Usage::of(&self.pids)?;
        Ok(())
    }

    /// Everybody has everything.
    ///
    /// # Errors
    /// If a process has ended.
    pub(crate) fn end(&mut self) -> Result<()> {
        self.done = Usage::of(&self.pids)?;
        Ok(())
    }

    /// What so many receipts of so many clients have cost.
    pub(crate) fn cost(&self, receipts: u64, clients: u32) -> Cost {
        let cpu = self.done.cpu.saturating_sub(self.begun.cpu);
        let more = self.done.resident_bytes.saturating_sub(self.alone.resident_bytes);
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let each = |receipts: u64| cpu.as_secs_f64() * 1e6 / receipts as f64;
        Cost {
            cpu_us: u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX),
            cpu_us_per_delivery: (receipts > 0).then(|| each(receipts)),
            resident_before_bytes: self.alone.resident_bytes,
            resident_bytes: self.done.resident_bytes,
            resident_bytes_per_client: more / u64::from(clients.max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn costs_are_what_lies_between_the_moments() {
        let usage = |ms, resident_bytes| Usage { cpu: Duration::from_millis(ms), resident_bytes };
        let meter =
            Meter { pids: vec![], alone: usage(10, 1000), begun: usage(50, 2000), done: usage(90, 3000) };
        let cost = meter.cost(10_000, 10);
        assert_eq!((cost.cpu_us, cost.cpu_us_per_delivery), (40_000, Some(4.0)));
        assert_eq!((cost.resident_before_bytes, cost.resident_bytes_per_client), (1000, 200));
        assert_eq!(meter.cost(0, 10).cpu_us_per_delivery, None);
    }
}

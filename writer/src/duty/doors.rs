//! The doors that this writer serves.
//!
//! Owned by the keeper. Two for each partition that it owns and two that are shared by all; dropped, all are
//! closed, and when what had come in is taken up, the queues end.

use std::sync::Arc;

use bus::{Asked, Bus, BusError, Door, Listening, PARTITIONS, Partition};
use tokio::sync::mpsc;

/// Where requests go.
#[derive(Debug, Clone)]
pub(crate) struct Queues {
    pub(crate) submissions: mpsc::Sender<Asked>,
    pub(crate) reads: mpsc::Sender<Asked>,
}

/// Open doors.
pub(crate) struct Doors {
    bus: Arc<dyn Bus>,
    queues: Queues,
    shared: Option<Pair>,
    own: Vec<Option<Pair>>,
}

/// What becomes of the doors of partitions that another writer owns now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// They are closed.
    Own,
    /// They stay open for now.
    Open,
}

/// A door for submissions and one for reads.
type Pair = (Listening, Listening);

impl Doors {
    pub(crate) fn new(bus: Arc<dyn Bus>, queues: Queues) -> Self {
        Self { bus, queues, shared: None, own: (0..PARTITIONS).map(|_| None).collect() }
    }

    /// Opens and closes until exactly those doors are open that should be, and with [`Keep::Open`] those that were.
    ///
    /// # Errors
    /// [`BusError`] if the bus has been closed. The rest is as it was.
    pub(crate) async fn set(
        &mut self,
        shared: bool,
        owns: impl Fn(Partition) -> bool,
        keep: Keep,
    ) -> Result<(), BusError> {
        self.shared = match (shared, self.shared.take()) {
            (true, None) => Some(self.open(Door::SubmitAny, Door::ReadAny).await?),
            (true, open) => open,
            (false, _) => None,
        };
        for partition in Partition::all() {
            let place = usize::from(partition.index());
            match (owns(partition), self.own[place].is_some()) {
                (true, false) => {
                    self.own[place] = Some(self.open(Door::Submit(partition), Door::Read(partition)).await?);
                }
                (false, true) if keep == Keep::Own => self.own[place] = None,
                (true, true) | (false, _) => {}
            }
        }
        Ok(())
    }

    async fn open(&self, submit: Door, read: Door) -> Result<Pair, BusError> {
        let submit = self.bus.serve(submit, self.queues.submissions.clone()).await?;
        let read = self.bus.serve(read, self.queues.reads.clone()).await?;
        Ok((submit, read))
    }
}

//! The closed loop: no more than so many messages are on their way at once.
//!
//! Owned by the thread of the pacer. Bound: four bytes for each room, and eight for each message that may be on its way.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::crowd::Shared;

/// How often it looks whether the run has ended. What it waits for wakes it.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What has not come after so long without any receipt is not waited for any more: it is lost, or its listeners are.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much may be on its way.
pub(crate) struct Window<'a> {
    shared: &'a Shared,
    /// How many receipts a message has, by room.
    listeners: Vec<u32>,
    /// How many messages may be on their way.
    size: usize,
    /// How many receipts all messages before the next one have.
    expected: u64,
    /// For those messages that may be on their way, how many receipts there are once it and all before it have come; the
    /// oldest is first.
    on_their_way: VecDeque<u64>,
    /// Receipts that are not waited for any more.
    given_up: u64,
}

impl<'a> Window<'a> {
    /// A window of the plan's size; `None` if the loop is open.
    pub(crate) fn new(shared: &'a Shared) -> Option<Self> {
        let size = shared.plan.in_flight? as usize;
        let listeners = shared.plan.listeners();
        Some(Self { shared, listeners, size, expected: 0, on_their_way: VecDeque::new(), given_up: 0 })
    }

    /// Waits until so few of the messages before this one, of that room, are on their way that it may go, or until the
    /// run ends.
    pub(crate) fn wait(&mut self, room: u32) {
        if self.on_their_way.len() == self.size
            && let Some(needed) = self.on_their_way.pop_front()
        {
            self.wait_for(needed);
        }
        self.expected += u64::from(self.listeners[room as usize]);
        self.on_their_way.push_back(self.expected);
    }

    fn wait_for(&mut self, needed: u64) {
        let (mut received, mut since) = (0, Instant::now());
        while !self.shared.stop.is_cancelled() {
            let awaited = needed.saturating_sub(self.given_up);
            let now = self.shared.ledger.wait_for_receipts(awaited, LOOK_EVERY);
            if now >= awaited {
                return;
            }
            if now > received {
                (received, since) = (now, Instant::now());
            } else if since.elapsed() > PATIENCE {
                self.given_up = needed - now;
                return;
            }
        }
    }
}

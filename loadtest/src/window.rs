//! The closed loop: no more than so many messages are on their way at once.
//!
//! Owned by the thread of the pacer.

use std::thread;
use std::time::{Duration, Instant};

use crate::crowd::Shared;

/// How often it looks whether there is room.
const LOOK_EVERY: Duration = Duration::from_micros(50);
/// What has not come after so long without any receipt is not waited for any more: it is lost, or its listeners are.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much may be on its way, in receipts.
pub(crate) struct Window<'a> {
    shared: &'a Shared,
    /// How many receipts a message has.
    each: u64,
    receipts: u64,
    /// Receipts that are not waited for any more.
    given_up: u64,
}

impl<'a> Window<'a> {
    /// A window of the plan's size; `None` if the loop is open.
    pub(crate) fn new(shared: &'a Shared) -> Option<Self> {
        let plan = &shared.plan;
        let each = u64::from((plan.people / plan.rooms).max(1));
        plan.in_flight.map(|messages| Self {
            shared,
            each,
            receipts: u64::from(messages) * each,
            given_up: 0,
        })
    }

    /// Waits until so few of the messages before this one are on their way that it may go, or until the run ends.
    pub(crate) fn wait(&mut self, message: u32) {
        let needed = (u64::from(message + 1) * self.each).saturating_sub(self.receipts);
        let (mut received, mut since) = (0, Instant::now());
        while !self.shared.stop.is_cancelled() {
            let now = self.shared.ledger.receipts();
            if now + self.given_up >= needed {
                return;
            }
            if now > received {
                (received, since) = (now, Instant::now());
            } else if since.elapsed() > PATIENCE {
                self.given_up = needed - now;
                return;
            }
            thread::park_timeout(LOOK_EVERY);
        }
    }
}

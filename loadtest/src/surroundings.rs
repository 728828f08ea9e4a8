//! What the people of one worker thread share.
//!
//! Owned by the worker, and by its tasks while they run. No borrow is held while anything is awaited.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Instant;

use crate::crowd::Shared;
use crate::ears::Ears;
use crate::effort::Effort;
use crate::person::Scene;
use crate::tally::Tally;

/// What they share.
pub(crate) struct Surroundings {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tally: RefCell<Tally>,
    pub(crate) effort: RefCell<Effort>,
    pub(crate) ears: Ears,
}

impl Surroundings {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let (tally, effort) = (RefCell::new(Tally::new()), RefCell::new(Effort::new()));
        Self { shared, tally, effort, ears: Ears::default() }
    }

    /// Somebody does something at this moment, and says it to `out`.
    pub(crate) fn with_scene<R>(
        &self,
        now: Instant,
        out: &mut Vec<u8>,
        act: impl FnOnce(&mut Scene<'_>) -> R,
    ) -> R {
        let shared = &self.shared;
        let mut scene = Scene {
            plan: &shared.plan,
            ledger: &shared.ledger,
            tally: &mut self.tally.borrow_mut(),
            out,
            now,
            start: shared.start.get().copied(),
            received: 0,
        };
        let done = act(&mut scene);
        shared.ledger.receive(scene.received);
        done
    }
}

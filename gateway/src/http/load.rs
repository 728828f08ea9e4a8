//! How many sockets each shard has, for the listener to choose by.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The load of one shard. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Load(Arc<AtomicUsize>);

/// One socket's share of the load, until this is dropped.
#[derive(Debug)]
pub(crate) struct Slot(Load);

impl Load {
    /// Counts a socket.
    pub(crate) fn enter(&self) -> Slot {
        self.0.fetch_add(1, Ordering::Relaxed);
        Slot(self.clone())
    }

    /// How many sockets there are.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

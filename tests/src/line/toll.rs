//! What the faults of a line have cost.

use std::sync::atomic::{AtomicU64, Ordering};

/// What the faults of a line have cost since it was laid. A fault that did not hit proves nothing: look here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Toll {
    /// Connections that were taken on.
    pub connections: u64,
    /// Those that the line broke: by a cut, or because they had lost bytes.
    pub broken: u64,
    /// Connections that were closed at once.
    pub refused: u64,
    /// Bytes that came into a black hole.
    pub swallowed_bytes: u64,
    /// Bytes that were held back, delivered since or not.
    pub held_bytes: u64,
    /// Bytes that were delayed.
    pub delayed_bytes: u64,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The toll of a line while it is taken.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) connections: Counter,
    pub(super) broken: Counter,
    pub(super) refused: Counter,
    pub(super) swallowed_bytes: Counter,
    pub(super) held_bytes: Counter,
    pub(super) delayed_bytes: Counter,
}

impl Counters {
    pub(super) fn toll(&self) -> Toll {
        Toll {
            connections: self.connections.value(),
            broken: self.broken.value(),
            refused: self.refused.value(),
            swallowed_bytes: self.swallowed_bytes.value(),
            held_bytes: self.held_bytes.value(),
            delayed_bytes: self.delayed_bytes.value(),
        }
    }
}

//! Where somebody stands in the commits of the whole store.

use std::sync::Arc;

/// A place in the history of the whole store, for finding what was committed after it. Opaque outside the
/// store. Cheap to clone. The default is the very beginning.
///
/// Transactions do not end in the order in which they begin, so a place is no single number: it is the first
/// commit number that has not been looked at, and those below it that were still open when it was taken.
/// Remembering the open ones, not just the lowest of them, is what keeps one transaction that stays open for
/// an hour from making every scan read that hour again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursor {
    /// Every commit number from here on has not been looked at.
    pub(crate) next: u64,
    /// Numbers below `next` that were still open.
    pub(crate) open: Arc<[u64]>,
    /// Set after the database became another history: rooms with a key above this one have not been told yet,
    /// however long they have been quiet.
    pub(crate) untold_after: Option<i64>,
}

impl Cursor {
    /// The lowest number that has not been looked at: who starts there misses nothing.
    pub(crate) fn lowest(&self) -> u64 {
        self.open.iter().copied().fold(self.next, u64::min)
    }
}

//! Where somebody stands in the commits of the whole store.

use std::sync::Arc;

/// A place in the history of the whole store, for finding what was committed after it. Opaque outside the
/// store. Cheap to clone.
///
/// Transactions do not end in the order in which they begin, so a place is no single number: it is the first
/// commit number that has not been looked at, and those below it that were still open when it was taken.
/// Remembering the open ones, not just the lowest of them, is what keeps one transaction that stays open for
/// an hour from making every scan read that hour again.
/// The default is the very beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursor {
    /// Every commit number from here on has not been looked at.
    next: u64,
    /// Numbers below `next` that were still open.
    open: Arc<[u64]>,
}

//! About how much memory an open session has outside itself: for the tests that keep it small.

use super::Open;

impl Open {
    /// Whether anything is kept that was signed for this connection.
    pub(in crate::session) fn has_vouchers(&self) -> bool {
        self.grants.as_ref().is_some_and(|grants| !grants.is_empty())
    }

    /// Bytes on the heap, `block` for the overhead of each.
    pub(in crate::session) fn heap_bytes(&self, block: usize) -> usize {
        let shared = |text: &str| 2 * size_of::<usize>() + text.len() + block;
        let user = shared(self.user.id.as_str());
        let subscriptions: usize = self
            .subscriptions
            .iter()
            .map(|sub| {
                shared(sub.room.as_str()) + shared(sub.alias.as_str()) + sub.opening.as_str().len() + block
            })
            .sum();
        let lanes = self.lanes.as_ref().map_or(0, |lanes| size_of_val(&**lanes) + lanes.heap_bytes() + block);
        user + subscriptions + self.subscriptions.table_bytes() + block + lanes
    }
}

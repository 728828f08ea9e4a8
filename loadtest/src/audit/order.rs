//! The order of what each sender says, as one subscription hears it.
//!
//! Owned by the person that is subscribed. Bound: the senders of the room.

use std::collections::BTreeMap;

/// The last message that was heard of each sender.
#[derive(Debug, Default)]
pub(crate) struct SenderOrder(BTreeMap<u32, u32>);

impl SenderOrder {
    /// Takes down a message that is heard for the first time. False if a later one of this sender was heard before.
    pub(crate) fn keeps(&mut self, sender: u32, message: u32) -> bool {
        let last = self.0.entry(sender).or_insert(message);
        let keeps = *last <= message;
        *last = message.max(*last);
        keeps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_may_overtake_each_other_but_not_themselves() {
        let mut order = SenderOrder::default();
        let heard = [(1, 10), (2, 5), (1, 11), (2, 9), (2, 7), (1, 12)];
        assert_eq!(
            heard.map(|(sender, message)| order.keeps(sender, message)),
            [true, true, true, true, false, true]
        );
    }
}

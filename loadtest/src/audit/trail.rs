//! What one subscription has seen.
//!
//! Owned by the person that is subscribed. Bound: one range for each hole, and there are at most as many as there
//! were events out of order or lost.

use std::collections::BTreeMap;

/// The positions that a subscription has seen since it joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trail {
    start: u64,
    last: u64,
    /// What was skipped and has not come yet: first and last position of each hole.
    holes: BTreeMap<u64, u64>,
    seen: u64,
    doubled: u64,
    out_of_order: u64,
    /// Positions that it need not see.
    excused: u64,
    /// Whether a later position before an earlier one is disorder.
    is_ordered: bool,
}

/// What an event was to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Seen for the first time.
    New,
    /// Seen for the first time, but after a later one.
    Late,
    /// Seen before, or from before the subscription.
    Again,
}

impl Trail {
    /// A subscription that is to see everything after this position.
    pub(crate) const fn after(position: u64) -> Self {
        Self {
            start: position,
            last: position,
            holes: BTreeMap::new(),
            seen: 0,
            doubled: 0,
            out_of_order: 0,
            excused: 0,
            is_ordered: true,
        }
    }

    /// A subscription that is to see everything, where positions are the turns of a plan: they may come in any order.
    pub(crate) fn of_turns() -> Self {
        Self { is_ordered: false, ..Self::after(0) }
    }

    /// This position need not be seen: it is the subscriber's own.
    pub(crate) fn excuse(&mut self, seq: u64) {
        let (seen, out_of_order) = (self.seen, self.out_of_order);
        if self.see(seq) != Sight::Again {
            self.excused += 1;
        }
        (self.seen, self.out_of_order) = (seen, out_of_order);
    }

    /// Something came before what should have been before it.
    pub(crate) const fn disorder(&mut self) {
        self.out_of_order += 1;
    }

    /// True if this position, which its room has come to, has not been seen.
    pub(crate) fn lacks(&self, seq: u64) -> bool {
        let hole = self.holes.range(..=seq).next_back();
        seq > self.last || hole.is_some_and(|(_, last)| seq <= *last)
    }

    /// Takes down an event at this position.
    pub(crate) fn see(&mut self, seq: u64) -> Sight {
        if seq > self.last {
            if seq > self.last + 1 {
                self.holes.insert(self.last + 1, seq - 1);
            }
            self.last = seq;
            self.seen += 1;
            Sight::New
        } else if self.fill(seq) {
            self.seen += 1;
            self.out_of_order += u64::from(self.is_ordered);
            Sight::Late
        } else {
            self.doubled += 1;
            Sight::Again
        }
    }

    /// Takes a position out of the hole that it is in, if it is in one.
    fn fill(&mut self, seq: u64) -> bool {
        let Some((&first, &last)) = self.holes.range(..=seq).next_back() else { return false };
        if seq > last {
            return false;
        }
        self.holes.remove(&first);
        if first < seq {
            self.holes.insert(first, seq - 1);
        }
        if seq < last {
            self.holes.insert(seq + 1, last);
        }
        true
    }

    /// The last position that was seen: where to come back to.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    /// True if nothing up to this position is missing.
    pub(crate) fn is_whole_up_to(&self, head: u64) -> bool {
        self.last >= head && self.holes.is_empty()
    }

    /// How many events this subscription should have seen by the time its room has come to `head`.
    pub(crate) fn expected(&self, head: u64) -> u64 {
        head.max(self.last) - self.start - self.excused
    }

    /// How many different ones it has seen.
    pub(crate) const fn seen(&self) -> u64 {
        self.seen
    }

    /// How many it has not.
    pub(crate) fn lost(&self, head: u64) -> u64 {
        self.expected(head) - self.seen
    }

    /// How many it was shown more than once.
    pub(crate) const fn doubled(&self) -> u64 {
        self.doubled
    }

    /// How many came after a later one.
    pub(crate) const fn out_of_order(&self) -> u64 {
        self.out_of_order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lost, doubled and out of order, of a room at `head` of which somebody joined at `start`.
    fn audit(start: u64, seqs: impl IntoIterator<Item = u64>, head: u64) -> (u64, u64, u64) {
        let mut trail = Trail::after(start);
        for seq in seqs {
            trail.see(seq);
        }
        assert_eq!(trail.seen() + trail.lost(head), trail.expected(head));
        (trail.lost(head), trail.doubled(), trail.out_of_order())
    }

    #[test]
    fn all_of_it_in_order_is_clean() {
        assert_eq!(audit(0, 1..=100, 100), (0, 0, 0));
        assert_eq!(audit(41, 42..=57, 57), (0, 0, 0));
        assert_eq!(audit(5, [], 5), (0, 0, 0));
    }

    #[test]
    fn what_never_comes_is_lost_wherever_it_is() {
        assert_eq!(audit(0, (1..=100).filter(|n| n % 7 != 0), 100), (14, 0, 0));
        assert_eq!(audit(0, 3..=10, 12), (4, 0, 0));
        assert_eq!(audit(9, [], 12), (3, 0, 0));
    }

    #[test]
    fn what_comes_twice_is_doubled() {
        assert_eq!(
            audit(0, (1..=100).flat_map(|n| vec![n; if n % 11 == 0 { 2 } else { 1 }]), 100),
            (0, 9, 0)
        );
        assert_eq!(audit(0, [1, 2, 3, 1, 2, 3], 3), (0, 3, 0));
        assert_eq!(audit(5, [4, 5, 6], 6), (0, 2, 0), "from before the subscription");
    }

    #[test]
    fn what_comes_after_a_later_one_is_out_of_order_and_not_lost() {
        let swapped = (1..=100u64).map(|n| match n % 13 {
            0 => n + 1,
            1 if n > 1 => n - 1,
            _ => n,
        });
        assert_eq!(audit(0, swapped, 100), (0, 0, 7));
        assert_eq!(audit(0, [5, 1, 3, 2, 4, 3], 5), (0, 1, 4));
    }

    #[test]
    fn every_order_with_every_loss_adds_up() {
        // Each position of 1..=6 may be missing, and what is left comes in a scrambled order.
        for missing in 0..64u64 {
            for step in [1, 5, 7, 11] {
                let order = (0..12u64).map(|n| n * step % 12 / 2 + 1);
                let seqs: Vec<u64> = order.filter(|seq| missing >> (seq - 1) & 1 == 0).collect();
                let (lost, doubled, _) = audit(0, seqs.iter().copied(), 6);
                let gone = u64::from(missing.count_ones());
                assert_eq!((lost, doubled), (gone, 6 - gone), "{seqs:?}");
            }
        }
    }

    #[test]
    fn what_is_excused_is_neither_expected_nor_lost() {
        let mut trail = Trail::of_turns();
        for seq in [2, 1, 4] {
            trail.see(seq);
        }
        trail.excuse(3);
        trail.excuse(6);
        assert_eq!((trail.expected(7), trail.seen(), trail.lost(7), trail.out_of_order()), (5, 3, 2, 0));
        assert_eq!([4, 5, 6, 7].map(|seq| trail.lacks(seq)), [false, true, false, true]);
    }

    #[test]
    fn only_a_whole_trail_is_whole() {
        let mut trail = Trail::after(0);
        trail.see(1);
        assert!(trail.is_whole_up_to(1) && !trail.is_whole_up_to(2));
        trail.see(3);
        assert!(!trail.is_whole_up_to(3));
        trail.see(2);
        assert!(trail.is_whole_up_to(3));
    }
}

//! Where a subscription enters a room's log.

use chat::{RoomState, Seq};
use dialect::From as Wish;

/// Where it enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// After this position; `truncated` if events that it asked for are left out.
    At {
        /// The position.
        start: Seq,
        /// Whether events are left out.
        truncated: bool,
    },
    /// The position or the epoch is ahead of what this gateway knows: either the gateway is late, or the
    /// history is another one. A fresh read of the head decides.
    Ahead,
}

/// Decides where a subscription enters. `fresh` says that `state` was read after the join had come in; then
/// what is ahead of it does not exist.
pub(crate) fn enter(wish: &Wish, state: &RoomState, replay: u64, fresh: bool) -> Entry {
    let Wish::After(after, epoch) = wish else {
        return Entry::At { start: state.seq, truncated: false };
    };
    let other_history = epoch.as_ref().is_some_and(|epoch| *epoch != state.epoch);
    let oldest = state.seq.back(replay).max(state.first_seq.back(1));
    if other_history || *after > state.seq {
        return if fresh { Entry::At { start: oldest, truncated: true } } else { Entry::Ahead };
    }
    Entry::At { start: (*after).max(oldest), truncated: *after < oldest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat::{Epoch, RoomKind};

    fn seq(n: u64) -> Seq {
        Seq::new(n).unwrap()
    }

    fn state(first: u64, last: u64) -> RoomState {
        let epoch = Epoch::parse("e.1").unwrap();
        RoomState { kind: RoomKind::Public, epoch, first_seq: seq(first), seq: seq(last) }
    }

    fn after(position: u64, epoch: &str) -> Wish {
        Wish::After(seq(position), Some(Epoch::parse(epoch).unwrap()))
    }

    #[test]
    fn without_a_position_one_sees_what_comes_from_now_on() {
        assert_eq!(enter(&Wish::Live, &state(1, 9), 5, false), Entry::At { start: seq(9), truncated: false });
    }

    #[test]
    fn a_position_is_taken_as_it_is_while_it_is_within_reach() {
        let entry = |after_seq| enter(&after(after_seq, "e.1"), &state(1, 9), 5, false);
        assert_eq!(entry(9), Entry::At { start: seq(9), truncated: false });
        assert_eq!(entry(4), Entry::At { start: seq(4), truncated: false });
        assert_eq!(entry(3), Entry::At { start: seq(4), truncated: true });
    }

    #[test]
    fn what_retention_has_removed_is_left_out() {
        let entry = |after_seq| enter(&after(after_seq, "e.1"), &state(7, 9), 100, false);
        assert_eq!(entry(6), Entry::At { start: seq(6), truncated: false });
        assert_eq!(entry(5), Entry::At { start: seq(6), truncated: true });
    }

    #[test]
    fn a_position_ahead_is_believed_until_a_fresh_read_denies_it() {
        let (wish, state) = (after(12, "e.1"), state(1, 9));
        assert_eq!(enter(&wish, &state, 5, false), Entry::Ahead);
        assert_eq!(enter(&wish, &state, 5, true), Entry::At { start: seq(4), truncated: true });
    }

    #[test]
    fn a_position_of_another_history_means_nothing() {
        let (wish, state) = (after(3, "e.0"), state(1, 9));
        assert_eq!(enter(&wish, &state, 5, false), Entry::Ahead);
        assert_eq!(enter(&wish, &state, 5, true), Entry::At { start: seq(4), truncated: true });
    }
}

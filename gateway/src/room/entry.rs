//! Where a subscription enters a room's log.

use chat::{RoomState, Seq, Timestamp};
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
    /// Before the first event since this moment: whoever has the events finds that, and [`enter_after`] it.
    Since(Timestamp),
}

/// Decides where a subscription enters. `fresh` says that `state` was read after the join had come in; then
/// what is ahead of it does not exist.
pub(crate) fn enter(wish: &Wish, state: &RoomState, replay: u64, fresh: bool) -> Entry {
    let oldest = oldest(state, replay);
    let (after, epoch, instead) = match wish {
        Wish::After(after, epoch) => (*after, epoch.as_ref(), oldest),
        Wish::AllAfter(after, epoch) => (*after, Some(epoch), state.seq),
        Wish::AllSince(at) if state.first_seq <= state.seq => return Entry::Since(*at),
        Wish::AllSince(_) | Wish::Live => return Entry::At { start: state.seq, truncated: false },
    };
    let other_history = epoch.is_some_and(|epoch| *epoch != state.epoch);
    if other_history || after > state.seq {
        return if fresh { Entry::At { start: instead, truncated: true } } else { Entry::Ahead };
    }
    if after < oldest {
        return Entry::At { start: instead, truncated: true };
    }
    Entry::At { start: after, truncated: false }
}

/// Decides the same for all after a position of this very history, which is nowhere if that is not known: then it is
/// before what is at hand.
pub(crate) fn enter_after(position: Option<Seq>, state: &RoomState, replay: u64) -> (Seq, bool) {
    let reachable = position.filter(|after| *after >= oldest(state, replay));
    (reachable.unwrap_or(state.seq), reachable.is_none())
}

/// The position before the oldest event that may be had.
fn oldest(state: &RoomState, replay: u64) -> Seq {
    state.seq.back(replay).max(state.first_seq.back(1))
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
    fn who_wants_all_or_nothing_gets_what_comes_where_not_all_can_be_had() {
        let all = |after: u64, epoch: &str| Wish::AllAfter(seq(after), Epoch::parse(epoch).unwrap());
        let entry = |wish: &Wish, fresh| enter(wish, &state(1, 9), 5, fresh);
        assert_eq!(entry(&all(4, "e.1"), false), Entry::At { start: seq(4), truncated: false });
        let left_out = Entry::At { start: seq(9), truncated: true };
        assert_eq!(entry(&all(3, "e.1"), false), left_out);
        for (after, epoch) in [(12, "e.1"), (3, "e.0")] {
            assert_eq!(entry(&all(after, epoch), false), Entry::Ahead);
            assert_eq!(entry(&all(after, epoch), true), left_out);
        }
    }

    #[test]
    fn a_moment_is_looked_for_among_the_events_if_there_are_any() {
        let moment = Timestamp::from_micros(7);
        let since = Wish::AllSince(moment);
        assert_eq!(enter(&since, &state(1, 9), 5, false), Entry::Since(moment));
        assert_eq!(enter(&since, &state(1, 0), 5, false), Entry::At { start: seq(0), truncated: false });
        assert_eq!(enter_after(Some(seq(4)), &state(1, 9), 5), (seq(4), false));
        assert_eq!(enter_after(Some(seq(3)), &state(1, 9), 5), (seq(9), true));
        assert_eq!(enter_after(None, &state(1, 9), 5), (seq(9), true));
    }

    #[test]
    fn a_position_of_another_history_means_nothing() {
        let (wish, state) = (after(3, "e.0"), state(1, 9));
        assert_eq!(enter(&wish, &state, 5, false), Entry::Ahead);
        assert_eq!(enter(&wish, &state, 5, true), Entry::At { start: seq(4), truncated: true });
    }
}

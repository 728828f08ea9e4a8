//! How far one subscription has been fed: from the answer to its join, through pages of the past, to live, and back
//! to pages whenever its connection cannot take what is live. Both switches are exact because pages and live events
//! come over one FIFO.

use std::sync::Arc;

use chat::{Event, Seq};

/// How far a subscription has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The switchboard has not answered yet.
    Joining,
    /// It has been fed up to `cursor`, which is behind the room. Live events are not queued for it: it reads them
    /// when it gets there.
    Behind {
        /// The last position that was written.
        cursor: Seq,
        /// The page after that.
        page: NextPage,
        /// Whether it was live before and fell behind: then its client knows of nothing, and is told of nothing.
        fell: bool,
    },
    /// It stands where its room stands, and gets every event of the room as it comes.
    Live,
}

/// The page that a subscription needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextPage {
    /// To be asked for.
    Wanted,
    /// On its way.
    Coming,
    /// To be asked for with the next tick: the last one brought nothing.
    Later,
}

/// What a page brings to a subscription.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fed<'a> {
    /// Nothing new. It rests until the next tick.
    Nothing,
    /// These events follow what it has.
    Show(&'a [Arc<Event>]),
    /// What followed is gone from the store: it starts again after this position.
    Hole(Seq),
}

impl Phase {
    /// The phase in which a subscription begins that is fed after `start`.
    pub(crate) fn behind(start: Seq) -> Self {
        Self::Behind { cursor: start, page: NextPage::Wanted, fell: false }
    }

    /// Its connection cannot take the live event that follows `cursor`: it goes on from there with pages.
    pub(crate) fn fall_behind(&mut self, cursor: Seq) {
        if *self == Self::Live {
            *self = Self::Behind { cursor, page: NextPage::Wanted, fell: true };
        }
    }

    /// True while it is behind although it was live before.
    pub(crate) fn has_fallen(self) -> bool {
        matches!(self, Self::Behind { fell: true, .. })
    }

    /// The position after which a page is wanted.
    pub(crate) fn hungry(self) -> Option<Seq> {
        match self {
            Self::Behind { cursor, page: NextPage::Wanted, .. } => Some(cursor),
            Self::Behind { .. } | Self::Joining | Self::Live => None,
        }
    }

    /// Notes that the page was asked for.
    pub(crate) fn ask(&mut self) {
        if let Self::Behind { page, .. } = self {
            *page = NextPage::Coming;
        }
    }

    /// True while a page is on its way.
    pub(crate) fn awaits_page(self) -> bool {
        matches!(self, Self::Behind { page: NextPage::Coming, .. })
    }

    /// Time has passed: who rested may ask again.
    pub(crate) fn on_tick(&mut self) {
        if let Self::Behind { page: page @ NextPage::Later, .. } = self {
            *page = NextPage::Wanted;
        }
    }

    /// Takes a page of a room whose log begins at `first` and that the shard has been told of up to `last`. What
    /// is beyond that comes live.
    pub(crate) fn feed<'a>(&mut self, events: &'a [Arc<Event>], first: Seq, last: Seq) -> Fed<'a> {
        let Self::Behind { cursor, page, fell } = self else { return Fed::Nothing };
        *page = NextPage::Wanted;
        if first > cursor.next() {
            *cursor = first.back(1).min(last);
            *fell = false;
            return Fed::Hole(*cursor);
        }
        let from = events.partition_point(|event| event.seq <= *cursor);
        let to = events.partition_point(|event| event.seq <= last).max(from);
        let fresh = &events[from..to];
        match fresh {
            // A page may have been asked for before the room began anew, when the cursor stood elsewhere.
            [oldest, ..] if oldest.seq == cursor.next() => {
                *cursor = fresh.last().unwrap_or(oldest).seq;
                Fed::Show(fresh)
            }
            _ => {
                *page = NextPage::Later;
                Fed::Nothing
            }
        }
    }

    /// Goes live if it stands where the room stands.
    pub(crate) fn go_live(&mut self, last: Seq) -> bool {
        let there = matches!(self, Self::Behind { cursor, .. } if *cursor >= last);
        if there {
            *self = Self::Live;
        }
        there
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::log::tests::message;

    fn seq(n: u64) -> Seq {
        Seq::new(n).unwrap()
    }

    fn page(range: std::ops::RangeInclusive<u64>) -> Vec<Arc<Event>> {
        range.map(|n| Arc::new(message(n))).collect()
    }

    #[test]
    fn it_takes_what_is_new_to_it_and_known_to_its_shard() {
        let mut phase = Phase::behind(seq(4));
        let events = page(3..=9);
        assert_eq!(phase.feed(&events, seq(1), seq(7)), Fed::Show(&events[2..5]));
        assert!(phase.go_live(seq(7)));
        assert_eq!(phase.feed(&events, seq(1), seq(9)), Fed::Nothing, "live, it reads no pages");
    }

    #[test]
    fn after_a_page_that_brings_nothing_it_rests() {
        let mut phase = Phase::behind(seq(4));
        phase.ask();
        assert_eq!((phase.hungry(), phase.awaits_page()), (None, true));
        assert_eq!(phase.feed(&page(1..=4), seq(1), seq(9)), Fed::Nothing);
        assert_eq!((phase.hungry(), phase.awaits_page()), (None, false));
        phase.on_tick();
        assert_eq!(phase.hungry(), Some(seq(4)));
        assert!(!phase.go_live(seq(9)));
    }

    #[test]
    fn what_is_gone_is_not_jumped_over_in_silence() {
        let mut phase = Phase::behind(seq(4));
        assert_eq!(phase.feed(&page(7..=9), seq(7), seq(9)), Fed::Hole(seq(6)));
        assert_eq!(phase.hungry(), Some(seq(6)));
    }

    #[test]
    fn where_all_is_gone_it_goes_live() {
        let mut phase = Phase::behind(seq(4));
        assert_eq!(phase.feed(&[], seq(12), seq(9)), Fed::Hole(seq(9)));
        assert!(phase.go_live(seq(9)));
    }

    #[test]
    fn who_falls_behind_goes_on_where_it_stopped_and_is_live_again() {
        let mut phase = Phase::Live;
        phase.fall_behind(seq(4));
        assert_eq!((phase.hungry(), phase.has_fallen()), (Some(seq(4)), true));
        phase.fall_behind(seq(6));
        assert_eq!(phase.hungry(), Some(seq(4)), "what it has not been shown is not forgotten");
        let events = page(4..=8);
        assert_eq!(phase.feed(&events, seq(1), seq(8)), Fed::Show(&events[1..]));
        assert!(phase.go_live(seq(8)) && !phase.has_fallen());
    }

    #[test]
    fn who_fell_behind_and_missed_something_begins_anew() {
        let mut phase = Phase::Live;
        phase.fall_behind(seq(4));
        assert_eq!(phase.feed(&page(7..=9), seq(7), seq(9)), Fed::Hole(seq(6)));
        assert!(!phase.has_fallen());
    }

    #[test]
    fn a_page_for_another_position_is_no_hole() {
        let mut phase = Phase::behind(seq(0));
        assert_eq!(phase.feed(&page(6..=9), seq(1), seq(9)), Fed::Nothing);
        phase.on_tick();
        assert_eq!(phase.hungry(), Some(seq(0)));
    }
}

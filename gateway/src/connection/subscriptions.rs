//! The subscriptions of one connection, and which of them wants a page next.
//!
//! Owned by the connection. The session bounds how many there can be (`limits.rooms_per_connection`).

use chat::{RoomId, Seq};
use dialect::Alias;

use super::Subscription;
use crate::session::SubId;

/// The subscriptions, in no order.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    all: Vec<Subscription>,
    /// True if nobody may ask for a page, as of a look since which nobody has changed. It is asked after each write, of
    /// a connection that may be in very many rooms.
    fed: bool,
}

impl Subscriptions {
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Subscription> {
        self.all.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Subscription> {
        self.fed = false;
        self.all.iter_mut()
    }

    /// The subscription with that number.
    pub(crate) fn get_mut(&mut self, id: SubId) -> Option<&mut Subscription> {
        self.iter_mut().find(|sub| sub.id == id)
    }

    pub(crate) fn add(&mut self, subscription: Subscription) {
        self.fed = false;
        // Most connections have one or two; a vector's own first step would be four.
        if self.all.len() == self.all.capacity() {
            self.all.reserve_exact(self.all.len().max(1));
        }
        self.all.push(subscription);
    }

    /// Takes a subscription out.
    pub(crate) fn take(&mut self, id: SubId) -> Option<Subscription> {
        let at = self.all.iter().position(|sub| sub.id == id)?;
        self.fed = false;
        Some(self.all.swap_remove(at))
    }

    /// Notes that the live subscription with that alias missed what follows `cursor`, and is not live any more.
    pub(super) fn fall_behind(&mut self, room: &RoomId, alias: &Alias, cursor: Seq) {
        if let Some(subscription) = self.iter_mut().find(|sub| sub.alias == *alias && sub.room == *room) {
            subscription.phase.fall_behind(cursor);
        }
    }

    /// The next subscription to ask a page for: its room and its position. None while a page is on its way: so the
    /// outbox takes one more than it should at the most, however many subscriptions are behind.
    ///
    /// Asked again while nobody has changed, it looks at nobody.
    pub(crate) fn hungry(&mut self) -> Option<(SubId, RoomId, Seq)> {
        if self.fed {
            return None;
        }
        let hungry = self.look();
        self.fed = hungry.is_none();
        hungry
    }

    fn look(&self) -> Option<(SubId, RoomId, Seq)> {
        let mut hungry = None;
        for sub in &self.all {
            if sub.phase.awaits_page() {
                return None;
            }
            hungry = hungry.or_else(|| sub.phase.hungry().map(|after| (sub, after)));
        }
        hungry.map(|(sub, after)| (sub.id, sub.room.clone(), after))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;
    use crate::room::Phase;
    use crate::shard::Company;

    fn subscription(number: u32) -> Subscription {
        let (room, alias) = (RoomId::parse("r").unwrap(), Alias::new(&number.to_string()));
        Subscription { id: SubId(number), room, alias, phase: Phase::Joining, company: Company::default() }
    }

    #[test]
    fn nobody_is_looked_at_again_before_somebody_changes() {
        const MANY: u32 = 100_000;
        let mut subscriptions = Subscriptions::default();
        for number in 0..MANY {
            subscriptions.add(Subscription { phase: Phase::Live, ..subscription(number) });
        }
        let began = Instant::now();
        for _ in 0..MANY {
            assert_eq!(subscriptions.hungry(), None);
            assert!(began.elapsed() < Duration::from_secs(30), "all of them are looked at each time");
        }
        subscriptions.fall_behind(&RoomId::parse("r").unwrap(), &Alias::new("7"), Seq::ZERO);
        assert_eq!(subscriptions.hungry().map(|(sub, ..)| sub), Some(SubId(7)));
    }

    proptest! {
        /// Whatever happens to whom: the answer is that of a look at everybody.
        #[test]
        fn who_is_hungry_is_found(steps in prop::collection::vec((0_u8..7, 0_u32..4), 0..40)) {
            let mut subscriptions = Subscriptions::default();
            for (number, (step, id)) in (10..).zip(steps) {
                let (room, alias) = (RoomId::parse("r").unwrap(), Alias::new(&id.to_string()));
                match (step, subscriptions.get_mut(SubId(id))) {
                    (_, None) => subscriptions.add(subscription(id)),
                    (0, Some(sub)) => sub.phase = Phase::behind(Seq::ZERO),
                    (1, Some(sub)) => sub.phase.ask(),
                    (2, Some(sub)) => drop(sub.phase.go_live(Seq::ZERO)),
                    (3, Some(sub)) => drop(sub.phase.feed(&[], Seq::ZERO, Seq::ZERO)),
                    (4, Some(_)) => subscriptions.iter_mut().for_each(|sub| sub.phase.on_tick()),
                    (5, Some(_)) => subscriptions.fall_behind(&room, &alias, Seq::ZERO),
                    _ => {
                        let left = subscriptions.take(SubId(id));
                        prop_assert_eq!(left.map(|sub| sub.id), Some(SubId(id)));
                        subscriptions.add(subscription(number));
                    }
                }
                let by_looking = subscriptions.look();
                prop_assert_eq!(subscriptions.hungry(), by_looking.clone());
                prop_assert_eq!(subscriptions.hungry(), by_looking, "asked twice");
            }
        }
    }
}

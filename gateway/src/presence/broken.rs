//! The stays of a room whose connection broke here, each until its grace is over.
//!
//! Owned by the room. A room of thousands may break at once, and come back at once: each of them is found among the others
//! without a look at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chat::{StayId, UserId};
use tokio::time::Instant;

/// Stays in their grace.
#[derive(Debug, Default)]
pub(super) struct Broken {
    /// By the end of their grace.
    all: BTreeMap<End, UserId>,
    /// The same, for each user.
    of_user: HashMap<UserId, BTreeSet<End>>,
}

/// When the grace of which stay is over.
type End = (Instant, StayId);

impl Broken {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// A connection has broken; its stay ends at `until`.
    pub(super) fn add(&mut self, user: UserId, id: StayId, until: Instant) {
        self.of_user.entry(user.clone()).or_default().insert((until, id));
        self.all.insert((until, id), user);
    }

    /// A user has come back: the stay that was to end first of those that last beyond `until` ends then. False if there
    /// is none.
    pub(super) fn shorten(&mut self, user: &UserId, until: Instant) -> bool {
        let last = StayId { gateway: u64::MAX, number: u64::MAX };
        let ends = self.of_user.get(user);
        let Some(end) = ends.and_then(|ends| ends.range((until, last)..).next().copied()) else {
            return false;
        };
        self.remove(user, end);
        self.add(user.clone(), end.1, until);
        true
    }

    /// When the next grace is over.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.all.first_key_value().map(|((until, _), _)| *until)
    }

    /// A stay whose grace is over.
    pub(super) fn take_late(&mut self, now: Instant) -> Option<(UserId, StayId)> {
        let first = self.all.first_entry().filter(|first| first.key().0 <= now)?;
        let (end, user) = (*first.key(), first.get().clone());
        self.remove(&user, end);
        Some((user, end.1))
    }

    fn remove(&mut self, user: &UserId, end: End) {
        self.all.remove(&end);
        if let Some(ends) = self.of_user.get_mut(user) {
            ends.remove(&end);
            if ends.is_empty() {
                self.of_user.remove(user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn user(number: u64) -> UserId {
        UserId::parse(&format!("u{number}")).unwrap()
    }

    fn stay(number: u64) -> StayId {
        StayId { gateway: 1, number }
    }

    #[test]
    fn thousands_come_back_without_a_look_at_each_other() {
        const MANY: u64 = 100_000;
        let (began, grace, margin) = (Instant::now(), Duration::from_secs(500), Duration::from_secs(100));
        let mut broken = Broken::default();
        (0..MANY).for_each(|number| broken.add(user(number), stay(number), began + grace));
        for number in (0..MANY).rev() {
            assert!(broken.shorten(&user(number), began + margin));
            assert_eq!(broken.next_end(), Some(began + margin));
            assert!(began.elapsed() < Duration::from_secs(30), "each of them looks at all the others");
        }
        let mut gone = 0;
        while broken.take_late(began + margin).is_some() {
            gone += 1;
            assert!(began.elapsed() < Duration::from_secs(30), "each of them looks at all the others");
        }
        assert_eq!((gone, broken.len(), broken.of_user.len()), (MANY, 0, 0));
    }

    proptest! {
        /// As a list would have it that is looked through for each.
        #[test]
        fn what_is_found_is_what_a_look_at_all_would_find(
            steps in prop::collection::vec((0_u8..3, 0_u64..3, 0_u64..20), 0..40),
        ) {
            let began = Instant::now();
            let (mut broken, mut list) = (Broken::default(), Vec::<(UserId, StayId, Instant)>::new());
            for (number, (step, who, second)) in (0..).zip(steps) {
                let (who, at) = (user(who), began + Duration::from_secs(second));
                match step {
                    0 => {
                        broken.add(who.clone(), stay(number), at);
                        list.push((who, stay(number), at));
                    }
                    1 => {
                        let later = list.iter_mut().filter(|(user, _, until)| *user == who && *until > at);
                        let first = later.min_by_key(|(_, id, until)| (*until, *id));
                        prop_assert_eq!(broken.shorten(&who, at), first.is_some());
                        first.into_iter().for_each(|(_, _, until)| *until = at);
                    }
                    _ => {
                        let mut late: Vec<_> = std::iter::from_fn(|| broken.take_late(at)).collect();
                        let is_late = |(_, _, until): &mut (UserId, StayId, Instant)| *until <= at;
                        let mut expected: Vec<_> =
                            list.extract_if(.., is_late).map(|(user, id, _)| (user, id)).collect();
                        late.sort_unstable();
                        expected.sort_unstable();
                        prop_assert_eq!(late, expected);
                    }
                }
                prop_assert_eq!(broken.len(), list.len());
                prop_assert_eq!(broken.next_end(), list.iter().map(|(_, _, until)| *until).min());
            }
        }
    }
}

//! Sums of what shards, and gateways, have counted.
//!
//! Whoever has counted more than [`Tally::MAX`] tells of the first of them, and of one more. So the first of the sum are
//! exact, and whether there are more is known.

use std::collections::BTreeMap;

use bus::Tally;
use chat::RoomId;

use super::Count;
use crate::shard::LocalTally;

/// What all shards of a gateway have counted, with the rooms of those places where users are seen.
pub(super) fn of_shards(counted: Vec<Vec<LocalTally>>) -> Vec<(Tally, Option<RoomId>)> {
    let mut sum: BTreeMap<String, (u32, Option<RoomId>)> = BTreeMap::new();
    for LocalTally { alias, subscriptions, seen_in } in counted.into_iter().flatten() {
        let (count, room) = sum.entry(alias.as_str().to_owned()).or_default();
        *count = count.saturating_add(subscriptions);
        *room = seen_in.or(room.take());
    }
    let tally = |(alias, (subscriptions, room))| (Tally { alias, subscriptions, users: None }, room);
    sum.into_iter().take(Tally::MAX + 1).map(tally).collect()
}

/// The first of what one gateway has counted, each alias of which stands there once: one more than [`Tally::MAX`] at the
/// most.
pub(super) fn first(mut counted: Vec<Tally>) -> Vec<Tally> {
    counted.sort_unstable_by(|a, b| a.alias.cmp(&b.alias));
    counted.truncate(Tally::MAX + 1);
    counted
}

/// What all gateways have counted. Each knows of the users of all, but perhaps not yet of the last who have come.
pub(super) fn sum(counted: impl Iterator<Item = Vec<Tally>>) -> Count {
    let mut sum: BTreeMap<String, (u32, Option<u32>)> = BTreeMap::new();
    for tally in counted.flatten() {
        let (subscriptions, users) = sum.entry(tally.alias).or_default();
        *subscriptions = subscriptions.saturating_add(tally.subscriptions);
        *users = (*users).max(tally.users);
    }
    let more = sum.len() > Tally::MAX;
    let tally = |(alias, (subscriptions, users))| Tally { alias, subscriptions, users };
    Count { tallies: sum.into_iter().take(Tally::MAX).map(tally).collect(), more }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(alias: &str, subscriptions: u32, users: Option<u32>) -> Tally {
        Tally { alias: alias.to_owned(), subscriptions, users }
    }

    #[test]
    fn subscriptions_are_added_up_and_users_are_not() {
        let there = [
            vec![tally("a", 2, None), tally("c", 1, Some(3))],
            vec![tally("b", 1, None), tally("c", 4, Some(2))],
        ];
        let Count { tallies, more } = sum(there.into_iter());
        assert_eq!(tallies, [tally("a", 2, None), tally("b", 1, None), tally("c", 5, Some(3))]);
        assert!(!more);
    }

    #[test]
    fn of_more_than_can_be_told_the_first_are_told_exactly() {
        let name = |n: usize| format!("{n:05}");
        // Each gateway has the first of its own: the even ones, and all.
        let even: Vec<_> = (0..=Tally::MAX).map(|n| tally(&name(2 * n), 1, None)).collect();
        let all: Vec<_> = (0..=Tally::MAX).map(|n| tally(&name(n), 1, None)).collect();
        let Count { tallies, more } = sum([even, all].into_iter());
        assert!(more);
        assert_eq!(tallies.len(), Tally::MAX);
        for (n, tally) in tallies.iter().enumerate() {
            assert_eq!((&tally.alias, tally.subscriptions), (&name(n), if n % 2 == 0 { 2 } else { 1 }));
        }
    }
}

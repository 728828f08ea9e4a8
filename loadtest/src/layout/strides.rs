//! The further rooms of people where all rooms are alike.
//!
//! Person after person has the next room as its home. As many people as there are rooms are a round, and within a round
//! everybody's further rooms stand at the same distances from its home: so each room has as many people as any other.
//! Each of the next rounds has another distance, so that those who meet in one room do not meet in all.

/// How many distances there are, if the number of rooms allows so many.
const VARIETY: u32 = 16;
/// The first distance, as a part of all rooms: its multiples stay well apart, so that a round that is not full is spread
/// over the rooms, too.
const GOLDEN: f64 = 0.618_033_988_749_895;

/// So many rooms beside the home of a person, which is the room of its number in the round. At most all others.
pub(super) fn further(person: u32, rooms: u32, count: u32) -> Vec<u32> {
    if count == 0 {
        return Vec::new();
    }
    let (home, round) = (u64::from(person % rooms), person / rooms % VARIETY);
    let stride = u64::from(stride(rooms, round));
    let nth = |step: u32| (home + u64::from(step) * stride) % u64::from(rooms);
    let all = (1..rooms).take(count as usize).map(nth);
    all.filter_map(|room| u32::try_from(room).ok()).collect()
}

/// A distance whose multiples come to every room before they come to one again: it shares no factor with their number.
fn stride(rooms: u32, round: u32) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a u32")]
    let golden = (f64::from(rooms) * GOLDEN) as u32;
    let from_golden = (golden..rooms).chain(1..golden);
    let mut strides = from_golden.filter(|stride| greatest_common_divisor(*stride, rooms) == 1);
    let first = strides.next().unwrap_or(1);
    // Where there are fewer distances than rounds, the last is that of all further rounds.
    strides.take(round as usize).last().unwrap_or(first)
}

const fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// How many of so many people each room has, if each is in so many rooms; nobody twice in one.
    fn members(people: u32, rooms: u32, each: u32) -> Vec<u32> {
        let mut members = vec![0; rooms as usize];
        for person in 0..people {
            let mut own = further(person, rooms, each - 1);
            own.push(person % rooms);
            assert_eq!(own.iter().collect::<BTreeSet<_>>().len(), each as usize, "{person}: {own:?}");
            own.iter().for_each(|room| members[*room as usize] += 1);
        }
        members
    }

    #[test]
    fn full_rounds_give_every_room_as_many_people() {
        for (rounds, rooms, each) in [(5, 990, 20), (3, 7, 3), (40, 12, 12), (2, 2, 2), (4, 1, 1)] {
            let members = members(rounds * rooms, rooms, each);
            assert!(members.iter().all(|count| *count == rounds * each), "{rooms} {each}: {members:?}");
        }
    }

    #[test]
    fn what_is_left_of_a_round_is_spread_over_the_rooms() {
        for (people, rooms, each) in [(10, 100, 3), (1234, 1000, 100), (5000, 990, 20), (30, 500, 10)] {
            let members = members(people, rooms, each);
            let (fewest, most) = (members.iter().min().unwrap(), members.iter().max().unwrap());
            // Per hundred of the average, beside one more or less for each round.
            let average = people * each / rooms;
            assert!(most - fewest <= 2 + average / 5, "{people} {rooms} {each}: {fewest} to {most}");
        }
    }

    #[test]
    fn those_who_meet_in_one_room_do_not_meet_in_all() {
        let [first, second] = [7, 7 + 990].map(|person| further(person, 990, 19));
        let common = first.iter().filter(|room| second.contains(room)).count();
        assert!(common < 10, "{first:?} {second:?}");
    }
}

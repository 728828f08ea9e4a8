//! The roster.

use std::time::Duration;

use bus::{Beat, Partition};
use proptest::prelude::*;
use tokio::time::Instant;

use super::roster::{News, Roster};

const SILENCE: Duration = Duration::from_secs(3);

fn says(writer: &str) -> Beat {
    Beat { writer: writer.to_owned(), able: true, leaving: false }
}

fn unable(writer: &str) -> Beat {
    Beat { able: false, ..says(writer) }
}

fn leaves(writer: &str) -> Beat {
    Beat { leaving: true, ..says(writer) }
}

/// One roster a writer, each having heard all others.
fn company(beats: &[Beat]) -> Vec<Roster> {
    let now = Instant::now();
    let roster = |own: &Beat| {
        let mut roster = Roster::new(own.writer.clone(), SILENCE);
        roster.set_able(own.able);
        beats.iter().for_each(|beat| {
            roster.hear(beat.clone(), now);
        });
        roster
    };
    beats.iter().map(roster).collect()
}

fn owned(roster: &Roster) -> Vec<Partition> {
    Partition::all().filter(|partition| roster.owns(*partition)).collect()
}

proptest! {
    #[test]
    fn writers_that_hear_each_other_share_the_partitions_without_a_rest(
        names in proptest::collection::hash_set("[a-zA-Z0-9]{16}", 1..9),
        able in proptest::collection::vec(any::<bool>(), 9),
    ) {
        let beats: Vec<Beat> =
            names.iter().zip(&able).map(|(name, &able)| Beat { able, ..says(name) }).collect();
        let company = company(&beats);
        let nobody_is_able = beats.iter().all(|beat| !beat.able);
        for partition in Partition::all() {
            let owners: Vec<_> = (0..company.len()).filter(|&n| company[n].owns(partition)).collect();
            prop_assert_eq!(owners.len(), 1);
            prop_assert!(nobody_is_able || beats[owners[0]].able);
        }
        for (roster, beat) in company.iter().zip(&beats) {
            prop_assert_eq!(roster.on_duty(), beat.able || nobody_is_able);
        }
    }

    #[test]
    fn who_comes_or_goes_moves_nothing_between_the_others(
        names in proptest::collection::hash_set("[a-zA-Z0-9]{16}", 3..9)
    ) {
        let beats: Vec<Beat> = names.iter().map(|name| says(name)).collect();
        let (before, after) = (company(&beats), company(&beats[1..]));
        for (before, after) in before[1..].iter().zip(&after) {
            let after = owned(after);
            prop_assert!(owned(before).iter().all(|partition| after.contains(partition)));
        }
    }
}

#[test]
fn a_writer_that_is_alone_owns_everything() {
    assert_eq!(owned(&Roster::new("a".to_owned(), SILENCE)).len(), 64);
}

#[test]
fn who_is_new_is_noticed_once() {
    let now = Instant::now();
    let mut roster = Roster::new("a".to_owned(), SILENCE);
    assert_eq!(roster.hear(says("a"), now), News::Nothing, "that is its own voice");
    assert_eq!(roster.hear(says("b"), now), News::Newcomer);
    assert_eq!(roster.hear(says("b"), now), News::Nothing);
    assert_eq!(roster.hear(unable("b"), now), News::Change);
    assert_eq!(roster.hear(leaves("b"), now), News::Change);
    assert_eq!(roster.hear(leaves("b"), now), News::Nothing);
    assert_eq!(owned(&roster).len(), 64);
}

#[test]
fn who_is_silent_is_forgotten_unless_nobody_could_be_heard() {
    let start = Instant::now();
    let mut roster = Roster::new("a".to_owned(), SILENCE);
    roster.hear(says("b"), start);
    assert!(!roster.forget_silent(start + SILENCE));
    roster.could_not_hear(start + SILENCE * 2);
    assert!(!roster.forget_silent(start + SILENCE * 3));
    assert!(roster.forget_silent(start + SILENCE * 3 + Duration::from_millis(1)));
    assert_eq!(owned(&roster).len(), 64);
}

#[test]
fn names_without_number_are_not_remembered() {
    let now = Instant::now();
    let mut roster = Roster::new("a".to_owned(), SILENCE);
    let newcomers = (0..5000).filter(|n| roster.hear(says(&format!("w{n}")), now) == News::Newcomer).count();
    assert_eq!(newcomers, 1000);
}

//! A room on the switchboard, driven by chance: a store, a bus that loses, doubles and swaps, reads that take
//! their time or fail, and a shard whose people join, leave and come back. Now and then the store is restored from
//! a copy, or forgets the oldest events. Whatever happens, everybody is shown each event after the place of entry
//! exactly once and in order, or is told where the room begins anew; and an empty room is let go.

mod person;
mod world;

use std::sync::Arc;

use bus::RoomEvents;
use proptest::prelude::*;

use super::Told;
use crate::room::Phase;
use world::{World, epoch, event, room_id};

#[derive(Debug, Clone)]
enum Step {
    /// Somebody says something; what the bus does with it: lost, once, twice.
    Say(u8),
    /// The note at this place of the bus's queue arrives.
    Arrive(prop::sample::Index),
    /// The oldest read that has not been at the store yet looks at it.
    Look,
    /// The oldest read comes back, or fails; if it has not been at the store yet, it is now.
    Answer(bool),
    /// The shard takes its next note.
    Take,
    /// Somebody joins: live, or after some position.
    Join(Option<prop::sample::Index>),
    /// Somebody leaves.
    Leave(prop::sample::Index),
    /// A writer announces the head.
    Announce,
    /// Time passes, in milliseconds.
    Pass(u16),
    /// The store is restored from a copy, which had not got so far.
    Restore(prop::sample::Index),
    /// The store forgets the events up to some position.
    Forget(prop::sample::Index),
}

/// Steps of a store whose past never changes.
fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..3).prop_map(Step::Say),
        4 => any::<prop::sample::Index>().prop_map(Step::Arrive),
        1 => Just(Step::Look),
        2 => prop::bool::weighted(0.8).prop_map(Step::Answer),
        4 => Just(Step::Take),
        2 => prop::option::of(any::<prop::sample::Index>()).prop_map(Step::Join),
        1 => any::<prop::sample::Index>().prop_map(Step::Leave),
        1 => Just(Step::Announce),
        2 => (0u16..900).prop_map(Step::Pass),
    ]
}

/// Steps of any store.
fn step_or_upheaval() -> impl Strategy<Value = Step> {
    prop_oneof![
        40 => step(),
        1 => any::<prop::sample::Index>().prop_map(Step::Restore),
        1 => any::<prop::sample::Index>().prop_map(Step::Forget),
    ]
}

fn live_through(steps: &[Step]) -> World {
    let mut world = World::new();
    world.join(None);
    steps.iter().for_each(|step| world.step(step));
    world.calm();
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn everybody_is_shown_everything_once_and_in_order(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = live_through(&steps);
        world.check();
        for person in world.everybody() {
            prop_assert!(person.lives.len() <= 1, "nothing has begun anew");
            for life in &person.lives {
                prop_assert!(person.wish.is_none_or(|wish| wish == (life.epoch, life.entered)));
            }
        }
        world.leave_all();
        world.calm();
        prop_assert!(world.is_closed(), "nobody is there, and the room is kept");
    }

    #[test]
    fn where_the_past_changes_everybody_is_told_and_shown_the_rest(
        steps in prop::collection::vec(step_or_upheaval(), 1..120),
    ) {
        let mut world = live_through(&steps);
        world.check();
        world.leave_all();
        world.calm();
        prop_assert!(world.is_closed(), "nobody is there, and the room is kept");
    }
}

#[test]
fn ten_thousand_that_come_back_cost_one_read_a_page() {
    let mut world = World::new();
    world.head = 9;
    world.join(None);
    world.answer(true);
    (0..10_000).for_each(|_| world.join(Some((0, 0))));
    world.take_all();
    world.feed();
    let mut reads = 0;
    while world.reads_under_way() > 0 {
        reads += world.reads_under_way();
        world.answer(true);
        world.take_all();
        world.feed();
    }
    assert_eq!(reads, 2, "nine events in pages of five");
    assert!(world.everybody().skip(1).all(|person| person.lives[0].seen == (1..=9).collect::<Vec<_>>()));
}

#[test]
fn those_who_come_back_one_after_the_other_cost_no_read_each() {
    let mut world = World::new();
    world.head = 9;
    world.join(None);
    world.answer(true);
    let mut reads = 0;
    for _ in 0..100 {
        world.join(Some((0, 7)));
        world.take_all();
        world.feed();
        while world.reads_under_way() > 0 {
            reads += world.reads_under_way();
            world.answer(true);
            world.take_all();
            world.feed();
        }
    }
    world.take_all();
    assert_eq!(reads, 1, "the first one's read serves all");
    assert!(world.everybody().skip(1).all(|person| person.lives[0].seen == [8, 9]));
}

#[test]
fn a_late_gateway_believes_a_client_that_is_ahead_of_it() {
    let mut world = World::new();
    world.head = 4;
    world.join(None);
    world.answer(true);
    world.head = 6; // Two more, which this gateway has not heard of.
    world.join(Some((0, 6)));
    world.calm();
    let person = &world.people[&2];
    assert_eq!((person.lives[0].entered, person.phase), (6, Phase::Live), "not truncated");
}

#[test]
fn a_join_that_is_ahead_waits_for_the_next_read_where_one_is_under_way() {
    let mut world = World::new();
    world.join(None);
    world.answer(true);
    world.head = 4;
    world.join(Some((0, 4)));
    world.join(Some((0, 4)));
    (0..2).for_each(|_| world.answer(true));
    world.take_all();
    assert!(world.everybody().all(|person| person.phase != Phase::Joining), "the second one is let in too");
}

#[test]
fn a_room_is_let_go_after_a_join_that_found_it_empty_was_refused() {
    let mut world = World::new();
    world.join(None);
    world.answer(true);
    world.take_all();
    world.leave_all();
    world.join(Some((0, 6)));
    // No read succeeds, for longer than a join waits.
    for _ in 0..50 {
        world.step(&Step::Pass(100));
        world.answer(false);
        world.take_all();
    }
    assert!(world.people.is_empty(), "it was refused");
    world.calm();
    assert!(world.is_closed());
}

#[test]
fn a_room_is_not_let_go_while_a_read_is_under_way() {
    let mut world = World::new();
    world.join(None);
    world.answer(true);
    world.take_all();
    world.leave_all();
    (0..40).for_each(|_| world.step(&Step::Pass(1000)));
    assert!(!world.is_closed(), "the read that confirms its head has not come back");
    world.calm();
    assert!(world.is_closed());
}

#[test]
fn events_are_shared_and_not_copied() {
    let mut world = World::new();
    world.join(None);
    world.answer(true);
    world.take_all();
    let heard = RoomEvents { room: room_id(), epoch: epoch(0), events: vec![event(1)] };
    world.act(|room, now, fx| room.heard(heard, now, fx));
    let Some(Told::Events(live)) = world.next_note() else { panic!("nothing was told") };
    assert_eq!(Arc::strong_count(&live.events), 1, "one hand-over to the one shard");
}

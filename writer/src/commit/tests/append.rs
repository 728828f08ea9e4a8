//! What becomes of a batch when the store says this or that.

use std::time::Duration;

use chat::{Code, Draft};
use prometheus::Registry;
use proptest::prelude::*;

use super::store::{Flaw, Flawed};
use super::{codes, drafts};
use crate::commit::append::{Committed, append};
use crate::metrics::Metrics;

async fn commit(store: &Flawed, drafts: &[Draft]) -> Committed {
    append(store, drafts, &Metrics::register(&Registry::new()).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn poison_is_found_by_halving() {
    let store = Flawed::new([(3, Flaw::Poison), (900, Flaw::Poison)]);
    let committed = commit(&store, &drafts(1000, 1)).await;
    let refused: Vec<_> = (0..1000).filter(|&n| committed.fates[n].is_err()).collect();
    assert_eq!(refused, [3, 900]);
    assert_eq!(codes(&committed.fates)[3], Err(Code::Malformed));
    let seqs: Vec<_> = codes(&committed.fates).into_iter().flatten().collect();
    assert_eq!(seqs, (1..=998).collect::<Vec<_>>(), "the others keep their order");
    assert!(store.calls().len() <= 45, "{} calls", store.calls().len());
    assert_eq!(committed.unavailable, None);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_tried_again_first_together_then_room_by_room() {
    let store = Flawed::new([(1, Flaw::Conflict(4))]);
    let committed = commit(&store, &drafts(6, 3)).await;
    assert!(committed.fates.iter().all(Result::is_ok));
    let sizes: Vec<_> = store.calls().iter().map(Vec::len).collect();
    assert_eq!(sizes, [6, 6, 6, 2, 2, 2, 2], "three times together, then r0, r1 twice, r2");
}

#[tokio::test(start_paused = true)]
async fn rooms_that_are_tried_apart_keep_before_the_other_half() {
    let store = Flawed::new([(0, Flaw::Poison), (2, Flaw::Conflict(3))]);
    let committed = commit(&store, &drafts(8, 2)).await;
    assert_eq!(codes(&committed.fates)[1..], [Ok(1), Ok(1), Ok(2), Ok(2), Ok(3), Ok(3), Ok(4)]);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_is_in_conflict_for_ever_is_given_up_alone() {
    let store = Flawed::new([(1, Flaw::Conflict(u32::MAX))]);
    let committed = commit(&store, &drafts(6, 3)).await;
    let unknown = Err(Code::Unavailable);
    assert_eq!(codes(&committed.fates), [Ok(1), unknown, Ok(1), Ok(2), unknown, Ok(2)]);
    assert_eq!(committed.unavailable, None, "the store itself is well");
}

#[tokio::test(start_paused = true)]
async fn when_the_store_is_gone_nothing_more_is_tried() {
    let store = Flawed::new([(1, Flaw::Poison), (3, Flaw::Absent)]);
    // The poison is met first, so the halves are tried one after the other.
    let committed = commit(&store, &drafts(8, 1)).await;
    let unknown = Err(Code::Unavailable);
    let expected = [Ok(1), Err(Code::Malformed), unknown, unknown, unknown, unknown, unknown, unknown];
    assert_eq!(codes(&committed.fates), expected);
    assert_eq!(committed.unavailable.as_deref(), Some("absent"));
    assert_eq!(store.calls().last().unwrap(), &["d2", "d3"]);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_somebody_keeps_locked_is_left_and_the_others_go_on() {
    let store = Flawed::new([(1, Flaw::Locked)]);
    let committed = commit(&store, &drafts(6, 3)).await;
    let unknown = Err(Code::Unavailable);
    assert_eq!(codes(&committed.fates), [Ok(1), unknown, Ok(1), Ok(2), unknown, Ok(2)]);
    assert_eq!(committed.unavailable, None, "the store is well");
    assert_eq!(store.calls()[1..], [["d0", "d3"], ["d1", "d4"], ["d2", "d5"]], "each room by itself, once");
}

#[tokio::test(start_paused = true)]
async fn trying_again_has_an_end() {
    let mut store = Flawed::new([(0, Flaw::Conflict(9))]);
    store.delay = Duration::from_secs(3);
    let started = tokio::time::Instant::now();
    let committed = commit(&store, &drafts(9, 3)).await;
    assert!(committed.fates.iter().all(Result::is_err));
    assert!(started.elapsed().as_secs() <= 7, "{:?}", started.elapsed());
}

fn flaw() -> impl Strategy<Value = Flaw> {
    prop_oneof![
        20 => Just(Flaw::None),
        2 => Just(Flaw::Poison),
        2 => Just(Flaw::Declined),
        2 => (1..9_u32).prop_map(Flaw::Conflict),
        1 => Just(Flaw::Locked),
        1 => Just(Flaw::Absent),
    ]
}

proptest! {
    #[test]
    fn whatever_the_store_says_the_order_of_a_room_is_kept(
        flaws in proptest::collection::vec(flaw(), 1..40),
        rooms in 1..4_usize,
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let store = Flawed::new(flaws.iter().copied().enumerate());
        let batch = drafts(flaws.len(), rooms);
        let committed = runtime.block_on(commit(&store, &batch));
        let fates = codes(&committed.fates);
        prop_assert_eq!(fates.len(), batch.len());
        for room in 0..rooms {
            let of_room: Vec<_> = (room..batch.len()).step_by(rooms).map(|n| (flaws[n], fates[n])).collect();
            let seqs: Vec<u64> = of_room.iter().filter_map(|(_, fate)| fate.ok()).collect();
            let expected: Vec<u64> = (1..=seqs.len() as u64).collect();
            prop_assert_eq!(&seqs, &expected, "in order and without a hole");
            let doubt = of_room.iter().position(|(_, fate)| *fate == Err(Code::Unavailable));
            let after_doubt = &of_room[doubt.unwrap_or(of_room.len())..];
            prop_assert!(after_doubt.iter().all(|(_, fate)| fate.is_err()), "stored after what is in doubt");
            for (flaw, fate) in of_room {
                match flaw {
                    Flaw::Poison => prop_assert!(fate.is_err()),
                    Flaw::Declined => prop_assert!(fate.is_err()),
                    Flaw::Locked => prop_assert_eq!(fate, Err(Code::Unavailable)),
                    Flaw::Absent => prop_assert_eq!(fate, Err(Code::Unavailable)),
                    Flaw::None | Flaw::Conflict(_) => prop_assert_ne!(fate, Err(Code::Malformed)),
                }
            }
        }
    }
}

//! What is told of a batch.

use bus::TraceParent;
use chat::{Body, Change, Epoch};
use store::Appended;

use super::{appended, drafts, room};
use crate::commit::append::Fate;
use crate::commit::notes::{Notes, Run};
use crate::refusal;

fn traces() -> impl Iterator<Item = Option<TraceParent>> {
    std::iter::repeat(None)
}

/// What is told, as (room, seqs) a note.
fn runs(notes: &Notes) -> Vec<(&str, Vec<u64>)> {
    let seqs = |run: &Run| run.events.events.iter().map(|event| event.seq.get()).collect();
    notes.events.iter().map(|run| (run.events.room.as_str(), seqs(run))).collect()
}

#[test]
fn events_of_a_room_are_told_together_as_long_as_they_follow_each_other() {
    let batch = drafts(8, 2);
    let other = Appended { epoch: Epoch::parse("e.2").unwrap(), ..appended(10) };
    let refused = Err(refusal::no_room());
    let fates = [
        Ok(appended(1)),
        Ok(appended(7)),
        Ok(appended(2)),
        refused,
        Ok(appended(3)),
        Ok(appended(9)),
        Ok(appended(5)),
        Ok(other),
    ];
    let notes = Notes::of(&batch, &fates, traces());
    assert_eq!(
        runs(&notes),
        [("r0", vec![1, 2, 3]), ("r1", vec![7]), ("r1", vec![9]), ("r0", vec![5]), ("r1", vec![10])],
        "cut where a seq is missing, and where the history is another one"
    );
    assert_eq!(notes.events[0].events.events[1].id.as_str(), "d2");
}

#[test]
fn a_repeat_is_told_as_a_head_only() {
    let batch = drafts(2, 1);
    let mut repeat = appended(3);
    repeat.stored.repeat = true;
    let notes = Notes::of(&batch, &[Ok(repeat), Ok(appended(9))], traces());
    assert_eq!(runs(&notes), [("r0", vec![9])]);
    assert_eq!(notes.repeats.len(), 1);
    assert_eq!((&notes.repeats[0].room, notes.repeats[0].seq.get()), (&room(0), 3));
}

#[test]
fn a_note_fits_a_message_of_the_bus_and_a_run_carries_its_first_trace() {
    let mut batch = drafts(40, 1);
    for draft in &mut batch {
        draft.change = Change::Message { body: Body::trusted(&"x".repeat(16_384)), reply_to: None };
    }
    let fates: Vec<Fate> = (1..=40).map(|seq| Ok(appended(seq))).collect();
    let trace = TraceParent::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let traces = (0..40).map(|n| if n == 2 { trace } else { None });
    let notes = Notes::of(&batch, &fates, traces);
    assert!(notes.events.iter().all(|run| run.events.events.len() <= 7));
    assert_eq!(
        runs(&notes).into_iter().flat_map(|(_, seqs)| seqs).collect::<Vec<_>>(),
        (1..=40).collect::<Vec<_>>()
    );
    assert!(trace.is_some() && notes.events[0].trace == trace && notes.events[1].trace.is_none());
}

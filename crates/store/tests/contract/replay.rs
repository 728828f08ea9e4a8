//! Whatever is asked for, in whatever batches: the log has no gap, answers say what is in it, and replaying it gives
//! the history.

use std::collections::HashMap;

use chat::{Draft, Seq};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::{Declined, Store};

use crate::concurrency::assert_replay_is_history;
use crate::contract;
use crate::database::Database;
use crate::drafts::{WHOLE, append, delete, edit, room, rooms, say};

contract!(replaying_the_log_gives_the_history_whatever_is_asked_for);

const ROOMS: [&str; 3] = ["r0", "r1", "gone"];
const PEOPLE: [&str; 2] = ["ana", "bob"];

/// Something that somebody asks for. Ids come from so few that repeats and collisions are common.
fn request() -> impl Strategy<Value = Draft> {
    let what = prop_oneof![3 => Just(0), 3 => Just(1), 1 => Just(2)];
    (what, 0..ROOMS.len(), 0..PEOPLE.len(), 0..60_u32, 1..40_u64, 0..3_u8).prop_map(
        |(what, room, by, id, target, text)| {
            let (room, by, id, text) = (ROOMS[room], PEOPLE[by], id.to_string(), format!("text {text}"));
            match what {
                0 => say(room, by, &id, &text),
                1 => edit(room, by, &id, target, &text),
                _ => delete(room, by, &id, target),
            }
        },
    )
}

/// Cuts what is asked for into batches that hold no id twice, no two changes of a message and no message that
/// could be the target of a change: as whoever builds batches does.
fn batches(requests: Vec<Draft>) -> Vec<Vec<Draft>> {
    let mut batches: Vec<Vec<Draft>> = vec![Vec::new()];
    for request in requests {
        let changes = request.change.target().is_some();
        let fits = |batch: &Vec<Draft>| {
            batch.len() < 12
                && batch.iter().all(|other| {
                    let same_request = (&other.room, &other.by.id, &other.id)
                        == (&request.room, &request.by.id, &request.id);
                    let same_target = other.change.target() == request.change.target();
                    let mixed = changes != other.change.target().is_some();
                    !same_request && (other.room != request.room || !(mixed || changes && same_target))
                })
        };
        match batches.last_mut() {
            Some(last) if fits(last) => last.push(request),
            _ => batches.push(vec![request]),
        }
    }
    batches
}

async fn run(store: &dyn Store, requests: Vec<Draft>) {
    let mut answered: HashMap<(String, String, String), (Seq, Draft)> = HashMap::new();
    for batch in batches(requests) {
        for (draft, answer) in batch.iter().zip(append(store, &batch).await) {
            let key = (draft.room.to_string(), draft.by.id.to_string(), draft.id.to_string());
            match (answer, answered.get(&key)) {
                (Ok(answer), Some((seq, first))) => {
                    assert!(answer.stored.repeat && answer.stored.seq == *seq, "{draft:?}");
                    assert_eq!(draft.change.target(), first.change.target());
                }
                (Ok(answer), None) => {
                    assert!(!answer.stored.repeat);
                    answered.insert(key, (answer.stored.seq, draft.clone()));
                }
                (Err(Declined::NoRoom), known) => assert!(key.0 == "gone" && known.is_none()),
                (Err(Declined::IdTaken), known) => assert!(known.is_some_and(|(_, first)| first != draft)),
                (Err(_), known) => assert!(known.is_none() && draft.change.target().is_some()),
            }
        }
    }
    for name in &ROOMS[..2] {
        let log = store.events(&room(name), Seq::ZERO, WHOLE).await.unwrap().unwrap();
        let expected = answered.keys().filter(|key| key.0 == *name).count();
        assert_eq!(log.events.len(), expected);
        for event in &log.events {
            let key = (event.room.to_string(), event.by.id.to_string(), event.id.to_string());
            assert_eq!(answered[&key].0, event.seq);
        }
        assert_replay_is_history(store, name).await;
    }
}

async fn replaying_the_log_gives_the_history_whatever_is_asked_for(db: Database) {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(25) });
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let result = runner.run(&proptest::collection::vec(request(), 1..150), |requests| {
            runtime.block_on(async {
                db.sql("DELETE FROM events; DELETE FROM rooms").await;
                let store = db.open().await;
                rooms(&*store, &ROOMS[..2]).await;
                run(&*store, requests).await;
                db.assert_no_gaps().await;
                store.close().await;
            });
            Ok(())
        });
        result.unwrap();
    });
}

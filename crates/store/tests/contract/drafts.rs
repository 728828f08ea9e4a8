//! Short words for drafts, rooms and what the store answers.

use chat::{Body, Change, Draft, RequestId, RoomId, Seq, User};
use store::{Appended, Declined, PageBound, Store, StoreError};

/// More than any test fills.
pub(crate) const WHOLE: PageBound = PageBound { count: 10_000, bytes: 1 << 30 };

pub(crate) fn room(name: &str) -> RoomId {
    RoomId::parse(name).unwrap()
}

pub(crate) fn seq(position: u64) -> Seq {
    Seq::new(position).unwrap()
}

pub(crate) fn draft(in_room: &str, by: &str, id: &str, change: Change) -> Draft {
    Draft {
        room: room(in_room),
        by: User::parse(by, Some(&format!("{by}'s name"))).unwrap(),
        id: RequestId::parse(id).unwrap(),
        change,
        except: None,
    }
}

pub(crate) fn say(room: &str, by: &str, id: &str, body: &str) -> Draft {
    draft(room, by, id, Change::Message { body: Body::trusted(body), reply_to: None })
}

pub(crate) fn reply(room: &str, by: &str, id: &str, body: &str, to: u64) -> Draft {
    draft(room, by, id, Change::Message { body: Body::trusted(body), reply_to: Some(seq(to)) })
}

pub(crate) fn edit(room: &str, by: &str, id: &str, target: u64, body: &str) -> Draft {
    draft(room, by, id, Change::Edit { target: seq(target), body: Body::trusted(body) })
}

pub(crate) fn delete(room: &str, by: &str, id: &str, target: u64) -> Draft {
    draft(room, by, id, Change::Delete { target: seq(target) })
}

/// What was answered, in short: the seq, or why not.
pub(crate) type Answer = Result<u64, Declined>;

pub(crate) fn answers(answers: &[Result<Appended, Declined>]) -> Vec<Answer> {
    answers.iter().map(|answer| answer.as_ref().map(|a| a.stored.seq.get()).map_err(|d| *d)).collect()
}

/// Makes rooms.
pub(crate) async fn rooms(store: &dyn Store, names: &[&str]) {
    for name in names {
        store.open(&room(name), true).await.unwrap().unwrap();
    }
}

/// Appends, and again as long as somebody else is at the same rows, as a writer does.
pub(crate) async fn append(store: &dyn Store, batch: &[Draft]) -> Vec<Result<Appended, Declined>> {
    for _ in 0..50 {
        match store.append(batch).await {
            Err(StoreError::Conflict(_)) => {}
            done => return done.unwrap(),
        }
    }
    panic!("still in conflict after fifty attempts");
}

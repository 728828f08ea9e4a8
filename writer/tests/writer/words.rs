//! Something to say.

use std::time::Duration;

use bus::{Ask, Submission};
use chat::{Body, Change, Code, Draft, RequestId, RoomId, Seq, User, Verdict};

pub(crate) fn room(name: &str) -> RoomId {
    RoomId::parse(name).unwrap()
}

pub(crate) fn seq(n: u64) -> Seq {
    Seq::new(n).unwrap()
}

/// Ana says something in a room; the text is the id.
pub(crate) fn says(name: &str, id: &str) -> Draft {
    draft(name, id, Change::Message { body: Body::trusted(id), reply_to: None })
}

pub(crate) fn edits(name: &str, id: &str, target: u64) -> Draft {
    draft(name, id, Change::Edit { target: seq(target), body: Body::trusted(id) })
}

pub(crate) fn draft(name: &str, id: &str, change: Change) -> Draft {
    let by = User::parse("ana", Some("Ana")).unwrap();
    Draft { room: room(name), by, id: RequestId::parse(id).unwrap(), change, except: None }
}

pub(crate) fn submission(drafts: Vec<Draft>) -> Ask {
    Ask::Submit(Submission { drafts, age: Duration::ZERO })
}

/// The seqs of the drafts that were stored, the codes of those that were not.
pub(crate) fn told(verdicts: &[Verdict]) -> Vec<Result<u64, Code>> {
    let told = |verdict: &Verdict| match verdict {
        Ok(stored) => Ok(stored.seq.get()),
        Err(refusal) => Err(refusal.code),
    };
    verdicts.iter().map(told).collect()
}

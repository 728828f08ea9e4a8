//! The way of a batch, with a store that does what it is told to.

mod append;
mod notes;
mod store;

use ::store::Appended;
use chat::{Body, Change, Code, Draft, Epoch, RequestId, RoomId, Seq, Stored, Timestamp, User};

use super::append::Fate;

fn room(n: usize) -> RoomId {
    RoomId::parse(&format!("r{n}")).unwrap()
}

/// Drafts `d0`, `d1` … of rooms `r0`, `r1` … in turn.
fn drafts(count: usize, rooms: usize) -> Vec<Draft> {
    let draft = |n: usize| Draft {
        room: room(n % rooms),
        by: User::parse("ana", None).unwrap(),
        id: RequestId::parse(&format!("d{n}")).unwrap(),
        change: Change::Message { body: Body::trusted("hi"), reply_to: None },
        except: None,
    };
    (0..count).map(draft).collect()
}

fn appended(seq: u64) -> Appended {
    let stored =
        Stored { seq: Seq::new(seq).unwrap(), at: Timestamp::from_micros(1), target: None, repeat: false };
    Appended { stored, epoch: Epoch::parse("e.1").unwrap() }
}

fn codes(fates: &[Fate]) -> Vec<Result<u64, Code>> {
    let code = |fate: &Fate| match fate {
        Ok(appended) => Ok(appended.stored.seq.get()),
        Err(refusal) => Err(refusal.code),
    };
    fates.iter().map(code).collect()
}

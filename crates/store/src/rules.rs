//! What becomes of a draft, given what the store holds: pure, and the same for every backend.
//!
//! A backend gathers the [`Facts`] about a batch while it holds its rooms' locks, asks [`judge`], and writes
//! down what is [`Outcome::New`].

use std::collections::HashMap;

use chat::{Change, Draft, RoomId, Seq, Timestamp};

use crate::Declined;
use crate::record::{self, Kind};

/// What the store holds that matters to a batch. Drafts are named by their position in the batch.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// The rooms that are there.
    pub(crate) rooms: HashMap<RoomId, Room>,
    /// What is stored under the same (room, user, id) as a draft.
    pub(crate) known: HashMap<usize, Known>,
    /// What a draft would change.
    pub(crate) targets: HashMap<usize, Target>,
}

/// A room, as long as its lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) key: i64,
    pub(crate) last_seq: Seq,
}

/// An event that is already stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) seq: Seq,
    pub(crate) at: Timestamp,
    pub(crate) kind: i16,
    pub(crate) target: Option<Seq>,
    pub(crate) reply_to: Option<Seq>,
    pub(crate) body: Option<String>,
}

/// The event at the position that a draft would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: i16,
    pub(crate) author: String,
    pub(crate) has_body: bool,
}

/// What becomes of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is to be written at this place.
    New { key: i64, seq: Seq },
    /// It has been there before.
    Repeat { key: i64, seq: Seq, at: Timestamp },
    /// It is refused; it takes no seq.
    Declined(Declined),
}

/// Judges the drafts of a batch in their order. No draft of a batch changes what another one looks at: whoever
/// builds batches keeps those apart (see [`crate::Store::append`]).
pub(crate) fn judge(batch: &[Draft], facts: &Facts) -> Vec<Outcome> {
    let mut heads = HashMap::new();
    let mut outcomes = Vec::with_capacity(batch.len());
    for (position, draft) in batch.iter().enumerate() {
        let outcome = match (facts.rooms.get(&draft.room), facts.known.get(&position)) {
            (None, _) => Outcome::Declined(Declined::NoRoom),
            (Some(room), Some(known)) if known.is(&draft.change) => {
                Outcome::Repeat { key: room.key, seq: known.seq, at: known.at }
            }
            (Some(_), Some(_)) => Outcome::Declined(Declined::IdTaken),
            (Some(room), None) => match may_change(draft, facts.targets.get(&position)) {
                Ok(()) => {
                    let head = heads.entry(&draft.room).or_insert(room.last_seq);
                    *head = head.next();
                    Outcome::New { key: room.key, seq: *head }
                }
                Err(declined) => Outcome::Declined(declined),
            },
        };
        outcomes.push(outcome);
    }
    outcomes
}

fn may_change(draft: &Draft, target: Option<&Target>) -> Result<(), Declined> {
    if draft.change.target().is_none() {
        return Ok(());
    }
    let is_message = |target: &&Target| target.kind == Kind::Message.number();
    let target = target.filter(is_message).ok_or(Declined::NoTarget)?;
    if target.author != draft.by.id.as_str() {
        return Err(Declined::NotAuthor);
    }
    if target.has_body { Ok(()) } else { Err(Declined::Deleted) }
}

impl Known {
    /// Whether this is the same request. A text that has been scrubbed since counts as the same.
    fn is(&self, change: &Change) -> bool {
        self.kind == Kind::of(change).number()
            && self.target == change.target()
            && self.reply_to == record::reply_to(change)
            && self.body.as_deref().is_none_or(|stored| record::body(change) == Some(stored))
    }
}

#[cfg(test)]
mod tests {
    use chat::{Body, RequestId, User};

    use super::*;

    fn seq(n: u64) -> Seq {
        Seq::new(n).unwrap()
    }

    fn draft(room: &str, change: Change) -> Draft {
        Draft {
            room: RoomId::parse(room).unwrap(),
            by: User::parse("ana", None).unwrap(),
            id: RequestId::parse("d-1").unwrap(),
            change,
            except: None,
        }
    }

    fn message(body: &str) -> Change {
        Change::Message { body: Body::trusted(body), reply_to: None }
    }

    fn edit(target: u64) -> Change {
        Change::Edit { target: seq(target), body: Body::trusted("new") }
    }

    fn facts() -> Facts {
        let room = Room { key: 7, last_seq: seq(4) };
        Facts { rooms: HashMap::from([(RoomId::parse("r").unwrap(), room)]), ..Facts::default() }
    }

    fn stored(body: Option<&str>) -> Known {
        Known {
            seq: seq(2),
            at: Timestamp::from_micros(9),
            kind: Kind::Message.number(),
            target: None,
            reply_to: None,
            body: body.map(str::to_owned),
        }
    }

    fn target(author: &str, has_body: bool) -> Target {
        Target { kind: Kind::Message.number(), author: author.to_owned(), has_body }
    }

    #[test]
    fn what_is_refused_takes_no_seq() {
        let batch = [
            draft("r", message("a")),
            draft("nowhere", message("b")),
            draft("r", edit(1)),
            draft("r", message("c")),
        ];
        assert_eq!(
            judge(&batch, &facts()),
            [
                Outcome::New { key: 7, seq: seq(5) },
                Outcome::Declined(Declined::NoRoom),
                Outcome::Declined(Declined::NoTarget),
                Outcome::New { key: 7, seq: seq(6) },
            ]
        );
    }

    #[test]
    fn a_known_id_is_a_repeat_only_of_the_same_request() {
        let judge_with = |known: Known, change: Change| {
            let known = HashMap::from([(0, known)]);
            judge(&[draft("r", change)], &Facts { known, ..facts() })[0]
        };
        let repeat = Outcome::Repeat { key: 7, seq: seq(2), at: Timestamp::from_micros(9) };
        let taken = Outcome::Declined(Declined::IdTaken);
        assert_eq!(judge_with(stored(Some("a")), message("a")), repeat);
        assert_eq!(judge_with(stored(None), message("a")), repeat, "scrubbed since");
        assert_eq!(judge_with(stored(Some("a")), message("b")), taken);
        assert_eq!(judge_with(stored(None), edit(1)), taken);
        let answer = Change::Message { body: Body::trusted("a"), reply_to: Some(seq(1)) };
        assert_eq!(judge_with(stored(Some("a")), answer), taken);
    }

    #[test]
    fn only_ones_own_standing_message_can_be_changed() {
        let judge_with = |target: Option<Target>, change: Change| {
            let targets = target.into_iter().map(|target| (0, target)).collect();
            judge(&[draft("r", change)], &Facts { targets, ..facts() })[0]
        };
        let delete = || Change::Delete { target: seq(1) };
        let of_an_edit = Target { kind: Kind::Edited.number(), ..target("ana", true) };
        for change in [edit(1), delete()] {
            let declined = |target| match judge_with(target, change.clone()) {
                Outcome::Declined(declined) => Some(declined),
                Outcome::New { .. } | Outcome::Repeat { .. } => None,
            };
            assert_eq!(declined(Some(target("ana", true))), None);
            assert_eq!(declined(None), Some(Declined::NoTarget));
            assert_eq!(declined(Some(of_an_edit.clone())), Some(Declined::NoTarget));
            assert_eq!(declined(Some(target("bob", true))), Some(Declined::NotAuthor));
            assert_eq!(declined(Some(target("ana", false))), Some(Declined::Deleted));
        }
    }
}

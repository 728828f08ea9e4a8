//! The one place where what went wrong becomes what the asker is told. The detail is in the log.

use chat::{BadText, Change, Code, Draft, Refusal};
use store::Declined;

/// The largest text, in bytes. Gateways keep their own, lower bound; this one keeps every event small enough
/// for one message of the bus (1 MiB), even if each byte takes six as JSON.
const BODY_BYTES_MAX: usize = 128 * 1024;

/// What the store has declined: certainly not stored.
pub(crate) fn declined(why: Declined) -> Refusal {
    match why {
        Declined::NoRoom => no_room(),
        Declined::NotAuthor => Refusal::new(Code::NotAllowed, "the message is somebody else's"),
        Declined::IdTaken => Refusal::malformed("this id was used for another request"),
        Declined::NoTarget => Refusal::malformed("there is no such message"),
        Declined::Deleted => Refusal::malformed("the message has been deleted"),
    }
}

/// A room that is not there. Somebody else's private room is refused with the same words.
pub(crate) fn no_room() -> Refusal {
    Refusal::new(Code::NotAllowed, "there is no such room")
}

/// The store cannot keep a value of the draft: certainly not stored.
pub(crate) fn unkeepable() -> Refusal {
    Refusal::malformed("this cannot be kept")
}

/// Nobody knows, or nobody tried: the same id finds out.
pub(crate) fn unavailable() -> Refusal {
    Refusal::unavailable("it may or may not have been stored")
}

/// More waits than may wait: it was not stored by this copy.
pub(crate) fn busy() -> Refusal {
    Refusal::unavailable("too much is waiting to be stored")
}

/// More askers wait than may wait.
pub(crate) fn too_many_reads() -> Refusal {
    Refusal::unavailable("too much is waiting to be read")
}

/// The store did not give an answer.
pub(crate) fn unreadable() -> Refusal {
    Refusal::unavailable("it cannot be read now")
}

/// What is wrong with a draft before anybody looks into the store. One bad value would fail a whole batch.
pub(crate) fn of_draft(draft: &Draft) -> Option<Refusal> {
    let body = match &draft.change {
        Change::Message { body, .. } | Change::Edit { body, .. } => body.as_str(),
        Change::Delete { .. } => return None,
    };
    if body.len() > BODY_BYTES_MAX {
        return Some(Refusal::new(Code::TooLarge, "the text is too long"));
    }
    body.contains('\0').then(|| Refusal::malformed(BadText::Nul.to_string()))
}

//! The fields of a client's frame, found but not yet read: so that whatever is wrong with one of them can be
//! refused with the `ref` and the `id` of the frame.

use chat::{BadName, Refusal, Seq};
use serde_json::value::RawValue;

use crate::json::{find, object};

object! {
    /// What stands in a frame.
    pub(super) struct Fields {
        "type" => kind,
        "ref" => reference,
        "id" => id,
        "room" => room,
        "token" => token,
        "after" => after,
        "before" => before,
        "epoch" => epoch,
        "limit" => limit,
        "body" => body,
        "reply_to" => reply_to,
        "name" => name,
        "data" => data,
    }
}

impl<'a> Fields<'a> {
    /// Finds the fields of a frame.
    ///
    /// # Errors
    /// `malformed` if it is no JSON object.
    pub(super) fn of(frame: &'a str) -> Result<Self, Refusal> {
        find(frame).ok_or_else(|| Refusal::malformed("a frame must be one JSON object"))
    }
}

/// Reads a position. A seq is a whole number, written as one.
pub(super) fn position(value: &RawValue) -> Result<Seq, BadName> {
    value.get().parse().map_err(|_| BadName::Seq).and_then(Seq::new)
}

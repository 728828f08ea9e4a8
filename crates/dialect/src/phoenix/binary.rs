//! Binary pushes, which clients of the second version send whose payload is an `ArrayBuffer`: a byte for the kind, one
//! for the length of each of `join_ref`, `ref`, topic and event, then these, then the data. A chat has no use for them;
//! they are read as far as it takes to say so.

use chat::Refusal;
use serde_json::value::{RawValue, to_raw_value};

use super::place::Place;
use crate::Mark;

/// The kind of a push.
const PUSH: u8 = 0;

/// Where the answer to a binary push belongs.
///
/// # Errors
/// It is none: Phoenix closes the connection.
pub(super) fn mark(frame: &[u8]) -> Result<Mark, Refusal> {
    parse(frame).ok_or_else(|| Refusal::malformed("this is no binary push"))
}

fn parse(frame: &[u8]) -> Option<Mark> {
    let (&[PUSH, join_ref, reference, topic, event], rest) = frame.split_first_chunk::<5>()? else {
        return None;
    };
    let mut rest = rest;
    let mut next = |length: u8| {
        let (part, behind) = rest.split_at_checked(length.into())?;
        rest = behind;
        std::str::from_utf8(part).ok()
    };
    let (join_ref, reference, topic) = (json(next(join_ref)?)?, json(next(reference)?)?, json(next(topic)?)?);
    next(event)?;
    Some(Place { join_ref: Some(&join_ref), reference: Some(&reference), topic: &topic }.mark())
}

fn json(part: &str) -> Option<Box<RawValue>> {
    to_raw_value(part).ok()
}

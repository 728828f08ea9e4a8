//! What the tests of all dialects have in common: the files of frames, and somebody who says something at some time.

use chat::{Body, Epoch, RequestId, Seq, Timestamp, User};

/// A frame of a folder of `golden`, without the line end that editors add.
pub(crate) fn golden(dialect: &str, name: &str) -> String {
    let path = format!("{}/golden/{dialect}/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}")).trim_end().to_owned()
}

pub(crate) fn epoch() -> Epoch {
    Epoch::parse("e7.1").unwrap()
}

pub(crate) fn ana() -> User {
    User::parse("ana", Some("Ana")).unwrap()
}

pub(crate) fn id(id: &str) -> RequestId {
    RequestId::parse(id).unwrap()
}

pub(crate) fn seq(position: u64) -> Seq {
    Seq::new(position).unwrap()
}

/// 2026-11-20T05:00:00.123Z
pub(crate) fn at() -> Timestamp {
    Timestamp::from_micros(1_795_150_800_123_456)
}

pub(crate) fn body(text: &str) -> Body {
    Body::trusted(text)
}

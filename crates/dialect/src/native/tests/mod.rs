//! The native dialect, held by frames as they stand on the wire and by random bytes.

mod any_bytes;
mod asked;
mod farewells;
mod opened;
mod present;
mod refused;
mod said;

use chat::{Body, Code, Epoch, Refusal, RequestId, RoomId, Seq, Timestamp, User};

use super::Native;
use crate::{Command, DecodeLimits, Dialect, Frame, Mark};

const LIMITS: DecodeLimits = DecodeLimits { body_bytes: 16 };

fn decode(frame: &str) -> Result<Command, Refusal> {
    let mut commands = Vec::new();
    Native.decode(Frame::Text(frame), &LIMITS, &mut commands)?;
    assert_eq!(commands.len(), 1, "one frame, one command");
    Ok(commands.remove(0))
}

/// What a frame is refused for, with its mark and its id.
fn refused(frame: &str) -> (Code, String, Mark, Option<RequestId>) {
    match decode(frame) {
        Ok(Command::Refuse { mark, alias: None, id, refusal }) => {
            (refusal.code, refusal.message.into_owned(), mark, id)
        }
        other => panic!("{frame}: {other:?}"),
    }
}

/// A frame of `golden/native`, without the line end that editors add.
fn golden(name: &str) -> String {
    let path = format!("{}/golden/native/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}")).trim_end().to_owned()
}

fn room() -> RoomId {
    RoomId::parse("r").unwrap()
}

fn epoch() -> Epoch {
    Epoch::parse("e7.1").unwrap()
}

fn ana() -> User {
    User::parse("ana", Some("Ana")).unwrap()
}

fn id(id: &str) -> RequestId {
    RequestId::parse(id).unwrap()
}

fn seq(position: u64) -> Seq {
    Seq::new(position).unwrap()
}

/// 2026-11-20T05:00:00.123Z
fn at() -> Timestamp {
    Timestamp::from_micros(1_795_150_800_123_456)
}

fn body(text: &str) -> Body {
    Body::trusted(text)
}

//! The native dialect, held by frames as they stand on the wire and by random bytes.

mod any_bytes;
mod asked;
mod farewells;
mod opened;
mod present;
mod refused;
mod said;

use chat::{Code, Refusal, RequestId, RoomId, Seq, User};

use super::Native;
use crate::samples::{self, ana, at, body, epoch, id, seq};
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
    samples::golden("native", name)
}

fn room() -> RoomId {
    RoomId::parse("r").unwrap()
}

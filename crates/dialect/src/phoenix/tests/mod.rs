//! Phoenix Channels, held by frames as they stand on the wire and by random bytes. Those of clients were taken from the
//! `phoenix` of npm, those of the server from Phoenix itself.

mod any_bytes;
mod asked;
mod binary;
mod farewells;
mod memberships;
mod opened;
mod present;
mod said;

use chat::{Code, Refusal, RequestId, RoomId, Seq, User};

use super::{Phoenix, Serializer, Settings};
use crate::samples::{self, ana, at, body, epoch, id, seq};
use crate::{Alias, Command, DecodeLimits, Dialect, Frame, Mark};

const LIMITS: DecodeLimits = DecodeLimits { body_bytes: 16 };

fn phoenix(serializer: Serializer) -> Phoenix {
    Phoenix::new(Settings::default(), serializer)
}

/// What a frame asks for.
///
/// # Errors
/// Why it ends the connection.
fn read(serializer: Serializer, frame: Frame<'_>) -> Result<Command, Refusal> {
    let mut commands = Vec::new();
    phoenix(serializer).decode(frame, &LIMITS, &mut commands)?;
    assert_eq!(commands.len(), 1, "one frame, one command");
    Ok(commands.remove(0))
}

fn decode(frame: &str) -> Command {
    read(Serializer::V2, Frame::Text(frame)).unwrap_or_else(|refusal| panic!("{frame}: {refusal:?}"))
}

/// Which serializer a file of `golden/phoenix` is of.
fn serializer(name: &str) -> Serializer {
    if name.starts_with("v1-") { Serializer::V1 } else { Serializer::V2 }
}

/// A frame of `golden/phoenix`, without the line end that editors add.
fn golden(name: &str) -> String {
    samples::golden("phoenix", name)
}

/// What a frame says where it belongs, in JSON: `join_ref`, `ref`, topic.
fn mark(join_ref: &str, reference: &str, topic: &str) -> Mark {
    Mark::new(&format!("{join_ref}\n{reference}\n{topic}"))
}

/// Where a request of the membership belongs that `"1"` has opened.
fn place(reference: &str) -> Mark {
    mark("\"1\"", reference, "\"room:42\"")
}

fn alias() -> Alias {
    Alias::new("room:42")
}

fn room() -> RoomId {
    RoomId::parse("42").unwrap()
}

//! Action Cable, held by frames as they stand on the wire and by random bytes. Those of clients were taken from
//! `@rails/actioncable` and from Rails' own server.

mod any_bytes;
mod asked;
mod extended;
mod farewells;
mod ignored;
mod moments;
mod opened;
mod said;

use chat::{Code, Refusal, RequestId, RoomId, Seq, Timestamp, User};

use super::{ActionCable, Settings};
use crate::samples::{self, ana, at, body, epoch, id, seq};
use crate::{Alias, Command, DecodeLimits, Dialect, Frame, Mark};

const LIMITS: DecodeLimits = DecodeLimits { body_bytes: 16 };

/// As `@rails/actioncable` writes it for `{channel: "RoomChannel", room: "42"}`.
const IDENTIFIER: &str = r#"{"channel":"RoomChannel","room":"42"}"#;

/// What a frame asks for: one thing, or nothing.
fn decode(frame: &str) -> Option<Command> {
    decode_for(&ActionCable::default(), frame)
}

fn decode_for(cable: &ActionCable, frame: &str) -> Option<Command> {
    let mut commands = Vec::new();
    cable.decode(Frame::Text(frame), &LIMITS, &mut commands).expect("no frame ends a connection");
    assert!(commands.len() <= 1, "one frame, one command");
    commands.pop()
}

/// A command on an identifier.
fn frame(command: &str, identifier: &str) -> String {
    serde_json::json!({ "command": command, "identifier": identifier }).to_string()
}

/// A message on an identifier.
fn message(identifier: &str, data: &str) -> String {
    serde_json::json!({ "command": "message", "identifier": identifier, "data": data }).to_string()
}

/// A frame of `golden/action_cable`, without the line end that editors add.
fn golden(name: &str) -> String {
    samples::golden("action_cable", name)
}

fn alias() -> Alias {
    Alias::new(IDENTIFIER)
}

fn room() -> RoomId {
    RoomId::parse("42").unwrap()
}

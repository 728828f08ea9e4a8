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

use chat::{Body, Code, Epoch, Refusal, RequestId, RoomId, Seq, Timestamp, User};

use super::{ActionCable, Settings};
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
    golden_of("action_cable", name)
}

fn golden_of(dialect: &str, name: &str) -> String {
    let path = format!("{}/golden/{dialect}/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}")).trim_end().to_owned()
}

fn alias() -> Alias {
    Alias::new(IDENTIFIER)
}

fn room() -> RoomId {
    RoomId::parse("42").unwrap()
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

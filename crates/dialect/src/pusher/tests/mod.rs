//! Pusher, held by frames as they stand on the wire, by the signatures that its documentation publishes, and by random
//! bytes. The frames of clients were taken from `pusher-js`.

mod any_bytes;
mod api_requests;
mod asked;
mod channels;
mod configured;
mod farewells;
mod opened;
mod present;
mod said;
mod triggers;
mod vouched;

use chat::{Code, Refusal, RequestId, RoomId, Timestamp, User};

use super::{App, Pusher, Secret, Settings};
use crate::samples::{self, ana, at, body, epoch, id, seq};
use crate::{Alias, Claim, Command, DecodeLimits, Dialect, Frame, Mark, Say};

const LIMITS: DecodeLimits = DecodeLimits { body_bytes: 16 };
const CHANNEL: &str = "private-room-42";
const PRESENCE: &str = "presence-room-42";

/// The application of Pusher's own examples.
fn settings() -> Settings {
    Settings {
        app_id: Some("3".to_owned()),
        key: Some("278d425bdf160c739803".to_owned()),
        secret: Some(Secret::new("7ad3773142a6692b25b8")),
        client_event: "client-message".to_owned(),
        ..Settings::default()
    }
}

fn app() -> App {
    App::new(&settings()).unwrap()
}

fn pusher() -> Pusher {
    Pusher::new(settings()).unwrap()
}

/// What a frame asks for: one thing, or nothing.
fn decode(frame: &str) -> Option<Command> {
    let mut commands = Vec::new();
    pusher().decode(Frame::Text(frame), &LIMITS, &mut commands).expect("no frame ends a connection");
    assert!(commands.len() <= 1, "one frame, one command");
    commands.pop()
}

fn said(say: &Say<'_>) -> Option<String> {
    let mut out = Vec::new();
    let spoken = pusher().say(say, &mut out);
    assert_eq!(spoken, !out.is_empty());
    spoken.then(|| String::from_utf8(out).unwrap())
}

/// A frame of `golden/pusher`, without the line end that editors add.
fn golden(name: &str) -> String {
    samples::golden("pusher", name)
}

fn room() -> RoomId {
    RoomId::parse("42").unwrap()
}

fn user(id: &str, name: &str) -> User {
    User::parse(id, Some(name)).unwrap()
}

fn ben() -> User {
    user("ben", "Ben")
}

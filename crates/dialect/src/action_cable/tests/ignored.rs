//! What makes no sense is counted and not answered, as Rails has it; and the connection stays.

use super::*;
use crate::Say;

/// Nothing is done and nothing said.
#[track_caller]
fn assert_ignored(command: Option<&Command>, what: &str) {
    let Some(Command::Refuse { mark, alias: None, id: None, refusal }) = command else {
        panic!("{what}: {command:?}")
    };
    assert_eq!((mark.as_str(), refusal.code), ("", Code::Malformed), "{what}");
    let mut out = Vec::new();
    assert!(!ActionCable::default().say(&Say::Refused { mark, alias: None, id: None, refusal }, &mut out));
}

#[test]
fn frames_that_are_none() {
    let deep = "[".repeat(60_000);
    let twice = r#"{"command":"unsubscribe","command":"subscribe","identifier":"{}"}"#;
    for frame in [
        "",
        "hello",
        "[]",
        "{}",
        "{",
        &deep,
        twice,
        r#"{"command":7}"#,
        r#"{"command":"subscribe"}"#,
        r#"{"command":"subscribe","identifier":{"channel":"RoomChannel"}}"#,
        r#"{"command":"subscribe","identifier":"\ud800"}"#,
        r#"{"command":"dance","identifier":"{}"}"#,
        r#"{"type":"send","room":"r","body":"the native dialect"}"#,
    ] {
        assert_ignored(decode(frame).as_ref(), &frame[..frame.len().min(80)]);
    }
    let mut commands = Vec::new();
    ActionCable::default().decode(Frame::Binary(b"{}"), &LIMITS, &mut commands).unwrap();
    assert_ignored(commands.first(), "binary");
}

#[test]
fn commands_for_what_cannot_be_subscribed_to() {
    let elsewhere = r#"{"channel":"AppearanceChannel"}"#;
    assert_ignored(decode(&frame("unsubscribe", elsewhere)).as_ref(), "unsubscribe");
    assert_ignored(decode(&message(elsewhere, r#"{"action":"speak","message":"hi"}"#)).as_ref(), "message");
}

#[test]
fn actions_and_data_that_are_none() {
    assert_ignored(decode(&frame("message", IDENTIFIER)).as_ref(), "no data");
    let object =
        format!(r#"{{"command":"message","identifier":{IDENTIFIER:?},"data":{{"action":"speak"}}}}"#);
    assert_ignored(decode(&object).as_ref(), "data is no text");
    for data in [
        "",
        "hi",
        "[]",
        r#"{"action":7,"message":"hi"}"#,
        r#"{"action":"away","message":"hi"}"#,
        r#"{"action":"speak","message":"a","message":"b"}"#,
    ] {
        assert_ignored(decode(&message(IDENTIFIER, data)).as_ref(), data);
    }
}

//! What clients ask for: real frames, and what they mean.

use chat::Change;

use super::*;
use crate::From;

fn join(alias: &str, room: &str, from: From) -> Command {
    let room = RoomId::parse(room).unwrap();
    Command::Join { mark: Mark::default(), alias: Alias::new(alias), room, from }
}

fn said(text: &str, id: Option<RequestId>) -> Command {
    let change = Change::Message { body: body(text), reply_to: None };
    Command::Send { mark: Mark::new(IDENTIFIER), within: Some(alias()), room: room(), id, change }
}

fn rejected(frame: &str) -> (Alias, Code) {
    match decode(frame) {
        Some(Command::Refuse { mark, alias: Some(alias), id: None, refusal }) if mark == Mark::default() => {
            assert_eq!(refusal.retry, None, "for good");
            (alias, refusal.code)
        }
        other => panic!("{frame}: {other:?}"),
    }
}

#[test]
fn each_frame_means_what_rails_would_do() {
    let leave = Command::Leave { mark: Mark::default(), alias: alias(), room: room() };
    for (name, command) in [
        ("ask-subscribe", join(IDENTIFIER, "42", From::Live)),
        ("ask-unsubscribe", leave),
        ("ask-speak", said("hi", None)),
        ("ask-receive", said("hi", Some(id("d-1")))),
    ] {
        assert_eq!(decode(&golden(name)), Some(command), "{name}");
    }
    assert_eq!(decode(&golden("ask-pong")), None);
}

#[test]
fn an_identifier_is_kept_to_the_byte_and_all_its_spellings_are_one_room() {
    for identifier in [
        r#"{"room":"42","channel":"RoomChannel"}"#,
        r#"{"channel":"RoomChannel","room":42}"#,
        r#" { "channel" : "RoomChannel" , "room" : 42 , "x" : [{}] } "#,
        r#"{"channel":"RoomChannel","room_id":"42"}"#,
        r#"{"channel":"RoomChannel","id":42,"room":null,"room":"42"}"#,
        r#"{"channel":"RoomChannel","room":"42","id":"7"}"#,
        r#"{"channel":"\u0052oomChannel","room":"42"}"#,
    ] {
        let joined = decode(&frame("subscribe", identifier));
        assert_eq!(joined, Some(join(identifier, "42", From::Live)), "{identifier}");
    }
}

#[test]
fn a_subscription_may_begin_in_the_past() {
    let identifier = r#"{"channel":"RoomChannel","room":"42","since_seq":0}"#;
    let joined = decode(&frame("subscribe", identifier));
    assert_eq!(joined, Some(join(identifier, "42", From::After(Seq::ZERO, None))));
}

#[test]
fn what_cannot_be_subscribed_to_is_rejected_and_not_passed_over() {
    let long = format!(r#"{{"channel":"RoomChannel","room":"42","x":"{}"}}"#, "x".repeat(1024));
    for identifier in [
        "",
        "RoomChannel",
        "[]",
        "{}",
        r#"{"channel":"RoomChannel"}"#,
        r#"{"channel":"RoomChannel","room":null}"#,
        r#"{"channel":"RoomChannel","room":["42"]}"#,
        r#"{"channel":"RoomChannel","room":4.2}"#,
        r#"{"channel":"RoomChannel","room":true}"#,
        r#"{"channel":"RoomChannel","room":"a b"}"#,
        r#"{"channel":"RoomChannel","room":""}"#,
        r#"{"channel":"roomchannel","room":"42"}"#,
        r#"{"channel":"AppearanceChannel"}"#,
        r#"{"channel":7,"room":"42"}"#,
        r#"{"room":"42"}"#,
        r#"{"channel":"RoomChannel","room":"42","since_seq":"0"}"#,
        r#"{"channel":"RoomChannel","room":"42","since_seq":-1}"#,
        &long,
    ] {
        let (alias, code) = rejected(&frame("subscribe", identifier));
        assert_eq!((alias.as_str(), code), (identifier, Code::Malformed));
    }
}

#[test]
fn an_application_has_its_own_names() {
    let settings = Settings {
        channels: vec!["ChatChannel".into(), "Chat::RoomChannel".into()],
        params: vec!["slug".into()],
        ..Settings::default()
    };
    let cable = ActionCable::new(settings);
    for identifier in
        [r#"{"channel":"ChatChannel","slug":"r"}"#, r#"{"channel":"Chat::RoomChannel","slug":"r"}"#]
    {
        let joined = decode_for(&cable, &frame("subscribe", identifier));
        assert_eq!(joined, Some(join(identifier, "r", From::Live)));
    }
    let theirs = decode_for(&cable, &frame("subscribe", IDENTIFIER));
    assert!(matches!(theirs, Some(Command::Refuse { alias: Some(_), .. })), "{theirs:?}");
}

#[test]
fn every_action_that_says_something_says_it() {
    for data in [
        r#"{"action":"speak","message":"hi"}"#,
        r#"{"action":"send_message","body":"hi"}"#,
        r#"{"action":"create","content":"hi","room":"elsewhere"}"#,
        r#"{"action":"receive","message":"hi","body":"no"}"#,
        r#"{"action":null,"message":null,"body":"hi","client_id":null}"#,
    ] {
        assert_eq!(decode(&message(IDENTIFIER, data)), Some(said("hi", None)), "{data}");
    }
}

#[test]
fn what_was_not_taken_is_told_to_its_author_with_its_id() {
    let long = format!(r#"{{"action":"speak","client_id":"d-1","message":"{}"}}"#, "x".repeat(17));
    for (data, code, asked) in [
        (&*long, Code::TooLarge, Some(id("d-1"))),
        (r#"{"action":"speak","client_id":"d-1"}"#, Code::Malformed, Some(id("d-1"))),
        (r#"{"action":"speak","message":7}"#, Code::Malformed, None),
        (r#"{"action":"speak","message":"a\u0000b"}"#, Code::Malformed, None),
        (r#"{"action":"speak","message":"hi","client_id":7}"#, Code::Malformed, None),
        (r#"{"action":"speak","message":"hi","client_id":""}"#, Code::Malformed, None),
    ] {
        match decode(&message(IDENTIFIER, data)) {
            Some(Command::Refuse { mark, alias: None, id, refusal }) => {
                assert_eq!((mark.as_str(), id, refusal.code), (IDENTIFIER, asked, code), "{data}");
            }
            other => panic!("{data}: {other:?}"),
        }
    }
}

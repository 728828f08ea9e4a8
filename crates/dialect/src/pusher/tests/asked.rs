//! What clients ask for.

use chat::{Change, Whisper};

use super::*;
use crate::From;

fn claim(signature: &str, data: Option<&str>) -> Claim {
    Claim { signature: signature.into(), data: data.map(Into::into) }
}

fn refused(frame: &str) -> (String, Option<Alias>, Code) {
    match decode(frame) {
        Some(Command::Refuse { mark, alias, refusal, .. }) => (mark.as_str().to_owned(), alias, refusal.code),
        other => panic!("{frame}: {other:?}"),
    }
}

#[test]
fn channels_are_entered_and_left() {
    let mark = Mark::default();
    let entered = |channel, claim| {
        let (mark, alias) = (Mark::default(), Alias::new(channel));
        Some(Command::Enter { mark, alias, room: room(), from: From::Live, claim })
    };
    let signed = claim("278d425bdf160c739803:58df8b0c", None);
    assert_eq!(decode(&golden("ask-subscribe")), entered(CHANNEL, signed));
    let data = r#"{"user_id":10,"user_info":{"name":"Mr. Pusher"}}"#;
    let signed = claim("278d425bdf160c739803:afaed369", Some(data));
    assert_eq!(decode(&golden("ask-subscribe-presence")), entered(PRESENCE, signed));
    let left = Command::Leave { mark, alias: Alias::new(CHANNEL), room: room() };
    assert_eq!(decode(&golden("ask-unsubscribe")), Some(left));
}

#[test]
fn old_libraries_write_data_as_a_text() {
    let old = r#"{"event":"pusher:subscribe","data":"{\"channel\":\"private-room-42\",\"auth\":\"k:s\"}"}"#;
    assert!(matches!(decode(old), Some(Command::Enter { alias, .. }) if alias.as_str() == CHANNEL));
}

#[test]
fn signs_of_life_are_asked_for_and_given() {
    assert_eq!(decode(&golden("ask-ping")), Some(Command::Ping { mark: Mark::default() }));
    assert_eq!(decode(&golden("ask-pong")), None);
}

#[test]
fn the_client_event_that_is_a_message_is_one_and_the_others_are_passed_on() {
    let (mark, within) = (Mark::new("client event"), Some(Alias::new(CHANNEL)));
    let change = Change::Message { body: body("hi"), reply_to: None };
    let (mark_, within_) = (mark.clone(), within.clone());
    let sent = Command::Send { mark: mark_, within: within_, room: room(), id: Some(id("d-1")), change };
    assert_eq!(decode(&golden("ask-message")), Some(sent));
    let whisper = Whisper::new("typing", r#"{"on":true}"#, 16).unwrap();
    let whispered = Command::Whisper { mark, within, room: room(), whisper };
    assert_eq!(decode(&golden("ask-typing")), Some(whispered));
}

#[test]
fn without_a_name_for_it_no_client_event_is_a_message() {
    let pusher = Pusher::new(Settings { client_event: String::new(), ..settings() }).unwrap();
    let mut commands = Vec::new();
    pusher
        .decode(Frame::Text(&golden("ask-message")), &DecodeLimits { body_bytes: 100 }, &mut commands)
        .unwrap();
    assert!(matches!(&commands[..], [Command::Whisper { whisper, .. }] if whisper.name() == "message"));
}

#[test]
fn names_that_are_none_are_refused_by_name() {
    let long = format!("private-room-{}", "x".repeat(129));
    for name in [
        "room-42",
        "private-room-",
        "private-room-a b",
        "private-room-a:b",
        &long,
        "chat room",
        "#chat",
        "#server-to-user-",
        "#server-to-user-a\nb",
        "",
        "é",
    ] {
        let frame =
            serde_json::json!({ "event": "pusher:subscribe", "data": { "channel": name, "auth": "k:s" } });
        assert_eq!(
            refused(&frame.to_string()),
            (String::new(), Some(Alias::new(name)), Code::Malformed),
            "{name}"
        );
    }
}

#[test]
fn nonsense_is_refused_without_a_channel() {
    let long = format!(r#"{{"event":"pusher:subscribe","data":{{"channel":"{}"}}}}"#, "x".repeat(201));
    for frame in [
        "nonsense",
        "[]",
        "{}",
        r#"{"event":7}"#,
        r#"{"event":"pusher:subscribe"}"#,
        r#"{"event":"pusher:subscribe","data":{}}"#,
        r#"{"event":"pusher:subscribe","data":"x"}"#,
        r#"{"event":"pusher:subscribe","data":{"channel":"a","channel":"b"}}"#,
        r#"{"event":"pusher:unsubscribe","data":{"channel":"chat room"}}"#,
        r#"{"event":"pusher:signin","data":{"auth":"k:s","user_data":{"id":"7"}}}"#,
        r#"{"event":"pusher:signin","data":{"auth":"k:s","user_data":"{}","user_data":"{}"}}"#,
        r#"{"event":"pusher:signin","data":"x"}"#,
        r#"{"event":"pusher:anything","data":{}}"#,
        r#"{"event":"pusher_internal:member_added","channel":"presence-room-42","data":{}}"#,
        r#"{"event":"new_message","channel":"private-room-42","data":{}}"#,
        &long,
    ] {
        assert_eq!(refused(frame), (String::new(), None, Code::Malformed), "{frame}");
    }
    let mut commands = Vec::new();
    pusher().decode(Frame::Binary(b"{}"), &LIMITS, &mut commands).unwrap();
    assert!(matches!(&commands[..], [Command::Refuse { alias: None, .. }]));
}

#[test]
fn client_events_that_cannot_be_are_refused_as_such() {
    let event = |event: &str, channel: &str, data: &str| {
        format!(r#"{{"event":"{event}","channel":"{channel}","data":{data}}}"#)
    };
    let long = format!("client-{}", "x".repeat(201));
    for (frame, code) in [
        (event("client-x", "chat", "{}"), Code::Malformed),
        (event("client-x", "private-encrypted-x", "{}"), Code::Malformed),
        (event("client-", CHANNEL, "{}"), Code::Malformed),
        (event("client-\\u0000", CHANNEL, "{}"), Code::Malformed),
        (event(&long, CHANNEL, "{}"), Code::TooLarge),
        (event("client-x", CHANNEL, "[1,2,3,4,5,6,7,8,9]"), Code::TooLarge),
        (event("client-message", CHANNEL, r#"{"message":"12345678901234567"}"#), Code::TooLarge),
        (event("client-message", CHANNEL, r#"{"message":"\u0000"}"#), Code::Malformed),
        (event("client-message", CHANNEL, r#"{"message":7}"#), Code::Malformed),
        (event("client-message", CHANNEL, r#"{"message":"a","client_id":7}"#), Code::Malformed),
        (event("client-message", CHANNEL, r#"{"message":"a","message":"b"}"#), Code::Malformed),
        (event("client-message", CHANNEL, "7"), Code::Malformed),
        (r#"{"event":"client-x"}"#.to_owned(), Code::Malformed),
    ] {
        assert_eq!(refused(&frame), ("client event".to_owned(), None, code), "{frame}");
    }
}

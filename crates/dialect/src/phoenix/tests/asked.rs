//! What clients ask for: real frames, and what they mean.

use chat::Change;

use super::*;
use crate::From;

fn join(mark: Mark, from: From) -> Command {
    Command::Join { mark, alias: alias(), room: room(), from }
}

fn said(mark: Mark, text: &str, id: Option<RequestId>) -> Command {
    let change = Change::Message { body: body(text), reply_to: None };
    Command::Send { mark, within: Some(alias()), room: room(), id, change }
}

/// A frame of the membership that `"1"` has opened.
fn frame(event: &str, payload: &str) -> String {
    format!(r#"["1","2","room:42","{event}",{payload}]"#)
}

/// Where the refusal of a frame belongs, and its words.
fn refused(frame: &str) -> (Mark, Code, String) {
    match decode(frame) {
        Command::Refuse { mark, refusal, .. } => (mark, refusal.code, refusal.message.to_string()),
        other => panic!("{frame}: {other:?}"),
    }
}

#[test]
fn each_frame_means_what_phoenix_would_do() {
    let after = || From::After(seq(117), None);
    let (v1, room_topic) =
        (|reference| mark("", reference, "\"room:42\""), || mark("\"1\"", "\"1\"", "\"room:42\""));
    let leave = |mark| Command::Leave { mark, alias: alias(), room: room() };
    let heartbeat = || Command::Ping { mark: mark("", "\"3\"", "\"phoenix\"") };
    let typing = Command::Typing { mark: place("\"5\""), within: Some(alias()), room: room() };
    for (name, command) in [
        ("ask-join", join(place("\"1\""), after())),
        ("ask-join-live", join(place("\"1\""), From::Live)),
        ("ask-leave", leave(place("\"4\""))),
        ("ask-message", said(place("\"2\""), "hi", None)),
        ("ask-message-named", said(place("\"2\""), "hi", Some(id("d-1")))),
        ("ask-typing", typing),
        ("ask-heartbeat", heartbeat()),
        ("v1-ask-join", join(room_topic(), after())),
        ("v1-ask-message", said(v1("\"2\""), "hi", None)),
        ("v1-ask-leave", leave(v1("\"4\""))),
        ("v1-ask-heartbeat", heartbeat()),
    ] {
        let read = read(serializer(name), Frame::Text(&golden(name)));
        assert_eq!(read, Ok(command), "{name}");
    }
}

#[test]
fn a_page_that_comes_back_says_where_it_was() {
    let from = |payload: &str| match decode(&frame("phx_join", payload)) {
        Command::Join { from, .. } => from,
        other => panic!("{other:?}"),
    };
    assert_eq!(from("{}"), From::Live);
    assert_eq!(from(r#"{"last_seq":null,"x":[{}]}"#), From::Live);
    for payload in [r#"{"last_seq":117}"#, r#"{"last_seq":"117"}"#, r#"{"after":117}"#] {
        assert_eq!(from(payload), From::After(seq(117), None), "{payload}");
    }
    assert_eq!(from(r#"{"last_seq":0,"epoch":"e7.1"}"#), From::After(Seq::ZERO, Some(epoch())));
    assert_eq!(from(r#"{"epoch":"e7.1"}"#), From::Live);
    for payload in ["[]", "7", r#"{"last_seq":-1}"#, r#"{"last_seq":"x"}"#, r#"{"last_seq":1,"epoch":7}"#] {
        let (mark, code, _) = refused(&frame("phx_join", payload));
        assert_eq!((mark, code), (place("\"2\""), Code::Malformed), "{payload}");
    }
}

#[test]
fn every_event_that_says_something_says_it() {
    for (event, payload) in [
        ("message:add", r#"{"message":"hi"}"#),
        ("new_msg", r#"{"body":"hi"}"#),
        ("new_message", r#"{"content":"hi"}"#),
        ("shout", r#"{"message":"hi","name":"somebody else"}"#),
        ("message:add", r#"{"message":null,"body":"hi","client_id":null}"#),
    ] {
        assert_eq!(decode(&frame(event, payload)), said(place("\"2\""), "hi", None), "{event} {payload}");
    }
}

#[test]
fn refs_and_topic_come_back_as_they_were_written() {
    for (frame, expected) in [
        (
            r#"[1,2,"room:\u0034\u0032","message:add",{"message":"hi"}]"#,
            mark("1", "2", r#""room:\u0034\u0032""#),
        ),
        (
            r#"["a\"b",null,"room:42","message:add",{"message":"hi"},"more",6]"#,
            mark(r#""a\"b""#, "", "\"room:42\""),
        ),
    ] {
        assert_eq!(decode(frame), said(expected, "hi", None), "{frame}");
    }
}

#[test]
fn what_is_longer_than_any_client_writes_it_is_refused_where_it_belongs() {
    let (long, topic) = (format!("\"{}\"", "1".repeat(65)), format!("\"room:{}\"", "r".repeat(256)));
    for (join_ref, reference, topic) in [
        ("\"1\"", &*long, "\"room:42\""),
        (&*long, "\"1\"", "\"room:42\""),
        (&*long, &*long, "\"room:42\""),
        ("\"1\"", "\"1\"", &*topic),
    ] {
        for event in ["phx_join", "phx_leave", "message:add", "heartbeat"] {
            let frame = format!(r#"[{join_ref},{reference},{topic},"{event}",{{}}]"#);
            let (belongs, code, _) = refused(&frame);
            assert_eq!((belongs, code), (mark(join_ref, reference, topic), Code::Malformed), "{frame}");
        }
    }
    let frame = format!(r#"{{"topic":"room:42","event":"phx_join","payload":{{}},"ref":{long}}}"#);
    let refused = read(Serializer::V1, Frame::Text(&frame));
    assert!(matches!(&refused, Ok(Command::Refuse { mark, .. }) if !mark.as_str().is_empty()), "{refused:?}");
}

#[test]
fn topics_that_are_no_rooms_are_not_there() {
    for topic in ["lobby", "room:", "room:a b", "Room:42", "room", "", "phoenix", "room:é"] {
        let frame = format!(r#"["1","1","{topic}","phx_join",{{}}]"#);
        let unmatched =
            (mark("", "\"1\"", &format!("\"{topic}\"")), Code::Malformed, "unmatched topic".to_owned());
        assert_eq!(refused(&frame), unmatched, "{topic}");
    }
    let left = decode(r#"["1","4","lobby","phx_leave",{}]"#);
    assert_eq!(left, Command::Ping { mark: mark("\"1\"", "\"4\"", "\"lobby\"") });
}

#[test]
fn what_is_wrong_with_one_event_is_answered_and_costs_no_membership() {
    let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(17));
    for (event, payload, code) in [
        ("dance", "{}", Code::Malformed),
        ("message:add", "[]", Code::Malformed),
        ("message:add", "{}", Code::Malformed),
        ("message:add", r#"{"message":7}"#, Code::Malformed),
        ("message:add", r#"{"message":"a\u0000b"}"#, Code::Malformed),
        ("message:add", r#"{"message":"a","message":"b"}"#, Code::Malformed),
        ("message:add", r#"{"message":"hi","client_id":7}"#, Code::Malformed),
        ("message:add", r#"{"message":"hi","client_id":""}"#, Code::Malformed),
        ("message:add", &long, Code::TooLarge),
    ] {
        let (mark, refused, _) = refused(&frame(event, payload));
        assert_eq!((mark, refused), (place("\"2\""), code), "{event} {payload}");
    }
}

#[test]
fn an_application_has_its_own_names() {
    let settings = Settings { topic: "chat:lobby:".into(), ..Settings::default() };
    let phoenix = Phoenix::new(settings, Serializer::V2);
    let mut commands = Vec::new();
    for topic in ["chat:lobby:42", "room:42"] {
        let frame = format!(r#"["1","1","{topic}","phx_join",{{}}]"#);
        phoenix.decode(Frame::Text(&frame), &LIMITS, &mut commands).unwrap();
    }
    assert!(
        matches!(&commands[..], [Command::Join { room: joined, .. }, Command::Refuse { .. }] if *joined == room()),
        "{commands:?}"
    );
}

#[test]
fn a_frame_that_is_none_ends_the_connection() {
    let deep = "[".repeat(60_000);
    for frame in [
        "",
        "hello",
        "{}",
        "[]",
        r#"["1","2","room:42","phx_join"]"#,
        r#"[["1"],"2","room:42","phx_join",{}]"#,
        r#"[true,"2","room:42","phx_join",{}]"#,
        r#"["1",{},"room:42","phx_join",{}]"#,
        r#"["1","\ud800","room:42","phx_join",{}]"#,
        r#"["1","2",42,"phx_join",{}]"#,
        r#"["1","2","room:42",null,{}]"#,
        r#"["1","2","\ud800","phx_join",{}]"#,
        r#"["1","2","room:42","phx_join",{}"#,
        r#"{"type":"send","room":"r","body":"the native dialect"}"#,
        &golden("v1-ask-join"),
        &deep,
    ] {
        let refusal = read(Serializer::V2, Frame::Text(frame)).unwrap_err();
        assert_eq!(refusal.code, Code::Malformed, "{}", &frame[..frame.len().min(80)]);
    }
    for frame in [
        "[]",
        "{}",
        r#"{"topic":"room:42","event":"phx_join","payload":{},"ref":{}}"#,
        r#"{"topic":"room:42","event":"phx_join","event":"phx_leave","payload":{},"ref":"1"}"#,
        r#"{"topic":"room:42","payload":{},"ref":"1"}"#,
        &golden("ask-join"),
    ] {
        assert!(read(Serializer::V1, Frame::Text(frame)).is_err(), "{frame}");
    }
}

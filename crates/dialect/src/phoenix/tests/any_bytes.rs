//! Whatever comes in: no panic, and every answer is a frame with the refs that were given.

use proptest::prelude::*;

use super::*;
use crate::Say;

const WORDS: &[&str] = &[
    "1",
    "room:42",
    "phoenix",
    "phx_join",
    "phx_leave",
    "heartbeat",
    "message:add",
    "typing",
    "topic",
    "event",
    "payload",
    "ref",
];

/// Values of all sorts, many of them known words.
fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(WORDS).prop_map(|word| serde_json::Value::from(word).to_string()),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        Just("null".to_owned()),
        Just("{}".to_owned()),
        Just("[[{}]]".to_owned()),
        Just("\"\\ud800\"".to_owned()),
        Just(r#"{"message":"hi","last_seq":"7"}"#.to_owned()),
    ]
}

fn lists() -> impl Strategy<Value = String> {
    prop::collection::vec(values(), 4..7).prop_map(|values| format!("[{}]", values.join(",")))
}

fn objects() -> impl Strategy<Value = String> {
    let name = prop::sample::select(&["topic", "event", "payload", "ref", "join_ref"][..]);
    prop::collection::vec((name, values()), 0..7).prop_map(|fields| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    })
}

/// A refusal of whatever is read can be said, and is JSON.
fn hear(serializer: Serializer, frame: Frame<'_>) {
    let Ok(command) = read(serializer, frame) else { return };
    let mark = match &command {
        Command::Refuse { mark, .. } | Command::Ping { mark } | Command::Send { mark, .. } => mark,
        Command::Join { mark, .. } | Command::Leave { mark, .. } | Command::Typing { mark, .. } => mark,
        other => panic!("{other:?}"),
    };
    let refusal = &Refusal::malformed("no");
    let mut out = Vec::new();
    if phoenix(serializer).say(&Say::Refused { mark, alias: None, id: None, refusal }, &mut out) {
        serde_json::from_slice::<serde_json::Value>(&out).unwrap();
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(frame in any::<String>(), list in lists(), object in objects()) {
        for frame in [&frame, &list, &object] {
            hear(Serializer::V2, Frame::Text(frame));
            hear(Serializer::V1, Frame::Text(frame));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        kind in 0_u8..2,
        lengths in any::<[u8; 4]>(),
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        hear(Serializer::V2, Frame::Binary(&[&[kind], &lengths[..], &rest].concat()));
    }

    #[test]
    fn a_request_is_answered_with_its_own_refs(join_ref in "[ -~é👍]{0,12}", reference in any::<u32>()) {
        let join_ref = serde_json::Value::from(join_ref);
        let Command::Send { mark, .. } =
            decode(&format!(r#"[{join_ref},{reference},"room:42","shout",{{"body":"hi"}}]"#))
        else {
            return Err(TestCaseError::fail("no send"));
        };
        let mut out = Vec::new();
        let is_said = phoenix(Serializer::V2).say(&Say::Done { mark: &mark }, &mut out);
        prop_assert!(is_said);
        let said: serde_json::Value = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!((&said[0], &said[1], &said[2]), (&join_ref, &reference.into(), &"room:42".into()));
    }

    #[test]
    fn what_is_said_is_json_whatever_people_write(text in any::<String>(), name in any::<String>()) {
        let Ok(by) = User::parse("ana", Some(&name)) else { return Ok(()) };
        let kind = chat::EventKind::Message { body: Some(body(&text)), reply_to: None };
        let event = chat::Event { room: room(), seq: seq(1), id: id("d"), by: by.clone(), at: at(), kind, except: None };
        let mut out = Vec::new();
        prop_assert!(phoenix(Serializer::V2).event(&alias(), &epoch(), &event, &mut out));
        let frame: serde_json::Value = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(&frame[4]["content"], &serde_json::Value::from(text));
        prop_assert_eq!(&frame[4]["user"]["username"], &serde_json::Value::from(&*by.name));
    }
}

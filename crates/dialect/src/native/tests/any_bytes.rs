//! Whatever comes in: no panic, and a `ref` that is taken comes back to the byte.

use proptest::prelude::*;

use super::*;
use crate::Say;

/// Frames that get far: objects of known fields with all sorts of values, some of them twice.
fn nearly_good() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "type", "ref", "id", "room", "token", "after", "before", "epoch", "limit", "body", "reply_to", "x",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec!["send", "join", "leave", "history", "hello", "ping", "rooms", "edit"])
            .prop_map(|kind| format!("\"{kind}\"")),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        "[a-z0-9]{1,4}".prop_map(|text| format!("\"{text}\"")),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| serde_json::Value::from(number).to_string()),
        Just("null".to_owned()),
        Just("[[{}]]".to_owned()),
        Just("\"\\ud800\"".to_owned()),
    ];
    prop::collection::vec((name, value), 0..8).prop_map(|fields| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(frame in any::<String>()) {
        let _ = decode(&frame);
    }

    #[test]
    fn any_object_is_read_or_refused_and_the_connection_stays(frame in nearly_good()) {
        prop_assert!(decode(&frame).is_ok(), "{}", frame);
    }

    #[test]
    fn a_reference_comes_back_to_the_byte(text in "[ -~éπ👍\n\u{0}]{0,16}") {
        let reference = serde_json::Value::from(text).to_string();
        prop_assume!(reference.len() <= 66);
        let Ok(Command::Ping { mark }) = decode(&format!(r#"{{"type":"ping","ref":{reference}}}"#)) else {
            return Err(TestCaseError::fail(reference));
        };
        let mut out = Vec::new();
        let said = Native.say(&Say::Pong { mark: &mark }, &mut out);
        prop_assert!(said);
        prop_assert_eq!(String::from_utf8(out).unwrap(), format!(r#"{{"type":"pong","ref":{reference}}}"#));
    }

    #[test]
    fn what_is_said_is_json_whatever_people_write(text in any::<String>(), name in any::<String>()) {
        let Ok(by) = User::parse("ana", Some(&name)) else { return Ok(()) };
        let kind = chat::EventKind::Message { body: Some(body(&text)), reply_to: None };
        let event = chat::Event { room: room(), seq: seq(1), id: id("d"), by: by.clone(), at: at(), kind, except: None };
        let mut out = Vec::new();
        prop_assert!(Native.event(&crate::Alias::new("r"), &epoch(), &event, &mut out));
        let frame: serde_json::Value = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(&frame["body"], &serde_json::Value::from(text));
        prop_assert_eq!(&frame["user"]["name"], &serde_json::Value::from(&*by.name));
    }
}

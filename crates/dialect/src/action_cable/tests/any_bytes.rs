//! Whatever comes in: no panic, no end of the connection, and an identifier that is taken comes back to the byte.

use proptest::prelude::*;

use super::*;
use crate::Say;

/// JSON that gets far: objects of known fields with all sorts of values, some of them twice.
fn nearly_good(
    names: &'static [&'static str],
    words: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let name = prop::sample::select(names);
    let value = prop_oneof![
        prop::sample::select(words).prop_map(|word| serde_json::Value::from(word).to_string()),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| serde_json::Value::from(number).to_string()),
        Just("null".to_owned()),
        Just("[[{}]]".to_owned()),
        Just("\"\\ud800\"".to_owned()),
    ];
    prop::collection::vec((name, value), 0..6).prop_map(|fields| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    })
}

fn frames() -> impl Strategy<Value = String> {
    nearly_good(
        &["command", "identifier", "data", "x"],
        &["subscribe", "unsubscribe", "message", "pong", "whisper", IDENTIFIER, r#"{"action":"speak"}"#],
    )
}

fn data() -> impl Strategy<Value = String> {
    nearly_good(
        &["action", "message", "body", "content", "client_id", "x"],
        &["speak", "receive", "typing", "d-1"],
    )
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(frame in any::<String>()) {
        let _ = decode(&frame);
    }

    #[test]
    fn any_object_is_read_or_refused(frame in frames(), data in data()) {
        let _ = decode(&frame);
        let _ = decode(&message(IDENTIFIER, &data));
    }

    #[test]
    fn an_identifier_comes_back_to_the_byte(key in "[ -~éπ👍\n\u{0}]{0,16}", value in any::<String>()) {
        let (key, value) = (serde_json::Value::from(key), serde_json::Value::from(value));
        let identifier = format!(r#"{{ {key}:{value} ,"room": 42,"channel":"RoomChannel"}}"#);
        prop_assume!(identifier.len() <= Alias::BYTES_MAX);
        let Some(Command::Join { alias, .. }) = decode(&frame("subscribe", &identifier)) else {
            return Err(TestCaseError::fail(identifier));
        };
        let refusal = &Refusal::malformed("no");
        let mut out = Vec::new();
        let mark = &Mark::default();
        let refused = Say::Refused { mark, alias: Some(&alias), id: None, refusal };
        prop_assert!(ActionCable::default().say(&refused, &mut out));
        let said: serde_json::Value = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(said["identifier"].as_str(), Some(&*identifier));
    }

    #[test]
    fn what_is_said_is_json_whatever_people_write(text in any::<String>(), name in any::<String>()) {
        let Ok(by) = User::parse("ana", Some(&name)) else { return Ok(()) };
        let kind = chat::EventKind::Message { body: Some(body(&text)), reply_to: None };
        let event = chat::Event { room: room(), seq: seq(1), id: id("d"), by: by.clone(), at: at(), kind, except: None };
        let mut out = Vec::new();
        prop_assert!(ActionCable::default().event(&alias(), &epoch(), &event, &mut out));
        let frame: serde_json::Value = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(&frame["message"]["message"], &serde_json::Value::from(text));
        prop_assert_eq!(&frame["message"]["user"]["username"], &serde_json::Value::from(&*by.name));
    }
}

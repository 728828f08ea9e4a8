//! Whatever comes in: no panic, no end of the connection, and what is said is JSON within JSON.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const EVENTS: [&str; 7] = [
    "pusher:subscribe",
    "pusher:unsubscribe",
    "pusher:signin",
    "pusher:ping",
    "client-x",
    "client-message",
    "x",
];

fn frames() -> impl Strategy<Value = String> {
    let data = prop_oneof![
        any::<String>().prop_map(|text| Value::from(text).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        ("[a-z_]{0,12}", any::<String>())
            .prop_map(|(name, text)| format!("{{{name:?}:{}}}", Value::from(text))),
        any::<String>().prop_map(|text| format!("{{\"user_data\":{},\"auth\":\"k:s\"}}", Value::from(text))),
        any::<String>().prop_map(|text| format!("{{\"channel\":{},\"auth\":7}}", Value::from(text))),
        any::<String>().prop_map(|text| format!("{{\"message\":{}}}", Value::from(text))),
        Just("null".to_owned()),
    ];
    let channel = prop_oneof![
        any::<String>(),
        "(private|presence)-room-.{0,8}",
        "(#server-to-user-|presence-|cache-).{0,8}"
    ];
    (prop::sample::select(&EVENTS[..]), data, channel).prop_map(|(event, data, channel)| {
        format!("{{\"event\":\"{event}\",\"channel\":{},\"data\":{data}}}", Value::from(channel))
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(frame in any::<String>()) {
        let _ = decode(&frame);
    }

    #[test]
    fn any_object_is_read_or_refused(frame in frames()) {
        let _ = decode(&frame);
    }

    #[test]
    fn any_claim_is_read_or_refused(signature in any::<String>(), data in any::<String>()) {
        let data = Some(data.into());
        let claim = Claim { signature: signature.into(), data };
        prop_assert!(pusher().vouch("1.2", &Alias::new(PRESENCE), &claim).is_err());
        prop_assert!(pusher().vouch_for_user("1.2", &claim).is_err());
    }

    #[test]
    fn what_is_said_is_json_within_json_whatever_people_write(text in any::<String>(), name in any::<String>()) {
        let Ok(by) = User::parse("ana", Some(&name)) else { return Ok(()) };
        let kind = chat::EventKind::Message { body: Some(body(&text)), reply_to: None };
        let event = chat::Event { room: room(), seq: seq(1), id: id("d"), by: by.clone(), at: at(), kind, except: None };
        let mut out = Vec::new();
        prop_assert!(pusher().event(&Alias::new(CHANNEL), &epoch(), &event, &mut out));
        let frame: Value = serde_json::from_slice(&out).unwrap();
        let data: Value = serde_json::from_str(frame["data"].as_str().unwrap()).unwrap();
        prop_assert_eq!(&data["message"], &Value::from(text));
        prop_assert_eq!(&data["user"]["username"], &Value::from(&*by.name));
    }
}

//! What backends publish.

use serde_json::{Value, json};

use super::super::{Publication, Trigger, batch, events, old_event};
use super::*;

const ROOMY: DecodeLimits = DecodeLimits { body_bytes: 16_384 };

fn trigger(body: &Value) -> Result<Trigger, Code> {
    events(&settings(), &ROOMY, body.to_string().as_bytes()).map_err(|refusal| refusal.code)
}

/// The messages that an event is.
fn read(body: &Value) -> Result<Vec<Publication>, Code> {
    trigger(body).map(|trigger| trigger.messages)
}

fn message(data: &Value) -> Result<Publication, Code> {
    let body = json!({ "name": "new_message", "channel": CHANNEL, "data": data });
    read(&body).map(|mut all| all.remove(0))
}

fn published(by: User, id: Option<RequestId>) -> Publication {
    Publication { channel: CHANNEL.to_owned(), room: room(), by, id, body: body("hi"), except: None }
}

#[test]
fn a_message_has_an_author_an_id_and_a_text_as_far_as_the_backend_says() {
    let server = user("server", "server");
    for (data, expected) in [
        (json!("hi"), published(server.clone(), None)),
        (json!({ "message": "hi" }), published(server.clone(), None)),
        (json!(r#"{"message":"hi"}"#), published(server, None)),
        (json!({ "body": "hi", "user_id": 7 }), published(user("7", "7"), None)),
        (
            json!({ "message": "hi", "user": { "id": "ana", "username": "Ana" }, "client_id": "d-1" }),
            published(ana(), Some(id("d-1"))),
        ),
    ] {
        assert_eq!(message(&data), Ok(expected), "{data}");
    }
}

#[test]
fn a_connection_of_its_own_can_be_left_out_and_one_that_is_none_of_ours_changes_nothing() {
    let body = |socket_id: &str| json!({ "name": "new_message", "channel": CHANNEL, "data": "hi", "socket_id": socket_id });
    let except = |socket_id: &str| read(&body(socket_id)).map(|all| all[0].except);
    assert_eq!(except("12.34"), Ok(Some(chat::ConnectionName { shard: 12, number: 34 })));
    assert_eq!(except("99999999999.34"), Ok(None));
    for nonsense in ["", "12", "12.34.56", "a.b", "12.-34"] {
        assert_eq!(except(nonsense), Err(Code::Malformed), "{nonsense}");
    }
}

#[test]
fn what_is_no_message_in_a_room_is_told_once_in_each_channel() {
    let body = |name: &str| {
        let channels = ["chat", "presence-cache-chat", "chat", CHANNEL, PRESENCE, "#server-to-user-7"];
        json!({ "name": name, "channels": channels, "data": "{\"a\":1}", "socket_id": "12.34" })
    };
    let told = |name: &str| {
        let told = trigger(&body(name)).unwrap().announcements;
        assert!(told.iter().all(|told| &*told.event == name && &*told.data == r#"{"a":1}"#));
        assert!(told.iter().all(|told| told.except.is_some_and(|except| except.number == 34)));
        let shown = |told: super::super::Announcement| {
            let room = told.room.map(|room| room.as_str().to_owned());
            (told.channel.name.to_string(), told.channel.keeps_last, room)
        };
        told.into_iter().map(shown).collect::<Vec<_>>()
    };
    let plain = |name: &str, keeps_last| (name.to_owned(), keeps_last, None);
    let of_room = |name: &str| (name.to_owned(), false, Some("42".to_owned()));
    let (chat, cache) = (plain("chat", false), plain("presence-cache-chat", true));
    let own = plain("#server-to-user-7", false);
    let all = [chat.clone(), cache.clone(), of_room(CHANNEL), of_room(PRESENCE), own.clone()];
    assert_eq!(told("order"), all);
    assert_eq!(read(&body("order")), Ok(vec![]));
    let message = body("new_message").to_string().replace(r#""{\"a\":1}""#, r#""{\"message\":\"hi\"}""#);
    let message = events(&settings(), &ROOMY, message.as_bytes()).unwrap();
    assert_eq!((message.messages.len(), message.announcements.len()), (1, 3), "one in the room");
}

#[test]
fn each_channel_of_an_event_can_be_asked_about() {
    let channels = ["chat", CHANNEL, PRESENCE, "chat"];
    let event = json!({ "name": "new_message", "channels": channels, "data": "hi", "info": "user_count" });
    let Trigger { targets, info, .. } = trigger(&event).unwrap();
    let targets: Vec<_> =
        targets.iter().map(|target| (&*target.channel, target.room.is_some(), target.is_presence)).collect();
    assert_eq!(targets, [("chat", false, false), (CHANNEL, true, false), (PRESENCE, true, true)]);
    assert!(info.user_count && !info.subscription_count);
}

#[test]
fn what_is_encrypted_is_for_one_channel() {
    let event = |channels: &[&str]| json!({ "name": "a", "channels": channels, "data": "x" });
    let encrypted = "private-encrypted-chat";
    assert!(trigger(&event(&[encrypted])).is_ok());
    assert_eq!(trigger(&event(&[encrypted, "chat"])), Err(Code::Malformed));
    let event = json!({ "name": "a", "channel": encrypted, "data": "x" });
    let body = json!({ "batch": [event, event] }).to_string();
    assert_eq!(batch(&settings(), &ROOMY, body.as_bytes()).map(|all| all.len()), Ok(2));
}

#[test]
fn old_libraries_say_all_but_the_data_elsewhere() {
    let read = |query: &str, body: &[u8]| old_event(&settings(), &ROOMY, "chat", query, body);
    let Trigger { announcements, .. } = read("name=order&socket_id=12.34", b"{}").unwrap();
    let [told] = &announcements[..] else { panic!("{announcements:?}") };
    assert_eq!((told.channel.name.as_str(), &*told.event, &*told.data), ("chat", "order", "{}"));
    assert!(told.except.is_some());
    assert!(read("", b"{}").is_err() && read("name=a", b"\xff").is_err());
    assert_eq!(read("name=a", &[b'x'; 10_241]).unwrap_err().code, Code::TooLarge);
}

#[test]
fn channels_of_one_room_get_one_message() {
    let channels = [CHANNEL, PRESENCE, "private-room-43", CHANNEL];
    let body = json!({ "name": "new_message", "channels": channels, "data": "hi" });
    let rooms: Vec<_> = read(&body).unwrap().into_iter().map(|p| p.room.as_str().to_owned()).collect();
    assert_eq!(rooms, ["42", "43"]);
}

#[test]
fn a_batch_is_one_event_after_the_other() {
    let event = json!({ "name": "new_message", "channel": CHANNEL, "data": "hi" });
    let read = |events: usize| {
        let body = json!({ "batch": vec![&event; events] }).to_string();
        batch(&settings(), &ROOMY, body.as_bytes()).map(|all| all.len()).map_err(|refusal| refusal.code)
    };
    assert_eq!((read(0), read(10), read(11)), (Ok(0), Ok(10), Err(Code::Malformed)));
    let many = json!({ "batch": [{ "name": "a", "channels": [CHANNEL], "data": "x" }] }).to_string();
    assert!(batch(&settings(), &ROOMY, many.as_bytes()).is_err());
}

#[test]
fn limits_are_those_of_pusher() {
    let channels = |count: usize| {
        let channels: Vec<_> = (0..count).map(|n| format!("private-room-{n}")).collect();
        read(&json!({ "name": "new_message", "channels": channels, "data": "hi" })).map(|all| all.len())
    };
    assert_eq!(
        (channels(100), channels(101), channels(0)),
        (Ok(100), Err(Code::Malformed), Err(Code::Malformed))
    );
    assert!(message(&json!("x".repeat(10_240))).is_ok());
    assert_eq!(message(&json!("x".repeat(10_241))), Err(Code::TooLarge));
    let body = json!({ "name": "new_message", "channel": CHANNEL, "data": "0123456789abcdefg" }).to_string();
    assert_eq!(events(&settings(), &LIMITS, body.as_bytes()).unwrap_err().code, Code::TooLarge);
}

#[test]
fn what_makes_no_sense_is_refused_as_a_whole() {
    for (change, value) in [
        ("name", json!("")),
        ("name", json!("pusher:order")),
        ("name", json!("pusher_internal:order")),
        ("name", json!("x".repeat(201))),
        ("name", json!(7)),
        ("channel", json!("")),
        ("channel", json!("#own-user")),
        ("channel", json!("x".repeat(201))),
        ("channel", json!("room-42")),
        ("channel", json!("private-room-a b")),
        ("channels", json!(["private-room-1"])),
        ("channel", json!(null)),
        ("socket_id", json!("1.2:private-x")),
        ("data", json!(null)),
        ("data", json!(7)),
        ("data", json!(["hi"])),
        ("data", json!({})),
        ("data", json!({ "message": 7 })),
        ("data", json!({ "message": "a\u{0}" })),
        ("data", json!({ "message": "hi", "user_id": [] })),
        ("data", json!({ "message": "hi", "client_id": 7 })),
        ("info", json!("weather")),
    ] {
        let mut event =
            json!({ "name": "new_message", "channel": CHANNEL, "data": "hi", "socket_id": "1.2" });
        assert!(read(&event).is_ok());
        event[change] = value;
        assert_eq!(read(&event), Err(Code::Malformed), "{event}");
    }
    for body in [&b""[..], b"[]", b"{", b"\xff"] {
        assert!(events(&settings(), &ROOMY, body).is_err());
    }
}

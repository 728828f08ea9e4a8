//! Frames that make no sense, or too much of it.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame as RawFrame, FrameHeader};
use town::Town;

use super::{Bystanders, assert_dismissed, assert_stays};

/// The limits of a frame and of a body, by default, in bytes.
const FRAME: usize = 65_536;
const BODY: usize = 16_384;

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_is_no_object_or_too_large_closes_the_connection() {
    let town = Town::new().start().await;
    let bystanders = Bystanders::of(&town).await;
    let ping = |bytes: usize| format!("{}{}", r#"{"type":"ping"}"#, " ".repeat(bytes - 15));
    for (what, frame, code, close_code) in [
        ("no JSON", Frame::text("hello"), "malformed", 4000),
        ("half of an object", Frame::text(r#"{"type":"#), "malformed", 4000),
        ("an empty text", Frame::text(""), "malformed", 4000),
        ("a list", Frame::text("[]"), "malformed", 4000),
        ("a number", Frame::text("42"), "malformed", 4000),
        ("two objects", Frame::text("{}{}"), "malformed", 4000),
        ("bytes", Frame::binary(&br#"{"type":"ping"}"#[..]), "malformed", 4000),
        ("too many bytes", Frame::text(ping(FRAME + 1)), "too_large", 1009),
        ("far too many bytes", Frame::text(ping(FRAME * 16)), "too_large", 1009),
    ] {
        let person = town.person("mallory").joins("quiet").await;
        person.sends(frame).await;
        assert_dismissed(&person.closed().await, code, close_code, what);
        bystanders.talk().await;
    }
    let person = town.person("mallory").await;
    person.writes(ping(FRAME)).await;
    assert_stays(&person, "just small enough").await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_breaks_the_rules_of_websockets_closes_the_connection() {
    let raw = |opcode, payload: &'static [u8]| {
        let header = FrameHeader { is_final: true, opcode, ..FrameHeader::default() };
        Frame::Frame(RawFrame::from_payload(header, payload.into()))
    };
    let town = Town::new().start().await;
    let bystanders = Bystanders::of(&town).await;
    for (what, frame, close_code) in [
        ("text that is no UTF-8", raw(OpCode::Data(Data::Text), b"\xff\xfe"), 1007),
        ("an opcode that nobody knows", raw(OpCode::Data(Data::Reserved(5)), b""), 1002),
        ("a control frame that nobody knows", raw(OpCode::Control(Control::Reserved(12)), b""), 1002),
        ("a continuation of nothing", raw(OpCode::Data(Data::Continue), b""), 1002),
        ("half of a close code", raw(OpCode::Control(Control::Close), b"\x03"), 1002),
    ] {
        let person = town.person("mallory").joins("quiet").await;
        person.sends(frame).await;
        assert_eq!(person.closed().await.code, Some(close_code), "{what}");
        bystanders.talk().await;
    }
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_makes_no_sense_is_refused_and_the_connection_stays() {
    let town = Town::new().start().await;
    let bystanders = Bystanders::of(&town).await;
    let person = town.person("mallory").joins("quiet").await;
    let send = |change: Value| {
        let mut frame = json!({ "type": "send", "room": "quiet", "id": "d-1", "body": "hi" });
        frame.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        frame
    };
    let join = |change: Value| {
        let mut frame = json!({ "type": "join", "room": "quiet" });
        frame.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        frame
    };
    let mut cases = vec![
        ("no type", json!({})),
        ("a type that nobody knows", json!({ "type": "dance", "room": "quiet" })),
        ("a type that is no text", json!({ "type": 7 })),
        ("a join without a room", json!({ "type": "join" })),
        ("a position that is no seq", join(json!({ "after": -1 }))),
        ("a position between two", join(json!({ "after": 1.5 }))),
        ("a position in words", join(json!({ "after": "1" }))),
        ("an epoch that is no text", join(json!({ "after": 1, "epoch": 7 }))),
        ("no body", json!({ "type": "send", "room": "quiet", "id": "d-1" })),
        ("a body that is no text", send(json!({ "body": ["hi"] }))),
        ("a body with a NUL", send(json!({ "body": "a\u{0}b" }))),
        ("an id that is too long", send(json!({ "id": "i".repeat(65) }))),
        ("an empty id", send(json!({ "id": "" }))),
        ("an answer to nothing", send(json!({ "reply_to": 0 }))),
        ("a page in both directions", json!({ "type": "history", "room": "quiet", "before": 9, "after": 1 })),
        ("an empty page", json!({ "type": "history", "room": "quiet", "limit": 0 })),
        ("a renewal without a token", json!({ "type": "hello" })),
    ];
    let names = ["", "a b", "a/b", "a>", "a*", "ä", "a\nb", "\u{0}"];
    for name in names.into_iter().map(str::to_owned).chain(["r".repeat(129)]) {
        cases.push(("a bad name of a room", join(json!({ "room": name }))));
        cases.push(("a bad name of a room", send(json!({ "room": name }))));
    }
    for (what, frame) in cases {
        let refused = person.asks(frame.clone()).await;
        assert_eq!(
            (&refused["type"], &refused["code"]),
            (&"refused".into(), &"malformed".into()),
            "{what}: {frame}"
        );
    }
    for (what, body) in
        [("one byte too many", "x".repeat(BODY + 1)), ("in few characters", "✓".repeat(BODY / 3 + 1))]
    {
        let refused = person.asks(send(json!({ "body": body }))).await;
        assert_eq!((&refused["code"], &refused["id"]), (&"too_large".into(), &"d-1".into()), "{what}");
    }
    assert_stays(&person, "after all of these").await;
    bystanders.talk().await;
    assert_eq!(person.sees("quiet", 1).await.len(), 1, "nothing of these was stored");
    person.says("quiet", &"x".repeat(BODY)).await;
    let longest = "azAZ09_-.:=@,;".repeat(9) + "ab";
    person.joins(&longest).await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ref_comes_back_as_it_was_sent() {
    let town = Town::new().start().await;
    let ana = town.person("ana").await;
    for reference in [json!("a"), json!("ä\"\\\u{1}"), json!(-0.5), json!("r".repeat(64))] {
        ana.writes(json!({ "type": "ping", "ref": reference }).to_string()).await;
        assert_eq!(ana.hears("pong").await["ref"], reference);
    }
    for reference in [json!("r".repeat(65)), json!({}), json!([1]), json!(true)] {
        ana.writes(json!({ "type": "ping", "ref": reference }).to_string()).await;
        let refused = ana.hears("refused").await;
        assert_eq!((&refused["code"], refused.get("ref")), (&"malformed".into(), None), "{reference}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_or_joins_too_much_is_told_to_come_back_later() {
    let plan = Town::new().set("limits.sends_per_s", 5).set("limits.sends_burst", 10);
    let town = plan.set("limits.rooms_per_connection", 3).start().await;
    let bystanders = Bystanders::of(&town).await;
    let person = town.person("mallory").joins("quiet").joins("r1").joins("r2").await;
    let refused = person.asks(json!({ "type": "join", "room": "r3" })).await;
    assert_eq!((&refused["type"], &refused["code"]), (&"refused".into(), &"too_many".into()), "{refused}");

    let mut pending = Vec::new();
    for number in 0..20 {
        pending.push(person.begins("quiet", &format!("d-{number}"), "more").await);
    }
    let mut sent = 0;
    for pending in pending {
        match person.answer(pending).await {
            town::Answer::Sent(_) => sent += 1,
            town::Answer::Refused(refused) => {
                assert_eq!(refused.code, "too_many");
                assert!(refused.retry_ms.is_some_and(|ms| ms > 0), "{refused:?}");
            }
            town::Answer::Gone => panic!("dismissed"),
        }
    }
    assert!((10..15).contains(&sent), "{sent} of 20 at once, with a burst of 10");
    bystanders.talk().await;
    town.audit().await;
}

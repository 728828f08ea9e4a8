//! Nonsense in Phoenix Channels: it is answered as Phoenix does, or ends the connection with a close code; and it costs
//! nobody else anything.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message as Frame;
use town::{Person, Town, Turned, Visit, probe};

use super::Bystanders;

const PATH: &str = "/socket/websocket?vsn=2.0.0";

fn visit(town: &Town) -> Visit {
    town.person("mallory").path(PATH).protocols(&[])
}

async fn comes(town: &Town) -> Person {
    visit(town).enters().await.expect("a handshake")
}

/// Pushes an event, and tells the reply to it.
async fn pushes(person: &Person, frame: [Value; 5]) -> Value {
    let reference = frame[1].clone();
    person.writes(json!(frame).to_string()).await;
    person.hears_one(&format!("a reply to {reference}"), |heard| heard[1] == reference).await
}

fn error(join_ref: &Value, reference: &str, topic: &str, reason: &str) -> Value {
    json!([join_ref, reference, topic, "phx_reply", { "status": "error", "response": { "reason": reason } }])
}

/// It is still heard.
async fn assert_stays(person: &Person, what: &str) {
    let alive =
        pushes(person, [Value::Null, json!("h"), json!("phoenix"), json!("heartbeat"), json!({})]).await;
    assert_eq!(alive[4]["status"], "ok", "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_had_is_answered_and_the_connection_stays() {
    let town = Town::new().set("limits.rooms_per_connection", 1).start().await;
    let bystanders = Bystanders::of(&town).await;
    let person = comes(&town).await;
    let unmatched = |reference, topic| error(&Value::Null, reference, topic, "unmatched topic");
    for (what, topic, event, payload, refused) in [
        ("no room", "lobby", "phx_join", json!({}), unmatched("1", "lobby")),
        ("a name beyond the rules", "room:a b", "phx_join", json!({}), unmatched("1", "room:a b")),
        ("no member", "room:quiet", "message:add", json!({ "message": "hi" }), unmatched("1", "room:quiet")),
        ("no member who writes", "room:quiet", "typing", json!({}), unmatched("1", "room:quiet")),
        (
            "no event",
            "room:quiet",
            "dance",
            json!({}),
            error(&json!("1"), "1", "room:quiet", "unknown event"),
        ),
    ] {
        let reply = pushes(&person, [json!("1"), json!("1"), json!(topic), json!(event), payload]).await;
        assert_eq!(reply, refused, "{what}");
        assert_stays(&person, what).await;
        bystanders.talk().await;
    }
    let push = [&[0, 1, 1, 10, 11][..], b"11room:quietmessage:add", &[0xff; 16]].concat();
    person.sends(Frame::binary(push)).await;
    let reply = person.hears_one("a reply to a binary push", |heard| heard[1] == "1").await;
    assert_eq!(reply, error(&json!("1"), "1", "room:quiet", "binary not supported"));
    let join = |room: &str, reference: &str| {
        [json!(reference), json!(reference), json!(format!("room:{room}")), json!("phx_join"), json!({})]
    };
    assert_eq!(pushes(&person, join("quiet", "2")).await[4]["status"], "ok");
    let reply = pushes(&person, join("kitchen", "3")).await;
    assert_eq!(reply, error(&json!("3"), "3", "room:kitchen", "too many channels joined"));
    assert!(person.is_here());
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_frame_or_goes_on_for_too_long_ends_the_connection() {
    let town = Town::new().start().await;
    let bystanders = Bystanders::of(&town).await;
    let unknown = json!(["1", "1", "lobby", "phx_join", {}]).to_string();
    for (what, frame, count, close_code) in [
        ("no JSON", Frame::text("hello"), 1, 1011),
        ("the native dialect", Frame::text(r#"{"type":"join","room":"quiet"}"#), 1, 1011),
        (
            "the other serializer",
            Frame::text(r#"{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"1"}"#),
            1,
            1011,
        ),
        ("bytes that are no push", Frame::binary(&[0, 255, 255, 255, 255, 1][..]), 1, 1011),
        ("a frame that is too large", Frame::text(" ".repeat(65_537)), 1, 1009),
        ("nonsense without an end", Frame::text(unknown), 101, 1013),
    ] {
        let person = comes(&town).await;
        for _ in 0..count {
            person.sends(frame.clone()).await;
        }
        assert_eq!(person.closed().await.code, Some(close_code), "{what}");
        bystanders.talk().await;
    }
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_come_in_is_refused_before_the_handshake_is_done() {
    let town = Town::new().set("limits.connections_per_user", 2).start().await;
    assert_eq!(probe::get(town.gateways[0].listen(), PATH).await.unwrap().status, 426);
    let first = comes(&town).await;
    assert_stays(&first, "the first one").await;
    let second = comes(&town).await;
    let evil = visit(&town).header("origin", "https://evil.example");
    for (what, visit) in [
        ("no token", visit(&town).unidentified()),
        ("a bad token", visit(&town).token("nonsense")),
        ("one connection too many", visit(&town)),
        ("another page's origin", evil),
        ("a version that is not spoken", visit(&town).path("/socket/websocket?vsn=3.0.0")),
        ("only other subprotocols", visit(&town).protocols(&["parlor.v1"])),
    ] {
        match visit.enters().await {
            Err(Turned::Away(status)) => assert_eq!(status, 403, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
    assert_stays(&second, "those who are there stay").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_no_version_gets_the_first_one() {
    let town = Town::new().start().await;
    let person = visit(&town).path("/socket/websocket").enters().await.expect("a handshake");
    person.writes(r#"{"topic":"room:r","event":"phx_join","payload":{},"ref":"1"}"#).await;
    let joined = person.hears_one("a reply", |heard| heard["event"] == "phx_reply").await;
    assert_eq!((&joined["ref"], &joined["payload"]["status"]), (&json!("1"), &json!("ok")));
    person.writes(r#"{"topic":"room:r","event":"shout","payload":{"body":"hi"},"ref":"2"}"#).await;
    let message = person.hears_one("the message", |heard| heard["event"] == "room:r:new_message").await;
    assert_eq!((&message["ref"], &message["payload"]["content"]), (&Value::Null, &json!("hi")));
    person.writes(r#"{"topic":"room:r","event":"phx_leave","payload":{},"ref":"3"}"#).await;
    let closed = person.hears_one("the end of it", |heard| heard["event"] == "phx_close").await;
    assert_eq!(closed, json!({ "topic": "room:r", "event": "phx_close", "ref": "1", "payload": {} }));
}

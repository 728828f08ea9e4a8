//! Nonsense in Pusher's protocol: it is answered by an error, or ends the connection with a code; and it costs nobody else
//! anything.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message as Frame;
use town::{Person, Plan, Town, Visit};

use super::Bystanders;

/// A town with an application.
fn plan() -> Plan {
    Town::new().set("pusher.app_id", 3).set("pusher.key", "town").set("pusher.secret", "town-secret")
}

fn visit(town: &Town) -> Visit {
    town.person("mallory").path("/app/town?protocol=7").protocols(&[]).unidentified()
}

async fn comes(town: &Town) -> Person {
    let person = visit(town).enters().await.expect("a handshake");
    person.hears_one("to be connected", |heard| heard["event"] == "pusher:connection_established").await;
    person
}

/// It is still heard.
async fn assert_stays(person: &Person, what: &str) {
    person.writes(r#"{"event":"pusher:ping","data":{}}"#).await;
    let pong = person.hears_one("a pong", |heard| heard["event"] == "pusher:pong").await;
    assert_eq!(pong["event"], "pusher:pong", "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_frame_of_pusher_is_told_so_and_the_connection_stays() {
    let town = plan().start().await;
    let bystanders = Bystanders::of(&town).await;
    let person = comes(&town).await;
    for (what, frame) in [
        ("no JSON", Frame::text("hello")),
        ("a nest without an end", Frame::text("[".repeat(5000))),
        ("bytes", Frame::binary(&b"{}"[..])),
        ("the native dialect", Frame::text(r#"{"type":"join","room":"quiet"}"#)),
        ("Action Cable", Frame::text(r#"{"command":"subscribe","identifier":"{}"}"#)),
        ("Phoenix", Frame::text(r#"["1","1","room:quiet","phx_join",{}]"#)),
        (
            "an event of the server's own",
            Frame::text(r#"{"event":"pusher_internal:member_added","data":"{}"}"#),
        ),
        ("a channel that is a number", Frame::text(r#"{"event":"pusher:subscribe","data":{"channel":7}}"#)),
    ] {
        person.sends(frame).await;
        let error = person.hears_one("an error", |heard| heard["event"] == "pusher:error").await;
        assert_eq!(error["data"]["code"], 4300, "{what}");
        assert_stays(&person, what).await;
        bystanders.talk().await;
    }
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_cannot_be_had_is_refused_by_name_and_the_connection_stays() {
    let town = plan().start().await;
    let bystanders = Bystanders::of(&town).await;
    let person = comes(&town).await;
    let long = format!("private-room-{}", "x".repeat(129));
    for (what, channel, status) in [
        ("a user's channel, to nobody", "#server-to-user-7", 401),
        ("no signature, and no room", "private-chat", 401),
        ("a room without a name", "private-room-", 400),
        ("a name beyond the rules", "private-room-a b", 400),
        ("a wildcard of the bus", "private-room->", 400),
        ("a name that is too long", &long, 400),
        ("no signature", "private-room-quiet", 401),
    ] {
        let signed = format!("town:{}", "0".repeat(64));
        person
            .writes(
                json!({ "event": "pusher:subscribe", "data": { "channel": channel, "auth": signed } })
                    .to_string(),
            )
            .await;
        let refused =
            |heard: &Value| heard["event"] == "pusher:subscription_error" && heard["channel"] == channel;
        let error = person.hears_one(&format!("{channel} to be refused"), refused).await;
        let data: Value =
            serde_json::from_str(error["data"].as_str().unwrap_or_default()).unwrap_or_default();
        assert_eq!(data["status"], status, "{what}: {error}");
        assert_stays(&person, what).await;
        bystanders.talk().await;
    }
    person.writes(r#"{"event":"client-typing","channel":"private-room-quiet","data":{}}"#).await;
    let error = person.hears_one("an error", |heard| heard["event"] == "pusher:error").await;
    assert_eq!(error["data"]["code"], 4301, "a member of nothing has nothing to say: {error}");
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_come_in_or_goes_on_with_nonsense_is_told_the_code_that_the_connection_ends_with() {
    let town = plan().start().await;
    let bystanders = Bystanders::of(&town).await;
    for (what, visit, frame, count, code) in [
        ("another application", visit(&town).path("/app/other?protocol=7"), "", 0, 4001),
        ("a protocol that is not spoken", visit(&town).path("/app/town?protocol=99"), "", 0, 4300),
        ("a frame that is too large", visit(&town), &*" ".repeat(65_537), 1, 4300),
        ("nonsense without an end", visit(&town), "hello", 101, 4100),
    ] {
        let person = visit.enters().await.expect("a handshake");
        for _ in 0..count {
            person.writes(frame).await;
        }
        let farewell = |heard: &Value| heard["event"] == "pusher:error" && heard["data"]["code"] == code;
        person.hears_one(&format!("{code} for {what}"), farewell).await;
        assert_eq!(person.closed().await.code, Some(code), "{what}");
        bystanders.talk().await;
    }
    town.audit().await;
}

//! Nonsense in Action Cable: it is passed over, as Rails has it, or rejected; and it costs nobody else anything.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message as Frame;
use town::{Person, Town, Turned, Visit, probe};

use super::Bystanders;

const PROTOCOL: &str = "actioncable-v1-json";

fn visit(town: &Town) -> Visit {
    town.person("mallory").path("/cable").protocols(&[PROTOCOL, "actioncable-unsupported"])
}

async fn comes(town: &Town) -> Person {
    let person = visit(town).enters().await.expect("a handshake");
    assert_eq!(person.protocol(), Some(PROTOCOL));
    person.hears("welcome").await;
    person
}

fn subscribe(identifier: &str) -> String {
    json!({ "command": "subscribe", "identifier": identifier }).to_string()
}

/// It is still heard, and what came before was not answered.
async fn assert_stays(person: &Person, what: &str) {
    let identifier = r#"{"channel":"NoChannel"}"#;
    person.writes(subscribe(identifier)).await;
    assert_eq!(person.hears("reject_subscription").await["identifier"], identifier, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_passed_over_and_the_connection_stays() {
    let town = Town::new().start().await;
    let bystanders = Bystanders::of(&town).await;
    let person = comes(&town).await;
    let quiet = r#"{"channel":"RoomChannel","room":"quiet"}"#;
    let said = |data: Value| json!({ "command": "message", "identifier": quiet, "data": data.to_string() });
    for (what, frame) in [
        ("no JSON", Frame::text("hello")),
        ("a list", Frame::text("[]")),
        ("bytes", Frame::binary(&b"{}"[..])),
        ("no command", Frame::text("{}")),
        (
            "a command that nobody knows",
            Frame::text(json!({ "command": "dance", "identifier": quiet }).to_string()),
        ),
        ("the native dialect", Frame::text(r#"{"type":"join","room":"quiet"}"#)),
        (
            "out of what it is not in",
            Frame::text(json!({ "command": "unsubscribe", "identifier": quiet }).to_string()),
        ),
        (
            "into what it is not in",
            Frame::text(said(json!({ "action": "speak", "message": "hi" })).to_string()),
        ),
    ] {
        person.sends(frame).await;
        assert_stays(&person, what).await;
        bystanders.talk().await;
    }
    person.writes(subscribe(quiet)).await;
    assert_eq!(person.hears("confirm_subscription").await["identifier"], quiet);
    assert!(person.is_here());
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_of_it_ends_the_connection_with_a_word() {
    let town = Town::new().start().await;
    let bystanders = Bystanders::of(&town).await;
    for (what, frame, count, reason, close_code) in [
        ("nonsense without an end", "hello".to_owned(), 101, "too_many", 1000),
        ("a frame that is too large", " ".repeat(65_537), 1, "invalid_request", 1000),
    ] {
        let person = comes(&town).await;
        for _ in 0..count {
            person.writes(frame.clone()).await;
        }
        let farewell = person.hears("disconnect").await;
        assert_eq!(
            (&farewell["reason"], person.closed().await.code),
            (&json!(reason), Some(close_code)),
            "{what}"
        );
        bystanders.talk().await;
    }
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_is_none_of_this_dialect_is_refused() {
    let town = Town::new().start().await;
    assert_eq!(probe::get(town.gateways[0].listen(), "/cable").await.unwrap().status, 426);
    let evil = visit(&town).header("origin", "https://evil.example");
    for (what, visit, status) in [
        ("the native subprotocol", town.person("mallory").path("/cable"), 400),
        ("another page's origin", evil, 403),
        ("this one where the native is spoken", visit(&town).path("/ws"), 400),
    ] {
        match visit.enters().await {
            Err(Turned::Away(answer)) => assert_eq!(answer, status, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

//! The server libraries of Pusher, `pusher` of npm and `pusher` of PyPI: what they publish is stored, and seen once.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};
use town::Town;

use super::page::{Page, libraries};
use super::pusher::{Caller, plan};

const CHANNEL: &str = "private-room-r7";
const PRESENCE: &str = "presence-room-r7";

/// An application's own server.
pub(super) struct Backend(Page, std::cell::Cell<usize>);

impl Backend {
    pub(super) fn new(page: Page, at: SocketAddr, app: &str, secret: &str) -> Self {
        let backend = Self(page, std::cell::Cell::new(0));
        let (host, port) = (at.ip().to_string(), at.port());
        backend.0.does(
            &json!({ "do": "configure", "app": app, "key": "town", "secret": secret, "host": host, "port": port }),
        );
        backend
    }

    pub(super) fn node(town: &Town, libraries: &Path, gateway: usize, name: &str) -> Self {
        let page = Page::open(town, libraries, "backend.js", name);
        Self::new(page, town.gateways[gateway].listen(), "3", "town-secret")
    }

    /// The same, which encrypts what is for encrypted channels.
    pub(super) fn with_master(
        town: &Town,
        libraries: &Path,
        gateway: usize,
        name: &str,
        master: &str,
    ) -> Self {
        let backend = Self::node(town, libraries, gateway, name);
        let at = town.gateways[gateway].listen();
        let (host, port) = (at.ip().to_string(), at.port());
        backend.0.does(&json!({
            "do": "configure", "app": "3", "key": "town", "secret": "town-secret",
            "host": host, "port": port, "master": master,
        }));
        backend
    }

    /// The answer to something that it is told to do.
    pub(super) async fn asks(&self, deed: Value) -> Value {
        self.0.does(&deed);
        let number = self.1.replace(self.1.get() + 1);
        self.0.shows(&format!("an answer to {deed}"), |events| events.get(number).cloned()).await
    }

    async fn publishes(&self, channels: &[&str], data: Value) -> Value {
        self.asks(json!({ "do": "trigger", "channels": channels, "event": "new_message", "data": data }))
            .await
    }
}

/// What stands in the log of a room, in order.
async fn log(town: &Town, room: &str) -> Vec<String> {
    let reader = town.person("reader").at(0).enters().await.expect("a handshake");
    let (messages, _) = reader.history(room, 0, 100).await;
    messages.iter().map(|message| format!("{}: {}", message.user, message.body)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_backends_publish_is_stored_once_and_seen_once_by_everybody() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let (ana, ben) = (Caller::open(&town, &libraries, "ana"), Caller::open(&town, &libraries, "ben"));
    ana.enters(town.gateways[0].listen(), "ana", CHANNEL).await;
    ben.enters(town.gateways[1].listen(), "ben", CHANNEL).await;
    let node = Backend::node(&town, &libraries, 0, "node");
    let mut said = Vec::new();
    // Two names of one room, and the same under one id again: one message.
    let hello = json!({ "message": "hello", "user": { "id": "dan", "username": "Dan" }, "client_id": "d-1" });
    for _ in 0..2 {
        let answer = node.publishes(&[CHANNEL, PRESENCE], hello.clone()).await;
        assert_eq!((&answer["status"], &answer["body"]["seq"]), (&json!(200), &json!(1)), "{answer}");
    }
    said.push("hello".to_owned());
    let events = ["two", "three"]
        .map(|text| json!({ "channel": CHANNEL, "name": "new_message", "data": { "message": text } }));
    let answer = node.asks(json!({ "do": "batch", "events": events })).await;
    assert_eq!(answer["body"]["batch"][1]["seq"], 3, "{answer}");
    said.extend(["two".to_owned(), "three".to_owned()]);
    if let Some(page) = Page::open_python(&town, &libraries, "backend.py", "python") {
        let python = Backend::new(page, town.gateways[1].listen(), "3", "town-secret");
        let answer = python.publishes(&[CHANNEL], json!({ "message": "four", "user_id": 7 })).await;
        assert_eq!((&answer["status"], &answer["body"]["seq"]), (&json!(200), &json!(4)), "{answer}");
        let events = [json!({ "channel": CHANNEL, "name": "new_message", "data": "five" })];
        let answer = python.asks(json!({ "do": "batch", "events": events })).await;
        assert_eq!(answer["body"]["batch"][0]["seq"], 5, "{answer}");
        said.extend(["four".to_owned(), "five".to_owned()]);
    }
    for caller in [&ana, &ben] {
        assert_eq!(caller.sees(CHANNEL, said.len()).await, said);
    }
    let first = &ana.called(CHANNEL, "new_message")[0];
    assert_eq!((&first["id"], &first["user"]["username"]), (&json!("d-1"), &json!("Dan")));
    let seen = cid.sees("r7", said.len()).await;
    assert_eq!(seen.iter().map(|message| &*message.body).collect::<Vec<_>>(), said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_message_is_stored_when_its_backend_is_answered() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let node = Backend::node(&town, &libraries, 0, "node");
    for number in 1..=20 {
        let answer =
            node.publishes(&["private-room-quiet"], json!({ "message": format!("m{number}") })).await;
        assert_eq!(answer["body"]["seq"], number, "{answer}");
        assert_eq!(log(&town, "quiet").await.last(), Some(&format!("server: m{number}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_backend_must_not_publish_is_refused_with_its_status() {
    let Some(libraries) = libraries() else { return };
    let town = plan().set("limits.body_bytes", 2000).start().await;
    let node = Backend::node(&town, &libraries, 0, "node");
    assert_eq!(node.publishes(&[CHANNEL], json!({ "message": "kept" })).await["status"], 200);
    let other = json!({ "do": "trigger", "channels": [CHANNEL], "event": "order-shipped", "data": {} });
    assert_eq!(node.asks(other).await["status"], 200, "it is told, and not stored");
    assert_eq!(node.publishes(&["private-chat"], json!({ "message": "x" })).await["status"], 200);
    assert_eq!(node.publishes(&[CHANNEL], json!({ "message": 7 })).await["status"], 400);
    assert_eq!(node.publishes(&[CHANNEL], json!({ "message": "x".repeat(2001) })).await["status"], 413);
    assert_eq!(node.publishes(&[CHANNEL], json!("x".repeat(10_241))).await["status"], 413);
    let again = json!({ "message": "one", "client_id": "same" });
    assert_eq!(node.publishes(&[CHANNEL], again).await["status"], 200);
    let other_text = json!({ "message": "two", "client_id": "same" });
    assert_eq!(node.publishes(&[CHANNEL], other_text).await["status"], 400);
    for (name, app, secret, status) in
        [("forged", "3", "another secret", 401), ("elsewhere", "4", "town-secret", 404)]
    {
        let page = Page::open(&town, &libraries, "backend.js", name);
        let backend = Backend::new(page, town.gateways[1].listen(), app, secret);
        assert_eq!(
            backend.publishes(&[CHANNEL], json!({ "message": "x" })).await["status"],
            status,
            "{name}"
        );
    }
    for (what, change, status) in [
        ("nothing", json!({}), 200),
        ("a clock that is late", json!({ "shift": -601 }), 401),
        ("a clock that is early", json!({ "shift": 605 }), 401),
        ("upper case", json!({ "upper": true }), 401),
        ("another body", json!({ "sends": "{}" }), 401),
        ("101 channels", json!({ "channels": 101 }), 400),
        ("11 events", json!({ "batch": 11 }), 400),
        ("no JSON", json!({ "body": "nonsense" }), 400),
    ] {
        let mut deed = json!({ "do": "forge", "secret": "town-secret" });
        deed.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(node.asks(deed).await["status"], status, "{what}");
    }
    assert_eq!(log(&town, "r7").await, ["server: kept", "server: one", "server: forged"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_may_sign_by_itself_and_needs_no_tokens() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let node = Backend::node(&town, &libraries, 0, "node");
    let signed = node.asks(json!({ "do": "authorize", "socket": "1.2", "channel": CHANNEL })).await;
    let auth = signed["signed"]["auth"].as_str().unwrap_or_default();
    assert!(auth.starts_with("town:") && auth.len() == 69, "{signed}");
    if let Some(page) = Page::open_python(&town, &libraries, "backend.py", "python") {
        let python = Backend::new(page, town.gateways[1].listen(), "3", "town-secret");
        let same = python.asks(json!({ "do": "authorize", "socket": "1.2", "channel": CHANNEL })).await;
        assert_eq!(signed["signed"]["auth"], same["signed"]["auth"]);
    }
    let (reader, ana) = (Caller::open(&town, &libraries, "reader"), Caller::open(&town, &libraries, "ana"));
    reader.is_signed_for(town.gateways[0].listen(), CHANNEL, &Value::Null).await;
    let user = json!({ "user_id": "ana", "user_info": { "name": "Ana" } });
    ana.is_signed_for(town.gateways[1].listen(), CHANNEL, &user).await;
    reader.says("nobody");
    reader.is_told("4301", |event| event["error"]["code"] == 4301).await;
    ana.says("somebody");
    for caller in [&reader, &ana] {
        assert_eq!(caller.sees(CHANNEL, 1).await, ["somebody"]);
    }
    assert_eq!(log(&town, "r7").await, ["ana: somebody"]);
}

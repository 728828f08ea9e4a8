//! The rest of Pusher's HTTP API, as its server libraries use it: what is asked about channels, who is left out of an event,
//! who is sent away, and who says who a page is of. On two gateways, as what is asked of one is true of both.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use town::Town;

use super::page::{Page, libraries};
use super::pusher::{Caller, plan};
use super::pusher_backends::Backend;

const CHANNEL: &str = "private-room-r7";
const PRESENCE: &str = "presence-room-r7";

/// Only bounds a hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until the answer is this one: what happens elsewhere is known a little later.
async fn comes_to(backend: &Backend, deed: Value, expected: &Value) {
    let mut last = Value::Null;
    let asked = timeout(PATIENCE, async {
        loop {
            last = backend.asks(deed.clone()).await;
            if last["body"] == *expected {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(asked.await.is_ok(), "{deed} was answered with {last}, and not with {expected}");
}

fn python(town: &Town, libraries: &Path, gateway: usize) -> Option<Backend> {
    let page = Page::open_python(town, libraries, "backend.py", "python")?;
    Some(Backend::new(page, town.gateways[gateway].listen(), "3", "town-secret"))
}

/// What the library of npm asks for.
fn look(path: &str, params: &Value) -> Value {
    json!({ "do": "look", "path": path, "params": params })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_about_channels_is_answered_for_all_gateways() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let (first, second) = (town.gateways[0].listen(), town.gateways[1].listen());
    let node = Backend::node(&town, &libraries, 0, "node");
    let nobody = json!({ "occupied": false, "subscription_count": 0 });
    comes_to(&node, look(&format!("/channels/{CHANNEL}"), &json!({ "info": "subscription_count" })), &nobody)
        .await;
    let (ana, ben) = (Caller::open(&town, &libraries, "ana"), Caller::open(&town, &libraries, "ben"));
    ana.enters(first, "ana", CHANNEL).await;
    ana.subscribes(PRESENCE).await;
    ben.enters(second, "ben", PRESENCE).await;
    let _cid = town.person("cid").at(1).joins("r7").await;
    // Three users, one of whom speaks another dialect; two subscriptions of the one channel, and one of the other.
    let numbers = json!({ "user_count": 3, "subscription_count": 2 });
    let both = "user_count,subscription_count";
    let presence = json!({ "filter_by_prefix": "presence-", "info": both });
    comes_to(&node, look("/channels", &presence), &json!({ "channels": { PRESENCE: numbers } })).await;
    comes_to(&node, look("/channels", &json!({})), &json!({ "channels": { PRESENCE: {}, CHANNEL: {} } }))
        .await;
    let one = json!({ "occupied": true, "user_count": 3, "subscription_count": 2 });
    comes_to(&node, look(&format!("/channels/{PRESENCE}"), &json!({ "info": both })), &one).await;
    let users = json!({ "users": [{ "id": "ana" }, { "id": "ben" }, { "id": "cid" }] });
    comes_to(&node, look(&format!("/channels/{PRESENCE}/users"), &json!({})), &users).await;
    assert_eq!(node.asks(look(&format!("/channels/{CHANNEL}/users"), &json!({}))).await["status"], 400);
    assert_eq!(node.asks(look("/channels", &json!({ "info": "user_count" }))).await["status"], 400);
    if let Some(python) = python(&town, &libraries, 1) {
        let all = json!({ "channels": { PRESENCE: { "user_count": 3 } } });
        let deed = json!({ "do": "channels", "prefix": "presence-", "info": ["user_count"] });
        comes_to(&python, deed, &all).await;
        let deed = json!({ "do": "channel", "name": CHANNEL, "info": ["subscription_count"] });
        comes_to(&python, deed, &json!({ "occupied": true, "subscription_count": 1 })).await;
        comes_to(&python, json!({ "do": "users", "name": PRESENCE }), &users).await;
    }
    ben.does(&json!({ "do": "unsubscribe", "channel": PRESENCE }));
    let one = json!({ "occupied": true, "user_count": 2, "subscription_count": 1 });
    comes_to(&node, look(&format!("/channels/{PRESENCE}"), &json!({ "info": both })), &one).await;
    // What an event is told about its channels: of those that were asked about, and of both gateways.
    let info = json!({ "info": "subscription_count" });
    let event = json!({
        "do": "trigger", "channels": [CHANNEL, PRESENCE], "event": "order", "data": {}, "params": info,
    });
    let counts = json!({ CHANNEL: { "subscription_count": 1 }, PRESENCE: { "subscription_count": 1 } });
    assert_eq!(node.asks(event).await["body"], json!({ "channels": counts }));
    for (name, app, secret, status) in
        [("forged", "3", "another secret", 401), ("elsewhere", "4", "town-secret", 404)]
    {
        let page = Page::open(&town, &libraries, "backend.js", name);
        let backend = Backend::new(page, first, app, secret);
        for deed in [look("/channels", &json!({})), json!({ "do": "terminate", "user": "ana" })] {
            assert_eq!(backend.asks(deed).await["status"], status, "{name}");
        }
    }
    assert_eq!((ana.states("disconnected"), ben.states("disconnected")), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_sent_a_message_to_its_backend_is_not_shown_it_and_everybody_else_is() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let (first, second) = (town.gateways[0].listen(), town.gateways[1].listen());
    let cid = town.person("cid").at(0).joins("r7").await;
    let (echo, page) = (Caller::open(&town, &libraries, "echo"), Caller::open(&town, &libraries, "page"));
    let other = Caller::open(&town, &libraries, "other");
    echo.enters_by_echo(first, "ana").await;
    page.enters(second, "ben", CHANNEL).await;
    page.subscribes(PRESENCE).await;
    // Another page of the same user is not left out.
    other.enters(second, "ben", CHANNEL).await;
    let (echoes, pages) = (echo.socket().await, page.socket().await);
    let node = Backend::node(&town, &libraries, 0, "node");
    let python = python(&town, &libraries, 1);
    let (mut all, mut to_echo, mut to_page) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..8 {
        for (who, socket) in [("echo", Some(&echoes)), ("page", Some(&pages)), ("nobody", None)] {
            let text = format!("{who} {round}");
            let params = socket.map_or(json!({}), |socket| json!({ "socket_id": socket }));
            let data = json!({ "message": text });
            let event =
                json!({ "do": "trigger", "channels": [CHANNEL], "event": "new_message", "data": data });
            let answer = match &python {
                Some(python) if round % 2 == 1 => {
                    let mut event = event;
                    event["socket"] = socket.map_or(Value::Null, |socket| json!(socket));
                    python.asks(event).await
                }
                _ => {
                    let mut event = event;
                    event["params"] = params;
                    node.asks(event).await
                }
            };
            assert_eq!(answer["body"]["seq"], all.len() + 1, "{answer}");
            all.push(text.clone());
            if who != "echo" {
                to_echo.push(text.clone());
            }
            if who != "page" {
                to_page.push(text);
            }
        }
    }
    let event = json!({ "channel": CHANNEL, "name": "new_message", "data": { "message": "batch" }, "socket_id": pages });
    let answer = node.asks(json!({ "do": "batch", "events": [event] })).await;
    assert_eq!(answer["body"]["batch"][0]["seq"], all.len() + 1, "{answer}");
    all.push("batch".to_owned());
    to_echo.push("batch".to_owned());
    cid.says("r7", "the end").await;
    for list in [&mut all, &mut to_echo, &mut to_page] {
        list.push("the end".to_owned());
    }
    assert_eq!(other.sees(CHANNEL, all.len()).await, all);
    for channel in [CHANNEL, PRESENCE] {
        assert_eq!(page.sees(channel, to_page.len()).await, to_page, "{channel}");
    }
    let shown = echo.is_called("room-r7", ".new_message", to_echo.len()).await;
    assert_eq!(shown.iter().map(|data| data["message"].as_str().unwrap()).collect::<Vec<_>>(), to_echo);
    let seen = cid.sees("r7", all.len()).await;
    assert_eq!(seen.iter().map(|message| &*message.body).collect::<Vec<_>>(), all);
    let event = json!({
        "do": "trigger", "channels": [CHANNEL], "event": "order", "data": { "n": 1 }, "params": { "socket_id": pages },
    });
    assert_eq!(node.asks(event).await["status"], 200);
    other.is_called(CHANNEL, "order", 1).await;
    assert!(page.called(CHANNEL, "order").is_empty(), "nor what is no message");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_sent_away_from_the_other_gateway_for_good_and_nobody_else_is() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let (first, second) = (town.gateways[0].listen(), town.gateways[1].listen());
    let native = town.person("ana").at(0).joins("r7").await;
    let open = |name| Caller::open(&town, &libraries, name);
    let (ana, anas_other, ben) = (open("ana"), open("anas other"), open("ben"));
    ana.enters(first, "ana", CHANNEL).await;
    anas_other.enters(second, "ana", CHANNEL).await;
    ben.enters(first, "ben", CHANNEL).await;
    let node = Backend::node(&town, &libraries, 1, "node");
    let answer = node.asks(json!({ "do": "terminate", "user": "ana" })).await;
    assert_eq!((&answer["status"], &answer["body"]), (&json!(200), &json!({})), "{answer}");
    for caller in [&ana, &anas_other] {
        caller.is_told("4009", |event| event["error"]["code"] == 4009).await;
        caller.is_in_state("disconnected", 1).await;
    }
    native.says("r7", "still here").await;
    assert_eq!(ben.sees(CHANNEL, 1).await, ["still here"]);
    if let Some(python) = python(&town, &libraries, 1) {
        let answer = python.asks(json!({ "do": "terminate", "user": "ben" })).await;
        assert_eq!(answer["status"], 200, "{answer}");
        ben.is_in_state("disconnected", 1).await;
    }
    for caller in [&ana, &anas_other] {
        assert_eq!(
            (caller.states("connected"), caller.states("disconnected")),
            (1, 1),
            "it does not come back"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_signs_in_with_its_token_and_is_told_what_is_for_its_user_alone() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let (first, second) = (town.gateways[0].listen(), town.gateways[1].listen());
    let (ana, ben) = (Caller::open(&town, &libraries, "ana"), Caller::open(&town, &libraries, "ben"));
    ana.enters(first, "ana", CHANNEL).await;
    ben.enters(second, "ben", CHANNEL).await;
    for caller in [&ana, &ben] {
        caller.does(&json!({ "do": "signin" }));
        caller.is_called("user", "signed in", 1).await;
    }
    let node = Backend::node(&town, &libraries, 1, "node");
    for user in ["ana", "ben"] {
        let own = json!({ "occupied": true });
        comes_to(&node, look(&format!("/channels/%23server-to-user-{user}"), &json!({})), &own).await;
        let deed = json!({ "do": "send_to_user", "user": user, "event": "order", "data": { "for": user } });
        assert_eq!(node.asks(deed).await["status"], 200);
    }
    for (caller, user) in [(&ana, "ana"), (&ben, "ben")] {
        assert_eq!(caller.is_called("user", "order", 1).await, [json!({ "for": user })]);
    }
    assert_eq!(node.asks(json!({ "do": "terminate", "user": "ana" })).await["status"], 200);
    ana.is_in_state("disconnected", 1).await;
    assert_eq!((ana.called("user", "order").len(), ben.called("user", "order").len()), (1, 1));
    assert_eq!(ben.states("disconnected"), 0);
}

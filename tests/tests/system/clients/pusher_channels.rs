//! Channels of Pusher that are no rooms, with `pusher-js` on two gateways and the server library as the backend.

use serde_json::{Value, json};
use town::Town;

use super::page::libraries;
use super::pusher::{Caller, plan};
use super::pusher_backends::Backend;

/// The key of an application with which it encrypts what nobody on the way is to read.
const MASTER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A page at each gateway, with what its application knows of its user.
fn two(town: &Town, libraries: &std::path::Path) -> [Caller; 2] {
    let caller = |at: usize, id: &str| {
        let caller = Caller::open(town, libraries, id);
        let user = json!({ "user_id": id, "user_info": { "name": id, "roles": ["x"] } });
        caller.comes_signed(town.gateways[at].listen(), &json!({ "user": user, "master": MASTER }));
        caller
    };
    [caller(0, "ana"), caller(1, "ben")]
}

impl Backend {
    async fn broadcasts(&self, channels: &[&str], data: Value) {
        let deed = json!({ "do": "trigger", "channels": channels, "event": "order", "data": data });
        let answer = self.asks(deed).await;
        assert_eq!(answer["status"], 200, "{answer}");
    }
}

/// Everything that came in a channel under a name, on the wire.
fn wire(caller: &Caller, channel: &str, event: &str) -> Vec<Value> {
    let came = |frame: &Value| frame["in"]["event"] == event && frame["in"]["channel"] == channel;
    caller.events().into_iter().filter(came).map(|frame| frame["in"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_backend_broadcasts_is_told_once_through_every_gateway_while_somebody_listens() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let pages = two(&town, &libraries);
    let backend = Backend::node(&town, &libraries, 0, "backend");
    for (n, channel) in ["news", "private-orders", "presence-lobby"].into_iter().enumerate() {
        for page in &pages {
            page.subscribes(channel).await;
        }
        for round in 0..3 {
            backend.broadcasts(&[channel], json!({ "n": n, "round": round })).await;
        }
        let expected: Vec<_> = (0..3).map(|round| json!({ "n": n, "round": round })).collect();
        for page in &pages {
            assert_eq!(page.is_called(channel, "order", 3).await, expected, "{channel}");
        }
    }
    // Who has left is told nothing more; what the others get behind it shows that it was said.
    pages[1].does(&json!({ "do": "unsubscribe", "channel": "news" }));
    let left = json!({ "out": { "event": "pusher:unsubscribe", "data": { "channel": "news" } } });
    pages[1].is_told("unsubscribe on the wire", |event| *event == left).await;
    pages[1].subscribes("behind").await;
    backend.broadcasts(&["news", "behind"], json!("last")).await;
    assert_eq!(pages[1].is_called("behind", "order", 1).await, ["last"]);
    assert_eq!(pages[0].is_called("news", "order", 4).await[3], "last");
    assert_eq!(wire(&pages[1], "news", "order").len(), 3);
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_encrypted_only_pages_read() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let channel = "private-encrypted-orders";
    let pages = two(&town, &libraries);
    for page in &pages {
        page.subscribes(channel).await;
    }
    let backend = Backend::with_master(&town, &libraries, 0, "backend", MASTER);
    backend.broadcasts(&[channel], json!({ "secret": "hush" })).await;
    for page in &pages {
        assert_eq!(page.is_called(channel, "order", 1).await, [json!({ "secret": "hush" })]);
        let frames = wire(page, channel, "order");
        assert!(frames.len() == 1 && frames[0]["data"]["ciphertext"].is_string(), "{frames:?}");
        assert!(!frames[0].to_string().contains("hush"));
    }
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn client_events_go_to_the_others_where_they_may_be() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let pages = two(&town, &libraries);
    for channel in ["private-orders", "presence-lobby", "news", "private-encrypted-orders"] {
        for page in &pages {
            page.subscribes(channel).await;
        }
    }
    for channel in ["private-orders", "presence-lobby"] {
        pages[0].triggers(channel, "client-move", &json!({ "x": 1 }));
        assert_eq!(pages[1].is_called(channel, "client-move", 1).await, [json!({ "x": 1 })]);
    }
    assert_eq!(wire(&pages[1], "presence-lobby", "client-move")[0]["user_id"], "ana");
    assert_eq!(wire(&pages[1], "private-orders", "client-move")[0]["user_id"], Value::Null);
    for channel in ["news", "private-encrypted-orders", "private-elsewhere"] {
        let frame = json!({ "event": "client-move", "channel": channel, "data": {} });
        pages[0].does(&json!({ "do": "raw", "frame": frame }));
    }
    let refused = |event: &Value| event["error"]["code"] == 4301;
    pages[0].is_told_times("4301", refused, 3).await;
    pages[1].triggers("private-orders", "client-end", &json!({}));
    pages[0].is_called("private-orders", "client-end", 1).await;
    assert!(pages[0].called("private-orders", "client-move").is_empty(), "one's own is not shown");
    for channel in ["news", "private-encrypted-orders"] {
        assert!(wire(&pages[1], channel, "client-move").is_empty());
    }
    assert_eq!(pages[0].states("connected"), 1);
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_enters_a_cache_channel_gets_the_last_whichever_gateway_heard_it() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let backend = Backend::node(&town, &libraries, 0, "backend");
    let [ana, ben] = two(&town, &libraries);
    // Nobody listens anywhere.
    for channel in ["cache-price", "private-cache-price", "presence-cache-price"] {
        for price in [1, 2] {
            backend.broadcasts(&[channel], json!({ "price": price })).await;
        }
        ben.subscribes(channel).await;
        assert_eq!(ben.is_called(channel, "order", 1).await, [json!({ "price": 2 })]);
        // The gateway that it enters by has never heard it; the other one has, and this one has by now.
        ana.subscribes(channel).await;
        assert_eq!(ana.is_called(channel, "order", 1).await, [json!({ "price": 2 })]);
        assert!(ben.called(channel, "pusher:cache_miss").is_empty());
    }
    ben.subscribes("cache-other").await;
    ben.is_called("cache-other", "pusher:cache_miss", 1).await;
    backend.broadcasts(&["cache-price"], json!({ "price": 3 })).await;
    assert_eq!(ben.is_called("cache-price", "order", 2).await[1], json!({ "price": 3 }));
    let late = Caller::open(&town, &libraries, "late");
    late.comes_signed(town.gateways[1].listen(), &json!({}));
    late.subscribes("cache-price").await;
    assert_eq!(late.is_called("cache-price", "order", 1).await, [json!({ "price": 3 })]);
    // What clients say is not kept.
    ben.triggers("private-cache-price", "client-price", &json!({ "price": 4 }));
    ana.is_called("private-cache-price", "client-price", 1).await;
    late.subscribes("private-cache-price").await;
    assert_eq!(late.is_called("private-cache-price", "order", 1).await, [json!({ "price": 2 })]);
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_know_each_other_with_all_that_was_signed_of_them_on_all_gateways() {
    let Some(libraries) = libraries() else { return };
    let mut town = plan().start().await;
    let [ana, ben] = two(&town, &libraries);
    let channel = "presence-lobby";
    ana.subscribes(channel).await;
    ben.subscribes(channel).await;
    let info = |id: &str| json!({ "name": id, "roles": ["x"] });
    let there = &ben.called(channel, "pusher:subscription_succeeded")[0];
    assert_eq!((&there["ana"], &there["ben"]), (&info("ana"), &info("ben")), "{there}");
    let added = ana.is_called(channel, "pusher:member_added", 1).await;
    assert_eq!(added, [json!({ "id": "ben", "info": info("ben") })]);
    ben.does(&json!({ "do": "unsubscribe", "channel": channel }));
    let removed = ana.is_called(channel, "pusher:member_removed", 1).await;
    assert_eq!(removed, [json!({ "id": "ben", "info": info("ben") })]);
    ben.subscribes(channel).await;
    ana.is_called(channel, "pusher:member_added", 2).await;
    town.gateways[1].kill9();
    ana.is_called(channel, "pusher:member_removed", 2).await;
    town.gateways[1].restart().await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_signed_in_is_told_what_is_for_that_user_alone() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let backend = Backend::node(&town, &libraries, 0, "backend");
    let [ana, ben] = two(&town, &libraries);
    for page in [&ana, &ben] {
        page.does(&json!({ "do": "signin" }));
        page.is_called("user", "signed in", 1).await;
    }
    let own = |event: &Value| {
        event["in"]["event"] == "pusher_internal:subscription_succeeded"
            && event["in"]["channel"] == "#server-to-user-ben"
    };
    ben.is_told("its own channel", own).await;
    let sent = json!({ "do": "send_to_user", "user": "ben", "event": "order", "data": { "n": 1 } });
    assert_eq!(backend.asks(sent).await["status"], 200);
    assert_eq!(ben.is_called("user", "order", 1).await, [json!({ "n": 1 })]);
    // Another user's channel, on the wire, as the library lets nobody subscribe to one.
    let subscribe = json!({ "channel": "#server-to-user-ben", "auth": "" });
    ana.does(&json!({ "do": "raw", "frame": { "event": "pusher:subscribe", "data": subscribe } }));
    let refused = |event: &Value| {
        event["in"]["event"] == "pusher:subscription_error" && event["in"]["data"]["status"] == 403
    };
    ana.is_told("a refusal", refused).await;
    let sent = json!({ "do": "send_to_user", "user": "ben", "event": "order", "data": { "n": 2 } });
    assert_eq!(backend.asks(sent).await["status"], 200);
    ben.is_called("user", "order", 2).await;
    assert!(ana.called("user", "order").is_empty());
    assert!(wire(&ana, "#server-to-user-ben", "order").is_empty());
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_is_none_opens_nothing() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let ana = Caller::open(&town, &libraries, "ana");
    let user = json!({ "user_id": "ana" });
    ana.comes_signed(town.gateways[0].listen(), &json!({ "secret": "another-secret", "user": user }));
    ana.is_in_state("connected", 1).await;
    for channel in ["private-orders", "presence-lobby", "private-encrypted-x", "private-cache-x"] {
        ana.does(&json!({ "do": "raw", "frame": {
            "event": "pusher:subscribe",
            "data": { "channel": channel, "auth": "town:00" },
        } }));
        let refused = |event: &Value| {
            event["in"]["event"] == "pusher:subscription_error" && event["in"]["channel"] == channel
        };
        ana.is_told("a refusal", refused).await;
    }
    ana.subscribes("news").await;
    assert_eq!(ana.states("connected"), 1);
    ana.does(&json!({ "do": "signin" }));
    ana.is_told("4009", |event| event["error"]["code"] == 4009).await;
    ana.is_in_state("disconnected", 1).await;
    town.audit().await;
}

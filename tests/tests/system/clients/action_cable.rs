//! `@rails/actioncable`, two of it on two gateways, and somebody with Parlor's own protocol in the same room.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use town::{Plan, Token, Town};

use super::page::{Page, calls, libraries};

/// The identifier that the library makes of `room(…)`, to the byte.
const IDENTIFIER: &str = r#"{"channel":"RoomChannel","room":"r7"}"#;

fn plan() -> Plan {
    Town::new().gateways(2).set("auth.query_token", true)
}

fn room(name: &str) -> Value {
    json!({ "channel": "RoomChannel", "room": name })
}

fn url(town: &Town, gateway: usize, query: &str) -> String {
    format!("ws://{}/cable{query}", town.gateways[gateway].listen())
}

/// One that has subscribed to room `r7`.
struct Cable(Page);

impl Cable {
    fn open(town: &Town, libraries: &Path, name: &str) -> Self {
        Self(Page::open(town, libraries, "action_cable.js", name))
    }

    /// Comes to a gateway, with a token in the URL.
    fn comes(&self, town: &Town, gateway: usize, user: &str) {
        let token = Token::of(user).claim("name", user.to_uppercase()).sign();
        self.0.does(&json!({ "do": "connect", "url": url(town, gateway, &format!("?token={token}")) }));
    }

    fn subscribes(&self, name: &str, params: &Value) {
        self.0.does(&json!({ "do": "subscribe", "as": name, "params": params }));
    }

    /// Waits until the application has been called so often.
    async fn is_called(&self, name: &str, callback: &str, times: usize) -> Vec<Value> {
        self.0.is_called(name, callback, times).await
    }

    fn speaks(&self, name: &str, text: &str) {
        let data = json!({ "message": text });
        self.0.does(&json!({ "do": "perform", "as": name, "action": "speak", "data": data }));
    }

    /// The texts that it was shown, once they are so many.
    async fn sees(&self, name: &str, count: usize) -> Vec<String> {
        let received = self.is_called(name, "received", count).await;
        received.iter().map(|data| data["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// How often the server has said this of an identifier.
    fn was_told(&self, kind: &str) -> usize {
        self.0.events().iter().filter(|event| event["in"]["type"] == kind).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_and_a_native_client_talk_in_one_room() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let (ana, ben) = (Cable::open(&town, &libraries, "ana"), Cable::open(&town, &libraries, "ben"));
    for (gateway, (cable, user)) in [(&ana, "ana"), (&ben, "ben")].into_iter().enumerate() {
        cable.comes(&town, gateway, user);
        cable.subscribes("room", &room("r7"));
        // The same again, and the same room in other words; the last one is not there.
        cable.subscribes("twice", &room("r7"));
        cable.subscribes("other words", &json!({ "channel": "RoomChannel", "room_id": "r7" }));
        cable.subscribes("nothing", &json!({ "channel": "AppearanceChannel" }));
    }
    for cable in [&ana, &ben] {
        for name in ["room", "twice", "other words"] {
            assert_eq!(cable.is_called(name, "connected", 1).await, [json!({ "reconnected": false })]);
        }
        cable.is_called("nothing", "rejected", 1).await;
    }
    let mut said = Vec::new();
    for round in 0..5 {
        // Each waits for the one before, so that there is one order that all must see.
        for (text, speaker) in
            [("ana", &ana), ("ben", &ben)].map(|(name, s)| (format!("{name} {round} 👍"), s))
        {
            speaker.speaks("room", &text);
            said.push(text);
            cid.sees("r7", said.len()).await;
        }
        let text = format!("cid {round}");
        cid.says("r7", &text).await;
        said.push(text);
    }
    for cable in [&ana, &ben] {
        for name in ["room", "twice", "other words"] {
            assert_eq!(cable.sees(name, said.len()).await, said, "once, and in this order: {name}");
        }
        assert_eq!(cable.was_told("confirm_subscription"), 2, "once for each identifier");
    }
    let seen = cid.sees("r7", said.len()).await;
    assert_eq!(seen.iter().map(|message| &*message.body).collect::<Vec<_>>(), said);
    let first = &ana.is_called("room", "received", 1).await[0];
    assert_eq!(first["user"], json!({ "id": "ana", "username": "ANA" }), "nothing more of a user");
    assert_eq!((&first["seq"], &first["room"]), (&json!(1), &json!("r7")));
    let created = first["created_at"].as_str().unwrap_or_default();
    assert!(created.starts_with("20") && created.ends_with('Z') && first["sent_at"] == created, "{first}");
    let audit = town.audit().await;
    assert_eq!((audit.asked, audit.shown), (5, 15));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_unsubscribes_is_shown_nothing_more_and_may_come_again() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let ana = Cable::open(&town, &libraries, "ana");
    ana.comes(&town, 0, "ana");
    ana.subscribes("room", &room("r7"));
    ana.subscribes("other", &room("kitchen"));
    ana.is_called("room", "connected", 1).await;
    ana.is_called("other", "connected", 1).await;
    cid.says("r7", "one").await;
    ana.sees("room", 1).await;
    ana.0.does(&json!({ "do": "unsubscribe", "as": "room" }));
    // What is said in the other room behind it shows that it was heard.
    ana.speaks("other", "gone");
    ana.sees("other", 1).await;
    let left = json!({ "out": { "command": "unsubscribe", "identifier": IDENTIFIER } });
    assert!(ana.0.events().contains(&left), "on the wire");
    cid.says("r7", "two").await;
    ana.subscribes("again", &room("r7"));
    ana.is_called("again", "connected", 1).await;
    cid.says("r7", "three").await;
    assert_eq!(ana.sees("again", 1).await, ["three"]);
    assert_eq!(ana.sees("room", 1).await, ["one"]);
    ana.subscribes("all", &json!({ "channel": "RoomChannel", "room": "r7", "since_seq": 0 }));
    ana.sees("all", 3).await;
    cid.says("r7", "four").await;
    assert_eq!(ana.sees("all", 4).await, ["one", "two", "three", "four"], "history, then what is live");
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_cut_off_comes_back_to_another_gateway_by_itself() {
    let Some(libraries) = libraries() else { return };
    let mut town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let ana = Cable::open(&town, &libraries, "ana");
    ana.comes(&town, 0, "ana");
    ana.subscribes("room", &room("r7"));
    ana.is_called("room", "connected", 1).await;
    cid.says("r7", "before").await;
    ana.sees("room", 1).await;
    town.gateways[0].kill9();
    let away = ana.is_called("room", "disconnected", 1).await;
    assert_eq!(away, [json!({ "willAttemptReconnect": true })]);
    let token = Token::of("ana").sign();
    ana.0.does(&json!({ "do": "moves", "url": url(&town, 1, &format!("?jid={token}")) }));
    ana.0.does(&json!({ "do": "look" }));
    ana.is_called("room", "connected", 2).await;
    ana.speaks("room", "after");
    assert_eq!(ana.sees("room", 2).await, ["before", "after"]);
    cid.sees("r7", 2).await;
    town.gateways[0].restart().await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_out_sends_pages_away_to_come_back_and_a_bad_token_for_good() {
    let Some(libraries) = libraries() else { return };
    let mut town = plan().start().await;
    let ana = Cable::open(&town, &libraries, "ana");
    ana.comes(&town, 0, "ana");
    ana.subscribes("room", &room("r7"));
    ana.is_called("room", "connected", 1).await;
    town.gateways[0].stop().await;
    let away = ana.is_called("room", "disconnected", 1).await;
    assert_eq!(away, [json!({ "willAttemptReconnect": true })]);
    let farewell = json!({ "type": "disconnect", "reason": "server_restart", "reconnect": true });
    assert!(ana.0.events().contains(&json!({ "in": farewell })));

    let expired = Token::of("ana").expired_for(Duration::from_hours(1)).sign();
    for (name, query, reason) in [
        ("nobody", String::new(), "unauthorized"),
        ("mallory", "?token=nonsense".to_owned(), "unauthorized"),
        ("late", format!("?token={expired}"), "token_expired"),
    ] {
        let cable = Cable::open(&town, &libraries, name);
        cable.0.does(&json!({ "do": "connect", "url": url(&town, 1, &query) }));
        cable.subscribes("room", &room("r7"));
        let away = cable.is_called("room", "disconnected", 1).await;
        assert_eq!(away, [json!({ "willAttemptReconnect": false })], "{name}");
        let frames: Vec<Value> = cable.0.events().iter().map(|event| event["in"].clone()).collect();
        let farewell = json!({ "type": "disconnect", "reason": reason, "reconnect": false });
        assert_eq!(frames.iter().filter(|frame| !frame.is_null()).collect::<Vec<_>>(), [&farewell]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_neither_speaks_nor_hears_anything_stays() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let ana = Cable::open(&town, &libraries, "ana");
    ana.comes(&town, 0, "ana");
    ana.subscribes("room", &room("r7"));
    ana.is_called("room", "connected", 1).await;
    // After twice six seconds without a frame the library would have given up, whenever it looks.
    let pings = |events: &[Value]| {
        let pings: Vec<i64> = events.iter().filter(|event| event["in"]["type"] == "ping").map(time).collect();
        let spanned = pings.last()? - pings.first()?;
        (spanned >= 12).then_some(pings)
    };
    let pings = ana.0.shows("pings for twelve seconds", pings).await;
    assert!(pings.is_sorted(), "{pings:?}");
    assert_eq!(calls(&ana.0.events(), "room", "disconnected"), Vec::<Value>::new());
    assert_eq!(ana.was_told("welcome"), 1);
}

/// When a ping was sent, in seconds since 1970.
fn time(event: &Value) -> i64 {
    event["in"]["message"].as_i64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_taken_from_a_subprotocol_and_from_the_cookie() {
    let Some(libraries) = libraries() else { return };
    let town = Town::new().set("action_cable.cookie", "chat_jwt").start().await;
    let token = Token::of("ana").sign();
    for (name, credential) in [
        ("parlor", json!({ "protocols": [format!("parlor.token.{token}")] })),
        ("anycable", json!({ "protocols": [format!("anycable-token.{token}")] })),
        ("cookie", json!({ "cookie": format!("theme=dark; chat_jwt={token}") })),
    ] {
        let cable = Cable::open(&town, &libraries, name);
        let mut connect = json!({ "do": "connect", "url": url(&town, 0, "") });
        connect.as_object_mut().unwrap().extend(credential.as_object().unwrap().clone());
        cable.0.does(&connect);
        cable.subscribes("room", &room("r7"));
        cable.is_called("room", "connected", 1).await;
    }
    // In the URL only where that is allowed.
    let cable = Cable::open(&town, &libraries, "url");
    cable.comes(&town, 0, "ana");
    cable.subscribes("room", &room("r7"));
    cable.is_called("room", "disconnected", 1).await;
    assert_eq!(cable.was_told("welcome"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_told_to_its_author_alone() {
    let Some(libraries) = libraries() else { return };
    let town = plan().set("limits.body_bytes", 100).start().await;
    let (ana, ben) = (Cable::open(&town, &libraries, "ana"), Cable::open(&town, &libraries, "ben"));
    for (gateway, (cable, user)) in [(&ana, "ana"), (&ben, "ben")].into_iter().enumerate() {
        cable.comes(&town, gateway, user);
        cable.subscribes("room", &room("r7"));
        cable.is_called("room", "connected", 1).await;
    }
    let long = json!({ "action": "speak", "client_id": "d-1", "message": "x".repeat(101) });
    ana.0.does(&json!({ "do": "send", "as": "room", "data": long }));
    ana.0.does(&json!({ "do": "perform", "as": "room", "action": "dance", "data": {} }));
    ana.0.does(&json!({ "do": "send", "as": "room", "data": { "body": "hi", "client_id": "d-2" } }));
    let received = ana.is_called("room", "received", 2).await;
    assert_eq!(
        (&received[0]["error"]["code"], &received[0]["client_id"]),
        (&json!("too_large"), &json!("d-1"))
    );
    assert_eq!((&received[1]["message"], &received[1]["id"]), (&json!("hi"), &json!("d-2")));
    assert_eq!(ben.sees("room", 1).await, ["hi"]);
    assert_eq!((received.len(), ben.was_told("disconnect")), (2, 0));
}

//! `@anycable/core` in its extended protocol, two of it on two gateways, and somebody with Parlor's own protocol in the
//! same room.

use std::path::Path;

use serde_json::{Value, json};
use town::{Plan, Token, Town};

use super::page::{Page, calls, libraries};

fn plan() -> Plan {
    Town::new().gateways(2)
}

/// One page.
struct Cable(Page);

impl Cable {
    fn open(town: &Town, libraries: &Path, name: &str) -> Self {
        Self(Page::open(town, libraries, "anycable.js", name))
    }

    /// Comes to a gateway, with a token in a subprotocol.
    fn comes(&self, town: &Town, gateway: usize, user: &str) {
        let token = Token::of(user).claim("name", user.to_uppercase()).sign();
        self.0.does(&json!({ "do": "connect", "url": url(town, gateway), "token": token }));
    }

    fn subscribes(&self, name: &str, room: &str) {
        self.0.does(&json!({ "do": "subscribe", "as": name, "params": { "room": room } }));
    }

    fn speaks(&self, name: &str, text: &str) {
        let data = json!({ "message": text });
        self.0.does(&json!({ "do": "perform", "as": name, "action": "speak", "data": data }));
    }

    /// Waits until an application's subscription has been called so often.
    async fn is_called(&self, name: &str, callback: &str, times: usize) -> Vec<Value> {
        self.0.is_called(name, callback, times).await
    }

    /// The texts that it was shown, once they are so many.
    async fn sees(&self, name: &str, count: usize) -> Vec<String> {
        let messages = self.is_called(name, "message", count).await;
        messages.iter().map(|data| data["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The frames of this type that the server has sent.
    fn was_told(&self, kind: &str) -> Vec<Value> {
        let frames = self.0.events().into_iter().map(|event| event["in"].clone());
        frames.filter(|frame| frame["type"] == kind).collect()
    }

    /// The histories that it has asked for.
    fn asked_for(&self) -> Vec<Value> {
        let frames = self.0.events().into_iter().map(|event| event["out"].clone());
        frames.filter(|frame| frame["command"] == "subscribe").map(|frame| frame["history"].clone()).collect()
    }
}

fn url(town: &Town, gateway: usize) -> String {
    format!("ws://{}/cable", town.gateways[gateway].listen())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_and_a_native_client_talk_in_one_room() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let (ana, ben) = (Cable::open(&town, &libraries, "ana"), Cable::open(&town, &libraries, "ben"));
    for (gateway, (cable, user)) in [(&ana, "ana"), (&ben, "ben")].into_iter().enumerate() {
        cable.comes(&town, gateway, user);
        cable.subscribes("room", "r7");
        assert_eq!(
            cable.is_called("room", "connect", 1).await,
            [json!({ "reconnect": false, "restored": false })]
        );
    }
    let mut said = Vec::new();
    for round in 0..5 {
        // Each waits for the one before, so that there is one order that all must see.
        for (name, cable) in [("ana", &ana), ("ben", &ben)] {
            let text = format!("{name} {round} 👍");
            cable.speaks("room", &text);
            said.push(text);
            cid.sees("r7", said.len()).await;
        }
        let text = format!("cid {round}");
        cid.says("r7", &text).await;
        said.push(text);
    }
    for cable in [&ana, &ben] {
        assert_eq!(cable.sees("room", said.len()).await, said, "once, and in this order");
        assert_eq!(cable.was_told("confirm_history").len(), 1, "of nothing that it had missed");
        let messages = cable.0.events().into_iter().filter(|event| event["on"] == "message");
        let places: Vec<_> = messages.map(|event| event["meta"].clone()).collect();
        let epoch = &places[0]["epoch"];
        let place = |offset: usize| json!({ "stream": "room:r7", "epoch": epoch, "offset": offset });
        assert_eq!(places, (1..=said.len()).map(place).collect::<Vec<_>>());
    }
    let first = &ana.is_called("room", "message", 1).await[0];
    assert_eq!(first["user"], json!({ "id": "ana", "username": "ANA" }));
    let audit = town.audit().await;
    assert_eq!((audit.asked, audit.shown), (5, 15));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_cut_off_goes_on_at_another_gateway_without_a_hole_or_a_double() {
    let Some(libraries) = libraries() else { return };
    let mut town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let dan = town.person("dan").at(1).joins("quiet").await;
    let ana = Cable::open(&town, &libraries, "ana");
    ana.comes(&town, 0, "ana");
    for (name, room) in [("room", "r7"), ("quiet", "quiet")] {
        ana.subscribes(name, room);
        ana.is_called(name, "connect", 1).await;
    }
    for text in ["one", "two"] {
        cid.says("r7", text).await;
    }
    ana.sees("room", 2).await;
    town.gateways[0].kill9();
    ana.is_called("room", "disconnect", 1).await;
    ana.0.does(&json!({ "do": "moves", "url": url(&town, 1) }));
    // What is said meanwhile, in a room of which it has a position and in one where it was shown nothing yet.
    let mut said = vec!["one".to_owned(), "two".to_owned()];
    for number in 0..30 {
        said.push(format!("meanwhile {number}"));
        cid.says("r7", &said[said.len() - 1]).await;
    }
    dan.says("quiet", "in the quiet room").await;
    ana.is_called("room", "connect", 2).await;
    cid.says("r7", "after").await;
    said.push("after".to_owned());
    assert_eq!(ana.sees("room", said.len()).await, said);
    assert_eq!(ana.sees("quiet", 1).await, ["in the quiet room"]);
    let reconnected = &ana.is_called("room", "connect", 2).await[1];
    assert_eq!(reconnected["reconnect"], json!(true));
    let asked = ana.asked_for();
    assert_eq!(asked.len(), 4, "each room twice");
    let position = asked.iter().filter(|history| history["streams"]["room:r7"]["offset"] == 2);
    assert_eq!(position.count(), 1, "its last position: {asked:?}");
    assert_eq!(ana.was_told("confirm_history").len(), 4);
    assert!(ana.was_told("reject_history").is_empty());
    town.gateways[0].restart().await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_away_for_too_long_is_told_to_load_what_was_said_by_other_means() {
    let Some(libraries) = libraries() else { return };
    let mut town = plan().set("limits.replay", 5).start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let ana = Cable::open(&town, &libraries, "ana");
    ana.comes(&town, 0, "ana");
    ana.subscribes("room", "r7");
    ana.is_called("room", "connect", 1).await;
    cid.says("r7", "before").await;
    ana.sees("room", 1).await;
    town.gateways[0].kill9();
    ana.is_called("room", "disconnect", 1).await;
    ana.0.does(&json!({ "do": "moves", "url": url(&town, 1) }));
    for number in 0..6 {
        cid.says("r7", &format!("meanwhile {number}")).await;
    }
    let lost = |events: &[Value]| {
        let info = calls(events, "room", "info");
        info.iter().any(|info| info["type"] == "history_not_found").then_some(())
    };
    ana.0.shows("that not all of it can be had", lost).await;
    cid.says("r7", "after").await;
    assert_eq!(ana.sees("room", 2).await, ["before", "after"], "the rest is not shown in part");
    town.gateways[0].restart().await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_unsubscribes_or_may_not_come_in_is_shown_nothing() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let ana = Cable::open(&town, &libraries, "ana");
    ana.comes(&town, 0, "ana");
    ana.subscribes("nothing", "no such room");
    assert_eq!(ana.is_called("nothing", "close", 1).await, [json!("SubscriptionRejectedError")]);
    ana.subscribes("room", "r7");
    ana.subscribes("other", "kitchen");
    ana.is_called("room", "connect", 1).await;
    ana.is_called("other", "connect", 1).await;
    cid.says("r7", "one").await;
    ana.sees("room", 1).await;
    ana.0.does(&json!({ "do": "unsubscribe", "as": "room" }));
    ana.is_called("room", "close", 1).await;
    // What is said in the other room behind it shows that it was heard.
    ana.speaks("other", "gone");
    ana.sees("other", 1).await;
    cid.says("r7", "two").await;
    ana.subscribes("again", "r7");
    ana.is_called("again", "connect", 1).await;
    cid.says("r7", "three").await;
    // It goes on from its last position, as the library keeps that.
    assert_eq!(ana.sees("again", 2).await, ["two", "three"]);
    assert_eq!(ana.sees("room", 1).await, ["one"]);

    let mallory = Cable::open(&town, &libraries, "mallory");
    mallory.0.does(&json!({ "do": "connect", "url": url(&town, 1), "token": "nonsense" }));
    let closed = |events: &[Value]| events.iter().find(|event| event["on"] == "close").cloned();
    assert_eq!(mallory.0.shows("sent away", closed).await["data"], "unauthorized");
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_see_who_is_there_and_whisper_to_each_other() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let (ana, ben) = (Cable::open(&town, &libraries, "ana"), Cable::open(&town, &libraries, "ben"));
    for (gateway, (cable, user)) in [(&ana, "ana"), (&ben, "ben")].into_iter().enumerate() {
        cable.comes(&town, gateway, user);
        cable.subscribes("room", "r7");
        cable.is_called("room", "connect", 1).await;
    }
    // A gateway that begins with a room asks the others first: who comes meanwhile is in the list, and told to nobody. It
    // answers when it knows.
    town.person("eve").at(1).await.asks(json!({ "type": "who", "room": "r7" })).await;
    // Whatever a page says of itself, its user is seen.
    ana.0.does(&json!({ "do": "join", "as": "room", "id": "boss", "info": { "admin": true } }));
    let there = [json!({ "type": "join", "id": "ana", "info": { "name": "ANA" } })];
    for cable in [&ana, &ben] {
        assert_eq!(cable.is_called("room", "presence", 1).await, there);
    }
    ben.0.does(&json!({ "do": "who", "as": "room" }));
    assert_eq!(ben.is_called("room", "who", 1).await, [json!({ "ana": { "name": "ANA" } })]);
    // Whoever joins a room with Parlor's own protocol is seen in it.
    let dan = town.person("dan").at(0).joins("r7").await;
    let joined = &ben.is_called("room", "presence", 3).await[2];
    assert_eq!((&joined["type"], &joined["id"]), (&json!("join"), &json!("dan")));

    ana.0.does(&json!({ "do": "whisper", "as": "room", "data": { "event": "typing", "x": 1 } }));
    assert_eq!(ben.is_called("room", "message", 1).await, [json!({ "event": "typing", "x": 1 })]);
    dan.says("r7", "behind the whisper").await;
    assert_eq!(ana.sees("room", 1).await, ["behind the whisper"], "nobody hears their own whisper");

    ana.0.does(&json!({ "do": "leave", "as": "room" }));
    let left = &ben.is_called("room", "presence", 4).await[3];
    assert_eq!(left, &json!({ "type": "leave", "id": "ana" }));
    town.audit().await;
}

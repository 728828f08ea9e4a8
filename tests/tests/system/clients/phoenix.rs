//! `phoenix`, two of it on two gateways, and somebody with Parlor's own protocol in the same room.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use town::{Plan, Token, Town};

use super::page::{Page, calls, libraries};

pub(super) fn plan() -> Plan {
    Town::new().gateways(2).set("auth.query_token", true)
}

pub(super) fn url(town: &Town, gateway: usize) -> String {
    format!("ws://{}/socket", town.gateways[gateway].listen())
}

pub(super) fn token(user: &str) -> String {
    Token::of(user).claim("name", user.to_uppercase()).sign()
}

/// A page with a socket.
pub(super) struct Phoenix(pub(super) Page);

impl Phoenix {
    pub(super) fn open(town: &Town, libraries: &Path, name: &str) -> Self {
        Self(Page::open(town, libraries, "phoenix.js", name))
    }

    /// Comes to a gateway, with a token among the parameters.
    fn comes(&self, town: &Town, gateway: usize, user: &str) {
        self.comes_with(town, gateway, &json!({ "params": { "token": token(user) } }));
    }

    fn comes_with(&self, town: &Town, gateway: usize, details: &Value) {
        let (params, options) = (&details["params"], &details["options"]);
        let connect =
            json!({ "do": "connect", "url": url(town, gateway), "params": params, "options": options });
        self.0.does(&connect);
    }

    pub(super) fn joins(&self, name: &str, topic: &str) {
        self.0.does(&json!({ "do": "join", "as": name, "topic": topic }));
    }

    pub(super) fn adds(&self, name: &str, text: &str) {
        self.pushes(name, "message:add", &json!({ "message": text }));
    }

    pub(super) fn pushes(&self, name: &str, event: &str, payload: &Value) {
        self.0.does(&json!({ "do": "push", "as": name, "event": event, "payload": payload }));
    }

    /// Waits until the application has been called so often, and says with what.
    pub(super) async fn is_called(&self, name: &str, callback: &str, times: usize) -> Vec<Value> {
        self.0.is_called(name, callback, times).await
    }

    /// The texts that it was shown, once they are so many.
    pub(super) async fn sees(&self, name: &str, count: usize) -> Vec<String> {
        let shown = self.is_called(name, "message", count).await;
        shown.iter().map(|message| message["content"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Waits until `Presence` lists these users with so many connections each.
    pub(super) async fn lists(&self, name: &str, users: &[(&str, usize)]) {
        let mut expected: Vec<_> =
            users.iter().map(|(id, count)| json!({ "id": id, "count": count })).collect();
        expected.sort_by_key(Value::to_string);
        let listed = |events: &[Value]| {
            let mut listed = calls(events, name, "sync").last()?.as_array()?.clone();
            listed.sort_by_key(Value::to_string);
            (listed == expected).then_some(())
        };
        self.0.shows(&format!("{name} lists {users:?}"), listed).await;
    }

    /// Waits until an event has happened so often whose field `name` is `value`.
    pub(super) async fn notes(&self, name: &str, value: &Value, times: usize) {
        let count = |events: &[Value]| events.iter().filter(|event| event[name] == *value).count();
        self.0.shows(&format!("{name}: {value}"), |events| (count(events) >= times).then_some(())).await;
    }

    /// The frames that came with this event.
    fn was_told(&self, event: &str) -> Vec<Value> {
        let told = self.0.events().into_iter().map(|event| event["in"].clone());
        told.filter(|frame| frame[3] == event).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_phoenix_pages_and_a_native_client_talk_in_one_room() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let (ana, ben) = (Phoenix::open(&town, &libraries, "ana"), Phoenix::open(&town, &libraries, "ben"));
    for (gateway, (page, user)) in [(&ana, "ana"), (&ben, "ben")].into_iter().enumerate() {
        page.comes(&town, gateway, user);
        page.joins("room", "room:r7");
        page.joins("nothing", "lobby");
        let joined = &page.is_called("room", "ok", 1).await[0];
        assert_eq!((&joined["room"], &joined["seq"]), (&json!("r7"), &json!(0)));
        assert_eq!(joined["user"], json!({ "id": user, "username": user.to_uppercase() }));
        assert_eq!(page.is_called("nothing", "error", 1).await[0], json!({ "reason": "unmatched topic" }));
    }
    let mut said = Vec::new();
    for round in 0..5 {
        // Each waits for the one before, so that there is one order that all must see.
        for (name, page) in [("ana", &ana), ("ben", &ben)] {
            let text = format!("{name} {round} 👍");
            page.adds("room", &text);
            said.push(text);
            let answers = page.is_called("room", "push ok", round + 1).await;
            assert_eq!(answers[round]["seq"], said.len(), "{answers:?}");
        }
        let text = format!("cid {round}");
        cid.says("r7", &text).await;
        said.push(text);
    }
    for page in [&ana, &ben] {
        assert_eq!(page.sees("room", said.len()).await, said, "once, and in this order");
    }
    let seen = cid.sees("r7", said.len()).await;
    assert_eq!(seen.iter().map(|message| &*message.body).collect::<Vec<_>>(), said);
    let first = &ana.is_called("room", "message", 1).await[0];
    assert_eq!(first["user"], json!({ "id": "ana", "username": "ANA" }), "nothing more of a user");
    assert_eq!(first["seq"], 1);
    let audit = town.audit().await;
    assert_eq!((audit.asked, audit.shown), (5, 15));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_a_channel_is_shown_nothing_more_and_may_come_again() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let ana = Phoenix::open(&town, &libraries, "ana");
    ana.comes(&town, 0, "ana");
    for (name, topic) in [("room", "room:r7"), ("other", "room:kitchen")] {
        ana.joins(name, topic);
        ana.is_called(name, "ok", 1).await;
    }
    cid.says("r7", "one").await;
    ana.sees("room", 1).await;
    ana.0.does(&json!({ "do": "leave", "as": "room" }));
    ana.is_called("room", "closed", 1).await;
    // What is said in the other room behind it shows that it was heard.
    ana.adds("other", "gone");
    ana.sees("other", 1).await;
    assert_eq!(ana.was_told("phx_close").len(), 1);
    cid.says("r7", "two").await;
    // A second join of the same topic ends the first membership, and the others are not disturbed.
    ana.joins("again", "room:r7");
    ana.is_called("again", "ok", 1).await;
    cid.says("r7", "three").await;
    assert_eq!(ana.sees("again", 1).await, ["three"]);
    assert_eq!(ana.sees("room", 1).await, ["one"]);
    let all = json!({ "do": "join", "as": "all", "topic": "room:r7", "params": { "last_seq": "0" } });
    ana.0.does(&all);
    ana.sees("all", 3).await;
    cid.says("r7", "four").await;
    assert_eq!(ana.sees("all", 4).await, ["one", "two", "three", "four"], "history, then what is live");
    assert_eq!(ana.sees("again", 1).await, ["three"], "the library has left it for the new one");
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_cut_off_comes_back_to_another_gateway_and_misses_nothing() {
    let Some(libraries) = libraries() else { return };
    let mut town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let ana = Phoenix::open(&town, &libraries, "ana");
    ana.comes(&town, 0, "ana");
    ana.0.does(&json!({ "do": "join", "as": "room", "topic": "room:r7", "resumes": true }));
    ana.is_called("room", "ok", 1).await;
    cid.says("r7", "before").await;
    ana.sees("room", 1).await;
    town.gateways[0].kill9();
    ana.is_called("room", "error", 1).await;
    let meanwhile: Vec<_> = (0..20).map(|number| format!("meanwhile {number}")).collect();
    for text in &meanwhile {
        cid.says("r7", text).await;
    }
    ana.0.does(&json!({ "do": "moves", "url": url(&town, 1) }));
    ana.is_called("room", "ok", 2).await;
    ana.adds("room", "after");
    ana.is_called("room", "push ok", 1).await;
    let said = [&["before".to_owned()][..], &meanwhile, &["after".to_owned()]].concat();
    assert_eq!(ana.sees("room", said.len()).await, said);
    cid.sees("r7", said.len()).await;
    town.gateways[0].restart().await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_out_sends_phoenix_pages_away_to_come_back() {
    let Some(libraries) = libraries() else { return };
    let mut town = plan().start().await;
    let ana = Phoenix::open(&town, &libraries, "ana");
    ana.comes(&town, 0, "ana");
    ana.0.does(&json!({ "do": "join", "as": "room", "topic": "room:r7", "resumes": true }));
    ana.is_called("room", "ok", 1).await;
    ana.adds("room", "one");
    ana.sees("room", 1).await;
    ana.0.does(&json!({ "do": "moves", "url": url(&town, 1) }));
    town.gateways[0].stop().await;
    ana.notes("closed", &json!(1012), 1).await;
    ana.is_called("room", "ok", 2).await;
    ana.adds("room", "two");
    assert_eq!(ana.sees("room", 2).await, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_token_is_refused_until_there_is_a_good_one() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let expired = Token::of("ana").expired_for(Duration::from_hours(1)).sign();
    for (name, params) in [
        ("nobody", json!({})),
        ("mallory", json!({ "token": "nonsense" })),
        ("late", json!({ "token": expired })),
    ] {
        let page = Phoenix::open(&town, &libraries, name);
        page.comes_with(&town, 0, &json!({ "params": params }));
        page.joins("room", "room:r7");
        page.notes("failed", &json!("Unexpected server response: 403"), 2).await;
        page.0.does(&json!({ "do": "moves", "params": { "token": token(name) } }));
        page.is_called("room", "ok", 1).await;
    }
    let old = Phoenix::open(&town, &libraries, "old");
    old.comes_with(&town, 0, &json!({ "params": { "token": token("old") }, "options": { "vsn": "3.0.0" } }));
    old.notes("failed", &json!("Unexpected server response: 403"), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auth_token_is_taken_from_its_subprotocol() {
    let Some(libraries) = libraries() else { return };
    let town = Town::new().start().await;
    let ana = Phoenix::open(&town, &libraries, "ana");
    ana.comes_with(&town, 0, &json!({ "options": { "authToken": token("ana") } }));
    ana.notes("open", &json!("phoenix"), 1).await;
    ana.joins("room", "room:r7");
    ana.is_called("room", "ok", 1).await;
    // In the URL only where that is allowed.
    let url = Phoenix::open(&town, &libraries, "url");
    url.comes(&town, 0, "ana");
    url.notes("failed", &json!("Unexpected server response: 403"), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_told_to_its_author_alone() {
    let Some(libraries) = libraries() else { return };
    let town = plan().set("limits.body_bytes", 100).start().await;
    let (ana, ben) = (Phoenix::open(&town, &libraries, "ana"), Phoenix::open(&town, &libraries, "ben"));
    for (gateway, (page, user)) in [(&ana, "ana"), (&ben, "ben")].into_iter().enumerate() {
        page.comes(&town, gateway, user);
        page.joins("room", "room:r7");
        page.is_called("room", "ok", 1).await;
    }
    ana.pushes("room", "message:add", &json!({ "message": "x".repeat(101) }));
    ana.pushes("room", "dance", &json!({}));
    ana.0.does(&json!({ "do": "push", "as": "room", "event": "message:add", "bytes": [104, 105] }));
    let refused = ana.is_called("room", "push error", 3).await;
    let reasons: Vec<_> = refused.iter().map(|response| &response["reason"]).collect();
    assert_eq!(reasons, ["too_long", "unknown event", "binary not supported"]);
    for _ in 0..2 {
        ana.pushes("room", "new_msg", &json!({ "body": "hi", "client_id": "d-1" }));
    }
    let taken = ana.is_called("room", "push ok", 2).await;
    assert_eq!(
        (&taken[0], &taken[0]["id"]),
        (&taken[1], &json!("d-1")),
        "the same again is no second message"
    );
    ana.adds("room", "last");
    assert_eq!(ben.sees("room", 2).await, ["hi", "last"]);
    assert_eq!(calls(&ana.0.events(), "room", "error"), Vec::<Value>::new(), "it has stayed a member");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_there_and_who_writes_is_told_across_gateways_and_dialects() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let (ana, ben) = (Phoenix::open(&town, &libraries, "ana"), Phoenix::open(&town, &libraries, "ben"));
    let other = Phoenix::open(&town, &libraries, "ana elsewhere");
    for (page, gateway, user) in [(&ana, 0, "ana"), (&ben, 1, "ben"), (&other, 1, "ana")] {
        page.comes(&town, gateway, user);
        page.joins("room", "room:r7");
    }
    for page in [&ana, &ben, &other] {
        page.lists("room", &[("ana", 2), ("ben", 1), ("cid", 1)]).await;
    }
    ben.pushes("room", "typing", &json!({}));
    ben.is_called("room", "push ok", 1).await;
    let user = json!({ "id": "ben", "username": "BEN" });
    for page in [&ana, &other] {
        assert_eq!(page.is_called("room", "typing", 1).await, [json!({ "user": user })]);
    }
    assert_eq!(cid.hears("typing").await["user"]["id"], "ben");
    assert_eq!(calls(&ben.0.events(), "room", "typing"), Vec::<Value>::new(), "not to himself");
    other.0.does(&json!({ "do": "leave", "as": "room" }));
    ana.lists("room", &[("ana", 1), ("ben", 1), ("cid", 1)]).await;
    ben.0.does(&json!({ "do": "leave", "as": "room" }));
    ana.lists("room", &[("ana", 1), ("cid", 1)]).await;
    // A client that comes back is told anew who is there.
    ben.joins("again", "room:r7");
    ben.lists("again", &[("ana", 1), ("ben", 1), ("cid", 1)]).await;
}

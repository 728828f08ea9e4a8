//! `phoenix` without WebSockets: it polls, and each of its requests goes to another gateway than the one before.

use std::path::Path;

use serde_json::{Value, json};
use town::Town;

use super::page::{calls, libraries};
use super::phoenix::{Phoenix, plan, token, url};

/// Where requests go that a balancer sends to these gateways.
fn origins(town: &Town, gateways: &[usize]) -> Vec<String> {
    gateways.iter().map(|gateway| format!("http://{}", town.gateways[*gateway].listen())).collect()
}

fn balances(page: &Phoenix, town: &Town, gateways: &[usize]) {
    page.0.does(&json!({ "do": "balances", "gateways": origins(town, gateways) }));
}

/// A page that polls all gateways, beginning with the first one: that keeps its session.
fn polls(town: &Town, libraries: &Path, user: &str) -> Phoenix {
    let page = Phoenix::open(town, libraries, user);
    let all: Vec<_> = (0..town.gateways.len()).collect();
    balances(&page, town, &all);
    let connect = json!({ "do": "connect", "url": url(town, 0), "params": { "token": token(user) },
        "options": { "longPoll": true } });
    page.0.does(&connect);
    page
}

/// How many requests of a session with an answer of this status went through a gateway.
fn answered(page: &Phoenix, through: &str, method: &str, status: u64) -> usize {
    let events = page.0.events();
    let ours = events.iter().filter(|event| event["polled"] == method && event["through"] == through);
    ours.filter(|event| event["status"] == status).count()
}

/// The sessions that a page has had, in order.
fn sessions(page: &Phoenix) -> Vec<Value> {
    let events = page.0.events();
    let mut tokens: Vec<_> = events.iter().map(|event| event["token"].clone()).collect();
    tokens.retain(|token| !token.is_null());
    tokens.dedup();
    tokens
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_polls_any_gateway_talks_with_the_others() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let ana = polls(&town, &libraries, "ana");
    let ben = polls(&town, &libraries, "ben");
    for page in [&ana, &ben] {
        page.joins("room", "room:r7");
        page.joins("nothing", "lobby");
        assert_eq!(page.is_called("room", "ok", 1).await[0]["room"], "r7");
        assert_eq!(page.is_called("nothing", "error", 1).await[0], json!({ "reason": "unmatched topic" }));
        assert_eq!(page.0.look(|events| calls(events, "room", "ok").len()), 1);
    }
    for page in [&ana, &ben] {
        page.lists("room", &[("ana", 1), ("ben", 1), ("cid", 1)]).await;
    }
    assert_eq!(town.gateways[0].metric(r#"parlor_connections{dialect="phoenix"}"#).await, 2.0);
    let mut said = Vec::new();
    for round in 0..20 {
        for (name, page) in [("ana", &ana), ("ben", &ben)] {
            let text = format!("{name} {round} 👍");
            page.adds("room", &text);
            said.push(text);
            assert_eq!(page.is_called("room", "push ok", round + 1).await[round]["seq"], said.len());
        }
        let text = format!("cid {round}");
        cid.says("r7", &text).await;
        said.push(text);
    }
    // Many in one request, and in the order in which they were said.
    let many: Vec<_> = (0..30).map(|number| format!("many {number}")).collect();
    many.iter().for_each(|text| ana.adds("room", text));
    said.extend(many);
    for page in [&ana, &ben] {
        assert_eq!(page.sees("room", said.len()).await, said, "once, and in this order");
        assert_eq!(sessions(page).len(), 1, "one session has served for all");
        for gateway in origins(&town, &[0, 1]) {
            let (polled, posted) =
                (answered(page, &gateway, "GET", 200), answered(page, &gateway, "POST", 200));
            assert!(polled > 5 && posted > 5, "{polled} polls and {posted} posts through {gateway}");
        }
    }
    cid.sees("r7", said.len()).await;
    ben.pushes("room", "typing", &json!({}));
    assert_eq!(ana.is_called("room", "typing", 1).await[0]["user"]["id"], "ben");
    ben.0.does(&json!({ "do": "leave", "as": "room" }));
    ben.is_called("room", "closed", 1).await;
    ana.lists("room", &[("ana", 1), ("cid", 1)]).await;
    let audit = town.audit().await;
    assert_eq!((audit.asked, audit.shown), (20, said.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_session_is_gone_with_its_gateway_opens_another_and_misses_nothing() {
    let Some(libraries) = libraries() else { return };
    let mut town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let ana = polls(&town, &libraries, "ana");
    ana.0.does(&json!({ "do": "join", "as": "room", "topic": "room:r7", "resumes": true }));
    ana.is_called("room", "ok", 1).await;
    cid.says("r7", "before").await;
    ana.sees("room", 1).await;
    balances(&ana, &town, &[1]);
    town.gateways[0].kill9();
    ana.is_called("room", "error", 1).await;
    let meanwhile: Vec<_> = (0..20).map(|number| format!("meanwhile {number}")).collect();
    for text in &meanwhile {
        cid.says("r7", text).await;
    }
    ana.is_called("room", "ok", 2).await;
    ana.adds("room", "after");
    ana.is_called("room", "push ok", 1).await;
    let said = [&["before".to_owned()][..], &meanwhile, &["after".to_owned()]].concat();
    assert_eq!(ana.sees("room", said.len()).await, said);
    assert_eq!(sessions(&ana).len(), 2);
    cid.sees("r7", said.len()).await;
    town.gateways[0].restart().await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_out_sends_pages_that_poll_to_the_others_and_loses_nothing() {
    let Some(libraries) = libraries() else { return };
    let mut town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let ana = polls(&town, &libraries, "ana");
    ana.0.does(&json!({ "do": "join", "as": "room", "topic": "room:r7", "resumes": true }));
    ana.is_called("room", "ok", 1).await;
    ana.adds("room", "one");
    ana.sees("room", 1).await;
    // As a balancer does that has noticed: the session goes on through the other gateway until it is dismissed.
    balances(&ana, &town, &[1]);
    let mut said = vec!["one".to_owned()];
    for number in 0..5 {
        ana.adds("room", &format!("ana {number}"));
        said.push(format!("ana {number}"));
        ana.is_called("room", "push ok", number + 2).await;
    }
    town.gateways[0].stop().await;
    // It was told by a poll that its session is gone.
    ana.0
        .shows("the session ends", |events| events.iter().find(|event| event["code"] == 3410).cloned())
        .await;
    ana.is_called("room", "ok", 2).await;
    cid.says("r7", "two").await;
    said.push("two".to_owned());
    assert_eq!(ana.sees("room", said.len()).await, said);
    assert_eq!(sessions(&ana).len(), 2);
    assert_eq!(calls(&ana.0.events(), "room", "push timeout"), Vec::<Value>::new());
    cid.sees("r7", said.len()).await;
    town.gateways[0].restart().await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_can_open_no_websocket_falls_back_to_polling() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let ana = Phoenix::open(&town, &libraries, "ana");
    balances(&ana, &town, &[1, 0]);
    let nowhere = format!("ws://{}/nowhere/websocket", town.gateways[0].listen());
    ana.0.does(&json!({ "do": "connect", "url": url(&town, 0), "webSockets": nowhere,
        "options": { "longPollFallbackMs": 30_000, "authToken": token("ana") } }));
    ana.joins("room", "room:r7");
    ana.notes("failed", &json!("Unexpected server response: 404"), 1).await;
    ana.is_called("room", "ok", 1).await;
    ana.adds("room", "hi");
    assert_eq!(ana.is_called("room", "push ok", 1).await[0]["seq"], 1);
    cid.says("r7", "hello").await;
    assert_eq!(ana.sees("room", 2).await, ["hi", "hello"]);
    assert_eq!(sessions(&ana).len(), 1);
    cid.sees("r7", 2).await;
    town.audit().await;
}

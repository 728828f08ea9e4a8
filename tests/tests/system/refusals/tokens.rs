//! Who somebody is, and what that allows.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use town::{Token, Town};

use super::{Bystanders, assert_dismissed, assert_stays};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_good_closes_the_connection_however_it_is_shown() {
    let town = Town::new().start().await;
    let bystanders = Bystanders::of(&town).await;
    let mallory = || Token::of("mallory");
    let good = mallory().sign();
    let without_end = good.rsplit_once('.').map(|(rest, _)| format!("{rest}.")).unwrap();
    for (what, token) in [
        ("expired", mallory().expired_for(Duration::from_secs(60)).sign()),
        ("of another key", mallory().secret("another secret, at least as long as ours is").sign()),
        ("signed in another way", mallory().algorithm(Algorithm::HS512).sign()),
        ("signed by nobody", mallory().unsigned()),
        ("with its signature cut off", without_end),
        ("without an end", mallory().without("exp").sign()),
        ("with an end in words", mallory().claim("exp", "tomorrow").sign()),
        ("of nobody", mallory().without("sub").sign()),
        ("of an empty name", mallory().claim("sub", "").sign()),
        ("of too long a name", mallory().claim("sub", "m".repeat(129)).sign()),
        ("of a name that cannot be printed", mallory().claim("sub", "m\u{7}").sign()),
        ("with grants that make no sense", mallory().claim("rooms", json!({ "*": "all" })).sign()),
        ("that is none", "mallory".to_owned()),
    ] {
        for visit in [
            town.person("mallory").token(&*token),
            town.person("mallory").token(&*token).by_subprotocol(),
            town.person("mallory").token(&*token).by_hello(),
        ] {
            let person = visit.enters().await.unwrap_or_else(|turned| panic!("{what}: {turned:?}"));
            assert_dismissed(&person.closed().await, "not_identified", 4001, what);
        }
    }
    bystanders.talk().await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_token_is_taken_however_it_is_shown() {
    let town = Town::new().start().await;
    let late = Token::of("ana").expired_for(Duration::from_secs(10)).sign();
    for (what, visit) in [
        ("in the header", town.person("ana")),
        ("as a subprotocol", town.person("ana").by_subprotocol()),
        ("in the first frame", town.person("ana").by_hello()),
        ("in the first frame, without a subprotocol", town.person("ana").by_hello().protocols(&[])),
        ("just expired, by clocks that differ a little", town.person("ana").token(late)),
    ] {
        let offers_protocol = !what.ends_with("without a subprotocol");
        let ana = visit.await;
        assert_eq!(ana.protocol(), offers_protocol.then_some("parlor.v1"), "{what}");
        assert_stays(&ana, what).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_before_the_token_and_not_forever_is_waited_for_it() {
    let town = Town::new().set("limits.identify", "1s").start().await;
    let bystanders = Bystanders::of(&town).await;
    for (what, frame) in [
        ("join", json!({ "type": "join", "room": "quiet" })),
        ("send", json!({ "type": "send", "room": "quiet", "body": "hi" })),
        ("ping", json!({ "type": "ping" })),
    ] {
        let person = town.person("mallory").unidentified().enters().await.unwrap();
        person.writes(frame.to_string()).await;
        assert_dismissed(&person.closed().await, "not_identified", 4001, what);
    }
    let late = town.person("mallory").unidentified().enters().await.unwrap();
    late.shows(&Token::of("mallory").sign()).await;
    assert_eq!(late.hears("welcome").await["user"]["id"], "mallory");
    let silent = town.person("mallory").unidentified().enters().await.unwrap();
    assert_dismissed(&silent.closed().await, "not_identified", 4001, "silence");
    assert_stays(&late, "who has identified itself may be silent").await;
    bystanders.talk().await;
    assert_eq!(bystanders.ana.shown("quiet").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_say_who_reads_and_who_writes() {
    let town = Town::new().start().await;
    let owner = town.person("owner").joins("news").joins("team-1").joins("secret").await;
    let grants = json!({ "news": "r", "team-*": "rw" });
    let guest = town.person("guest").token(Token::of("guest").claim("rooms", grants).sign()).await;
    guest.joins("news").await;
    guest.joins("team-1").await;
    owner.says("news", "read this").await;
    guest.sees("news", 1).await;
    guest.says("team-1", "and answer here").await;

    let code = |refused: Value| refused["code"].as_str().unwrap_or("none").to_owned();
    let read_only = guest.says_as("news", "d-1", "I may not").await.refused();
    assert_eq!((&*read_only.code, read_only.id.as_deref()), ("not_allowed", Some("d-1")));
    let elsewhere = guest.asks(json!({ "type": "join", "room": "secret" })).await;
    assert_eq!(code(elsewhere), "not_allowed");
    let elsewhere = guest.asks(json!({ "type": "history", "room": "secret" })).await;
    assert_eq!(code(elsewhere), "not_allowed");
    assert_stays(&guest, "after being refused").await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_not_there_is_not_made_unless_that_is_set() {
    let town = Town::new().set("rooms.auto_create", "false").start().await;
    let ana = town.person("ana").await;
    let refused = ana.asks(json!({ "type": "join", "room": "nowhere" })).await;
    assert_eq!((&refused["type"], &refused["code"]), (&"refused".into(), &"not_allowed".into()), "{refused}");
    let refused = ana.says_as("nowhere", "d-1", "hello").await.refused();
    assert_eq!(refused.code, "not_allowed");
    assert_stays(&ana, "after being refused").await;
}

//! Handshakes: who may open a connection at all.

use town::{PATIENCE, Town, Turned, Visit, probe, until};

use super::{Bystanders, assert_stays};

async fn status(visit: Visit) -> u16 {
    match visit.enters().await {
        Ok(_) => 101,
        Err(Turned::Away(status)) => status,
        Err(Turned::Nobody(error)) => panic!("no answer: {error:#}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_is_refused_whatever_token_it_has() {
    let town = Town::new().set("gateway.origins", "https://chat.example.com").start().await;
    let bystanders = Bystanders::of(&town).await;
    let mallory = || town.person("mallory");
    for (what, visit) in [
        ("another site", mallory().header("origin", "https://evil.example")),
        ("no site", mallory().header("origin", "null")),
        (
            "a name that only begins alike",
            mallory().header("origin", "https://chat.example.com.evil.example"),
        ),
        ("another port", mallory().header("origin", "https://chat.example.com:444")),
        (
            "two at once",
            mallory().header("origin", "https://chat.example.com").header("origin", "https://evil.example"),
        ),
    ] {
        assert_eq!(status(visit).await, 403, "{what}");
    }
    let ours = town.person("ana").header("origin", "https://chat.example.com").await;
    assert_stays(&ours, "the site that is configured").await;
    bystanders.talk().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_offers_only_other_subprotocols_is_refused() {
    let town = Town::new().start().await;
    for offered in [&["parlor.v2"][..], &["graphql-ws", "soap"]] {
        assert_eq!(status(town.person("ana").protocols(offered)).await, 400, "{offered:?}");
    }
    let both = town.person("ana").protocols(&["parlor.v2", "parlor.v1"]).await;
    assert_eq!(both.protocol(), Some("parlor.v1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_handshake_is_answered_as_http() {
    let town = Town::new().start().await;
    let address = town.gateways[0].listen();
    assert_eq!(probe::get(address, "/ws").await.unwrap().status, 426);
    assert_eq!(probe::get(address, "/nowhere").await.unwrap().status, 404);
    assert_eq!(probe::get(address, "/metrics").await.unwrap().status, 404, "never on the public port");
    assert_eq!(probe::get(address, "/../Cargo.toml").await.unwrap().status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_may_not_take_all_connections() {
    let town = Town::new().set("limits.connections_per_user", 3).start().await;
    let bystanders = Bystanders::of(&town).await;
    let mut people = Vec::new();
    for _ in 0..3 {
        people.push(town.person("mallory").await);
    }
    let fourth = town.person("mallory").enters().await.unwrap();
    let closed = fourth.closed().await;
    assert_eq!(closed.code, Some(4008), "{closed:?}");
    bystanders.talk().await;
    people.pop().unwrap().goes().await;
    // The place is free once the connection is gone, which is a moment after its last frame.
    let again =
        until("there is a place again", async || town.person("mallory").tries(PATIENCE).await.ok()).await;
    assert_stays(&again, "there is a place again").await;
}

//! What gateways and writers may say on NATS (`k8s/base/nats/permissions.conf`), tried with a real server: all that they need,
//! and nothing by which a gateway could put a word into a room or be taken for a writer.

mod caller;

use std::path::Path;

use anyhow::{Context as _, Result};
use caller::Caller;
use serde_json::Value;
use servers::Nats;
use town::{Town, until};

/// What a process says if NATS does not let it.
const REFUSED: &str = "NATS refuses something";

const PERMISSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../k8s/base/nats/permissions.conf");

async fn nats() -> Result<Nats> {
    Nats::start_guarded(Path::new(PERMISSIONS), &["gateway", "writer"]).await
}

/// Somebody who has the password of a role.
async fn caller(nats: &Nats, role: &str) -> Result<Caller> {
    let url = nats.url_for(role);
    let login = url.split(['/', '@']).nth(2).and_then(|login| login.split_once(':'));
    let (user, password) = login.context("no login")?;
    Caller::login(nats, user, password).await
}

#[tokio::test]
async fn a_gateway_can_submit_and_ask_and_no_more() {
    let nats = nats().await.unwrap();
    let mut gateway = caller(&nats, "gateway").await.unwrap();
    for (subject, allowed) in [
        ("parlor.submit.7", true),
        ("parlor.submit.any", true),
        ("parlor.read.7", true),
        ("parlor.read.any", true),
        ("parlor.live.7.general", true),
        ("parlor.gateways", true),
        ("parlor.channel.9.news", true),
        ("parlor.gateway.42", true),
        ("_INBOX.mine.self.echo", true),
        ("_INBOX.mine.self.17", true),
        ("parlor.room.7.general", false),
        ("parlor.heads.7", false),
        ("parlor.beats", false),
        ("_INBOX.theirs.17", false),
        ("elsewhere.submit.7", false),
        ("$SYS.REQ.SERVER.PING", false),
    ] {
        assert_eq!(gateway.may_publish(subject).await.unwrap(), allowed, "{subject}");
    }
}

#[tokio::test]
async fn a_gateway_can_listen_and_serves_no_writers_door() {
    let nats = nats().await.unwrap();
    let mut gateway = caller(&nats, "gateway").await.unwrap();
    for (subject, allowed) in [
        ("parlor.room.7.general", true),
        ("parlor.room.7.*", true),
        ("parlor.heads.7", true),
        ("parlor.live.7.general", true),
        ("parlor.live.7.*", true),
        ("parlor.gateways", true),
        ("parlor.channel.9.news", true),
        ("parlor.gateway.42", true),
        ("_INBOX.mine.>", true),
        ("parlor.submit.7", false),
        ("parlor.submit.any", false),
        ("parlor.read.7", false),
        ("parlor.read.any", false),
        ("parlor.>", false),
        (">", false),
        ("$SYS.>", false),
    ] {
        assert_eq!(gateway.may_subscribe(subject, "").await.unwrap(), allowed, "{subject}");
        assert_eq!(gateway.may_subscribe(subject, "writers").await.unwrap(), allowed, "{subject} in a group");
    }
}

#[tokio::test]
async fn a_writer_publishes_rooms_and_is_no_gateway() {
    let nats = nats().await.unwrap();
    let mut writer = caller(&nats, "writer").await.unwrap();
    for (subject, allowed) in [
        ("parlor.room.7.general", true),
        ("parlor.heads.7", true),
        ("parlor.beats", true),
        ("_INBOX.theirs.17", true),
        ("_INBOX.mine.self.echo", true),
        ("parlor.submit.7", false),
        ("parlor.live.7.general", false),
        ("parlor.gateways", false),
        ("parlor.gateway.42", false),
    ] {
        assert_eq!(writer.may_publish(subject).await.unwrap(), allowed, "{subject}");
    }
    for (subject, allowed) in [
        ("parlor.submit.7", true),
        ("parlor.submit.any", true),
        ("parlor.read.7", true),
        ("parlor.beats", true),
        ("_INBOX.mine.>", true),
        ("parlor.live.7.*", false),
        ("parlor.gateway.42", false),
        (">", false),
    ] {
        assert_eq!(writer.may_subscribe(subject, "writers").await.unwrap(), allowed, "{subject}");
    }
}

#[tokio::test]
async fn a_gateway_answers_at_its_own_door_what_it_was_asked_and_once() {
    let nats = nats().await.unwrap();
    let mut one = caller(&nats, "gateway").await.unwrap();
    let mut other = caller(&nats, "gateway").await.unwrap();
    one.says("SUB parlor.gateway.1 1\r\n").await.unwrap();
    assert!(!one.may_publish("_INBOX.other.5").await.unwrap(), "nobody has asked yet");
    other.says("SUB _INBOX.other.> 2\r\nPUB parlor.gateway.1 _INBOX.other.5 0\r\n\r\n").await.unwrap();
    // It has come in when the server, which keeps the order, answers a ping behind it.
    let heard = one.says("").await.unwrap();
    assert!(heard.iter().any(|line| line.starts_with("MSG parlor.gateway.1 ")), "{heard:?}");
    assert!(one.may_publish("_INBOX.other.5").await.unwrap(), "the answer");
    assert!(!one.may_publish("_INBOX.other.5").await.unwrap(), "a second answer");
    let heard = other.says("").await.unwrap();
    assert_eq!(heard.iter().filter(|line| line.starts_with("MSG _INBOX.other.5 ")).count(), 1, "{heard:?}");
}

#[tokio::test]
async fn without_its_password_nobody_comes_in() {
    let nats = nats().await.unwrap();
    for (user, password) in [("gateway", "guessed"), ("writer", ""), ("", ""), ("admin", "admin")] {
        let refused = Caller::login(&nats, user, password).await.err();
        let why = refused.map(|e| format!("{e:#}")).unwrap_or_default();
        assert!(why.contains("Authorization Violation") || why.contains("hung up"), "{user}: {why:?}");
    }
}

/// Whether this is the news that somebody has come into a room.
fn has_come(frame: &Value, user: &str) -> bool {
    frame["joined"].as_array().is_some_and(|users| users.iter().any(|other| other["id"] == user))
}

/// With single rooms and whole partitions, presence, history, a writer that goes, and a gateway that drains.
#[tokio::test(flavor = "multi_thread")]
async fn a_town_in_which_each_role_has_its_permissions_lacks_nothing() {
    let plan = Town::new().gateways(2).writers(2).nats_roles().set("bus.single_rooms_max", 1);
    let mut town = plan.start().await;
    let ana = town.person("ana").at(0).joins("r7").await;
    let ben = town.person("ben").at(1).joins("r7").await;
    // Two rooms of one partition there are among 65.
    for number in 0..65 {
        ana.joins(&format!("room:{number}")).await;
    }
    until("the first gateway listens to a partition", async || {
        let subjects = town.nats().subjects().await.unwrap_or_default();
        subjects
            .iter()
            .any(|subject| subject.starts_with("parlor.room.") && subject.ends_with(".*"))
            .then_some(())
    })
    .await;
    ana.says("r7", "hello").await;
    ben.sees("r7", 1).await;
    ana.hears_one("that ben is there", |frame| has_come(frame, "ben")).await;
    assert_eq!(ben.history("r7", 0, 10).await.0.len(), 1);
    town.writers[0].stop().await;
    ben.says("r7", "and now?").await;
    ana.sees("r7", 2).await;
    town.gateways[1].stop().await;
    assert_eq!(town.audit().await.acknowledged, 2);
    for server in town.gateways.iter().chain(&town.writers) {
        assert!(!server.log().contains(REFUSED), "{}: {}", server.name(), server.log());
    }
}

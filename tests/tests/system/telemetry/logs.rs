//! The log: lines that machines can read, whatever people send, and no more of them than there is to tell.

use serde_json::{Value, json};
use town::{Server, Token, Town, probe, until};

/// What processes print for people, beside their logs.
const FOR_PEOPLE: [&str; 2] = ["admin: http://", "Parlor is open: http://"];

/// The log, a JSON object a line.
fn lines(server: &Server) -> Vec<Value> {
    let log = server.log();
    let of_log = log.lines().filter(|line| !FOR_PEOPLE.iter().any(|begin| line.starts_with(begin)));
    let line = |line: &str| {
        let read: Option<Value> = serde_json::from_str(line).ok().filter(Value::is_object);
        read.unwrap_or_else(|| panic!("{} has logged what is no line of its own: {line:?}", server.name()))
    };
    of_log.map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_people_send_a_log_is_lines_of_json_without_their_secrets() {
    let level = "info,gateway=trace,writer=trace,bus=trace,store=trace,parlor=trace";
    let mut town = Town::new().set("log.level", level).set("auth.query_token", true).start().await;
    let nasty = "x\n{\"level\":\"ERROR\",\"message\":\"forged\"}\r\u{2028}\u{1b}[31m";
    let (secret, body) = ("a-token-that-is-wrong", format!("words for ben only {nasty}"));
    let ana = town.person("ana").joins("r7").await;
    let ben = town.person("ben").joins("r7").await;
    ana.says("r7", &body).await;
    ben.sees("r7", 1).await;
    for frame in [
        json!({"type": nasty, "ref": nasty}),
        json!({"type": "send", "room": nasty, "id": nasty, "body": body}),
        json!({"type": "send", "room": "r7", "id": "1", "body": format!("{body}\0")}),
        json!({"type": "join", "room": nasty}),
        json!({"type": "edit", "room": "r7", "id": "2", "seq": 999, "body": body}),
    ] {
        ana.writes(frame.to_string()).await;
    }
    ana.says("r7", "still there").await;
    ana.writes(format!("{{{nasty}")).await;
    ana.closed().await;
    let good = Token::of("ana").sign();
    for path in
        [format!("/ws?token={good}"), format!("/ws?token={secret}"), format!("/{secret}/%0a%0d?{secret}")]
    {
        let _turned_away = probe::get(town.gateways[0].listen(), &path).await;
    }
    let _ = town.person("mallory").token(secret).enters().await;
    drop(ben);
    let servers = town.gateways.iter_mut().chain(&mut town.writers);
    for server in servers {
        server.stop().await;
        let lines = lines(server);
        assert!(lines.len() > 2, "{lines:?}");
        assert!(lines.iter().all(|line| line["level"] != "ERROR"), "{lines:?}");
        let log = server.log();
        for told in [secret, "words for ben", &good[..40], town::SECRET] {
            assert!(!log.contains(told), "{} tells {told}", server.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_that_is_gone_is_told_once_with_its_address_and_the_cause() {
    let mut town = Town::new().build().await;
    let address = format!("127.0.0.1:{}", town.nats().port());
    town.nats().kill9();
    for server in town.writers.iter_mut().chain(&mut town.gateways) {
        server.start().await;
    }
    let told = |server: &Server| {
        lines(server)
            .into_iter()
            .filter(|line| line["message"].as_str().unwrap().contains("cannot connect"))
            .collect::<Vec<_>>()
    };
    for server in town.writers.iter().chain(&town.gateways) {
        let lines = until(format!("{} tells that NATS is gone", server.name()), async || {
            Some(told(server)).filter(|lines| !lines.is_empty())
        })
        .await;
        let servers = lines[0]["servers"].as_str().unwrap_or_default();
        assert!(servers.contains(&address) && servers.contains("refused"), "{lines:?}");
    }
    town.nats().restart().await.unwrap();
    for server in town.writers.iter_mut().chain(&mut town.gateways) {
        server.is_ready().await;
        assert_eq!(told(server).len(), 1, "{}", server.log());
        assert_eq!(lines(server).iter().filter(|line| line["message"] == "connected to NATS").count(), 1);
    }
}

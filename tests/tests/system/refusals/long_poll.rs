//! Nonsense by long polling: it is refused in the JSON that the library reads, and costs nobody else anything.

use serde_json::{Value, json};
use town::{Token, Town, probe};

use super::Bystanders;

const PATH: &str = "/socket/longpoll?vsn=2.0.0";

/// Somebody who polls.
struct Mallory<'a> {
    town: &'a Town,
}

impl Mallory<'_> {
    async fn gets(&self, gateway: usize, query: &str) -> Value {
        let path = format!("{PATH}&{query}");
        let reply = probe::get(self.town.gateways[gateway].listen(), &path).await.expect("an answer");
        assert_eq!(reply.status, 200, "{query}");
        reply.json()
    }

    async fn posts(&self, gateway: usize, query: &str, body: &Value) -> Value {
        let path = format!("{PATH}&{query}");
        let reply = probe::post(self.town.gateways[gateway].listen(), &path, body).await.expect("an answer");
        assert_eq!(reply.status, 200, "{query}");
        reply.json()
    }

    /// A session at the first gateway.
    async fn opens(&self) -> String {
        let opened = self.gets(0, &format!("token={}", Token::of("mallory").sign())).await;
        assert_eq!(opened["status"], 410, "{opened}");
        format!("token={}", opened["token"].as_str().expect("a session"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_session_is_told_so_and_disturbs_nobody() {
    let town = Town::new().gateways(2).set("auth.query_token", true).start().await;
    let bystanders = Bystanders::of(&town).await;
    let mallory = Mallory { town: &town };
    let session = mallory.opens().await;
    let other_seal = format!("{}x", &session[..session.len() - 1]);
    for gateway in [0, 1] {
        for (what, query, status) in [
            ("nothing", String::new(), 403),
            ("nonsense", "token=nonsense".to_owned(), 403),
            ("a session that was made up", "token=lp1.AAAA".to_owned(), 410),
            ("another seal", other_seal.clone(), 410),
            ("a token without an end", format!("token=lp1.{}", "A".repeat(4000)), 410),
        ] {
            assert_eq!(mallory.gets(gateway, &query).await["status"], status, "{what}");
            assert_eq!(mallory.posts(gateway, &query, &json!(["x"])).await["status"], 410, "{what}");
        }
        bystanders.talk().await;
    }
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_frame_ends_the_session_wherever_it_was_posted() {
    let town = Town::new().gateways(2).set("auth.query_token", true).start().await;
    let bystanders = Bystanders::of(&town).await;
    let mallory = Mallory { town: &town };
    for gateway in [0, 1] {
        for (what, body) in [
            ("no frame", json!({ "hello": "world" })),
            ("a text", json!("hello")),
            ("a frame that is too large", json!(["x".repeat(65_537)])),
        ] {
            let session = mallory.opens().await;
            assert_eq!(mallory.posts(gateway, &session, &body).await["status"], 200, "{what}");
            assert_eq!(mallory.gets(gateway, &session).await["status"], 410, "{what}");
            assert_eq!(mallory.posts(gateway, &session, &body).await["status"], 410, "{what}");
        }
        let session = mallory.opens().await;
        let large = json!("x".repeat(200_000));
        assert_eq!(mallory.posts(gateway, &session, &large).await["status"], 413);
        let heartbeat = json!([null, "1", "phoenix", "heartbeat", {}]);
        assert_eq!(mallory.posts(gateway, &session, &heartbeat).await["status"], 200, "it goes on");
        let answer = mallory.gets(1 - gateway, &session).await;
        let replied: Value = serde_json::from_str(answer["messages"][0].as_str().unwrap_or("null"))
            .unwrap_or_else(|e| panic!("{answer}: {e}"));
        assert_eq!((&answer["status"], &replied[4]["status"]), (&json!(200), &json!("ok")));
        bystanders.talk().await;
    }
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_poll_take_no_more_seats_than_a_user_has() {
    let town = Town::new().set("auth.query_token", true).set("limits.connections_per_user", 3).start().await;
    let mallory = Mallory { town: &town };
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(mallory.opens().await);
    }
    let refused = mallory.gets(0, &format!("token={}", Token::of("mallory").sign())).await;
    assert_eq!(refused, json!({ "status": 403, "token": null, "messages": [] }));
    let bystanders = Bystanders::of(&town).await;
    bystanders.talk().await;
    assert_eq!(town.gateways[0].metric(r#"parlor_connections{dialect="phoenix"}"#).await, 3.0);
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_polls_and_asks_for_no_version_gets_the_first_one() {
    let town = Town::new().gateways(2).set("auth.query_token", true).start().await;
    let path = |token: &str| format!("/socket/longpoll?token={token}");
    let gateway = |number: usize| town.gateways[number].listen();
    let opened = probe::get(gateway(0), &path(&Token::of("mallory").sign())).await.expect("an answer").json();
    let session = path(opened["token"].as_str().expect("a session"));
    let mut heard: Vec<Value> = Vec::new();
    for (number, frame) in [
        json!({ "topic": "room:r", "event": "phx_join", "payload": {}, "ref": "1" }),
        json!({ "topic": "room:r", "event": "shout", "payload": { "body": "hi" }, "ref": "2" }),
    ]
    .iter()
    .enumerate()
    {
        let posted = probe::post(gateway(1 - number), &session, frame).await.expect("an answer");
        assert_eq!(posted.json()["status"], 200);
        while !heard.iter().any(|heard| heard["event"] == "phx_reply" && heard["ref"] == frame["ref"]) {
            let answer = probe::get(gateway(number), &session).await.expect("an answer").json();
            assert_eq!(answer["status"], 200, "{answer}");
            let frames = answer["messages"].as_array().expect("frames").iter();
            heard.extend(frames.map(|frame| {
                serde_json::from_str::<Value>(frame.as_str().unwrap_or_default()).expect("a frame")
            }));
        }
    }
    let messages: Vec<_> = heard.iter().filter(|heard| heard["event"] == "room:r:new_message").collect();
    assert!(messages.iter().all(|message| message["payload"]["content"] == "hi"), "{heard:?}");
    assert!(
        heard
            .iter()
            .filter(|heard| heard["event"] == "phx_reply")
            .all(|reply| reply["payload"]["status"] == "ok")
    );
}

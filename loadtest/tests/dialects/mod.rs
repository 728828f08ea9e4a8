//! The other dialects, each against a small server that says what the real ones say.

mod server;

use serde_json::{Value, json};

use super::{CLEAN, Done, NOT_CLEAN, load_tester};
use server::{Act, Defects, Script, Server};

/// 12 clients in 3 rooms, 6 of them senders, 300 messages in a second: 4 in each room hear 100.
async fn run(server: &Server, more: &[&str]) -> Done {
    let mut command = load_tester();
    command.args(["--target", &server.target, "--subscribers", "12", "--rooms", "3", "--senders", "6"]);
    command.args(["--rate", "300", "--duration", "1s", "--warm-up", "0s", "--audit-only"]);
    Done::of(command.args(["--settle", "2s"]).args(more)).await
}

/// A server that does what it should is clean, and of one that does not every mistake is counted.
async fn is_audited(script: Script, path: &str, more: &[&str], hears_itself: bool) -> Server {
    let server = Server::start(script, path, Defects::default()).await;
    let done = run(&server, more).await;
    let heard = if hears_itself { 1200 } else { 900 };
    assert_eq!(done.code, CLEAN, "{}", done.said);
    assert_eq!((done.audit("sent"), done.audit("expected"), done.audit("received")), (300, heard, heard));
    assert_eq!(done.report["delivered"]["count"], heard, "{}", done.said);
    assert!(done.said.contains("there are no positions"), "{}", done.said);

    let wrong = Server::start(script, path, Defects { drop_every: 7, double_every: 11 }).await;
    let done = run(&wrong, more).await;
    let (deliveries, dropped, doubled) = wrong.planted();
    assert_eq!(deliveries, heard, "{}", done.said);
    assert!(dropped > 100 && doubled > 50, "{dropped} {doubled}");
    assert_eq!((done.audit("lost"), done.audit("doubled")), (dropped, doubled), "{}", done.said);
    assert_eq!((done.audit("out_of_order"), done.code), (0, NOT_CLEAN), "{}", done.said);
    server
}

fn parse(frame: &str) -> Value {
    serde_json::from_str(frame).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Phoenix: `message:add` is answered, and told to all as `new_message`, with null references.
const PHOENIX: Script = Script {
    hello: "",
    act: |frame| {
        let frame = parse(frame);
        let (join, reference, topic) = (&frame[0], &frame[1], text(&frame[2]));
        let reply = json!([join, reference, topic, "phx_reply", { "status": "ok", "response": {} }]);
        let answer = Act::Answer(reply.to_string());
        match frame[3].as_str().unwrap() {
            "phx_join" => vec![Act::Join(topic), answer],
            "message:add" => {
                let payload = json!({ "content": frame[4]["message"], "user": { "username": "ann" } });
                let told = json!([null, null, topic, format!("{topic}:new_message"), payload]);
                vec![answer, Act::Tell { room: topic, frame: told.to_string(), echo: true }]
            }
            _ => vec![answer],
        }
    },
};

#[tokio::test]
async fn phoenix_is_audited() {
    let path = "/socket/websocket?vsn=2.0.0&user={user}";
    let server = is_audited(PHOENIX, path, &["--dialect", "phoenix"], true).await;
    let heads = server.heads();
    assert!(heads.iter().all(|head| head.contains("?vsn=2.0.0&user=load-")), "{heads:?}");
    // What is lost is told from what nobody has said by what the senders' processes know.
    is_audited(PHOENIX, path, &["--dialect", "phoenix", "--processes", "3"], true).await;
}

#[tokio::test]
async fn a_refused_phoenix_message_is_owed_to_nobody() {
    let refusing = Script {
        hello: "",
        act: |frame| {
            let read = parse(frame);
            // Refuses what is an even multiple of ten.
            let number = read[1].as_str().and_then(|reference| reference.strip_prefix('m'));
            if number.is_some_and(|number| number.parse::<u32>().unwrap().is_multiple_of(10)) {
                let response = json!({ "status": "error", "response": { "reason": "no" } });
                return vec![Act::Answer(
                    json!([read[0], read[1], read[2], "phx_reply", response]).to_string(),
                )];
            }
            (PHOENIX.act)(frame)
        },
    };
    let server = Server::start(refusing, "/socket/websocket?vsn=2.0.0", Defects::default()).await;
    let done = run(&server, &["--dialect", "phoenix"]).await;
    assert_eq!((done.audit("refused"), done.audit("lost"), done.code), (30, 0, NOT_CLEAN), "{}", done.said);
    assert_eq!((done.audit("expected"), done.audit("received")), (1080, 1080), "{}", done.said);

    let server = Server::start(refusing, "/socket/websocket?vsn=2.0.0", Defects::default()).await;
    let done = run(&server, &["--dialect", "phoenix", "--processes", "3"]).await;
    assert_eq!((done.audit("refused"), done.audit("lost")), (30, 0), "in several processes: {}", done.said);
    assert_eq!((done.audit("expected"), done.audit("received")), (1080, 1080), "{}", done.said);
}

/// Action Cable: no answers; what is performed comes back on the subscription.
const ACTION_CABLE: Script = Script {
    hello: r#"{"type":"welcome"}"#,
    act: |frame| {
        let frame = parse(frame);
        let identifier = text(&frame["identifier"]);
        match frame["command"].as_str().unwrap() {
            "subscribe" => {
                let confirm = json!({ "identifier": identifier, "type": "confirm_subscription" });
                vec![
                    Act::Answer(json!({ "type": "ping", "message": 1_795_149_521 }).to_string()),
                    Act::Join(identifier),
                    Act::Answer(confirm.to_string()),
                ]
            }
            _ => {
                let data = parse(frame["data"].as_str().unwrap());
                assert_eq!(data["action"], "speak");
                let message = json!({ "message": data["message"], "user": { "username": "ann" } });
                let told = json!({ "identifier": identifier, "message": message }).to_string();
                vec![Act::Tell { room: identifier, frame: told, echo: true }]
            }
        }
    },
};

#[tokio::test]
async fn action_cable_is_audited() {
    let server = is_audited(ACTION_CABLE, "/cable", &["--dialect", "action-cable"], true).await;
    let heads = server.heads();
    let asks = "Sec-WebSocket-Protocol: actioncable-v1-json, actioncable-unsupported";
    assert!(
        heads.iter().all(|head| head.contains(asks) && head.contains("Origin: http://127.0.0.1")),
        "{heads:?}"
    );
}

/// Pusher: client events go to the others.
const PUSHER: Script = Script {
    hello: r#"{"event":"pusher:connection_established","data":"{\"socket_id\":\"123456.7890\",\"activity_timeout\":120}"}"#,
    act: |frame| {
        let frame = parse(frame);
        match frame["event"].as_str().unwrap() {
            "pusher:subscribe" => {
                let channel = text(&frame["data"]["channel"]);
                assert!(channel.starts_with("private-") && text(&frame["data"]["auth"]).starts_with("key:"));
                let event = "pusher_internal:subscription_succeeded";
                let succeeded = json!({ "event": event, "channel": channel, "data": "{}" });
                vec![Act::Join(channel), Act::Answer(succeeded.to_string())]
            }
            "client-message" => {
                let told =
                    json!({ "event": "client-message", "channel": frame["channel"], "data": frame["data"] });
                vec![Act::Tell { room: text(&frame["channel"]), frame: told.to_string(), echo: false }]
            }
            _ => Vec::new(),
        }
    },
};

#[tokio::test]
async fn pusher_is_audited() {
    let more = ["--dialect", "pusher", "--app-key", "key", "--app-secret", "secret"];
    is_audited(PUSHER, "/app/key?protocol=7", &more, false).await;
}

/// Parlor's own way: who says something is signed for, and everybody gets the message in the form that is kept.
const PUSHER_WITH_USERS: Script = Script {
    hello: PUSHER.hello,
    act: |frame| {
        let read = parse(frame);
        if read["event"] != "client-message" {
            let data = &read["data"]["channel_data"];
            assert!(parse(data.as_str().unwrap())["user_id"].as_str().unwrap().starts_with("load-"));
            return (PUSHER.act)(frame);
        }
        let data = json!({ "message": read["data"]["message"], "seq": 1 }).to_string();
        let told = json!({ "event": "new_message", "channel": read["channel"], "data": data });
        vec![Act::Tell { room: text(&read["channel"]), frame: told.to_string(), echo: true }]
    },
};

#[tokio::test]
async fn pusher_with_users_is_audited() {
    let app = ["--app-key", "key", "--app-secret", "secret", "--sign-users", "--echo"];
    is_audited(
        PUSHER_WITH_USERS,
        "/app/key?protocol=7",
        &[&["--dialect", "pusher"][..], &app].concat(),
        true,
    )
    .await;
}

/// Centrifugo: answers by number; several frames may come in one message.
const CENTRIFUGO: Script = Script {
    hello: "",
    act: |frame| {
        let frame = parse(frame);
        let id = &frame["id"];
        if frame.get("connect").is_some() {
            let connect =
                json!({ "id": id, "connect": { "client": "c", "version": "6", "ping": 25, "pong": true } });
            // A ping together with the answer: two lines.
            vec![Act::Answer(format!("{connect}\n{{}}"))]
        } else if let Some(subscribe) = frame.get("subscribe") {
            let answer = json!({ "id": id, "subscribe": {} }).to_string();
            vec![Act::Join(text(&subscribe["channel"])), Act::Answer(answer)]
        } else if let Some(publish) = frame.get("publish") {
            let push =
                json!({ "push": { "channel": publish["channel"], "pub": { "data": publish["data"] } } });
            let answer = json!({ "id": id, "publish": {} }).to_string();
            let room = text(&publish["channel"]);
            vec![Act::Tell { room, frame: push.to_string(), echo: true }, Act::Answer(answer)]
        } else {
            Vec::new()
        }
    },
};

#[tokio::test]
async fn centrifugo_is_audited() {
    is_audited(CENTRIFUGO, "/connection/websocket", &["--dialect", "centrifugo"], true).await;
}

#[tokio::test]
async fn a_connection_in_many_rooms_is_audited_in_each_whatever_it_speaks() {
    let plain = ["--dialect", "plain", "--on-join", "JOIN {room}", "--on-send", "SAY {room} {body}"];
    let pusher = ["--dialect", "pusher", "--app-key", "key", "--app-secret", "secret"];
    for (script, path, options, heard) in [
        (PHOENIX, "/socket/websocket?vsn=2.0.0", &["--dialect", "phoenix"][..], 2400),
        (ACTION_CABLE, "/cable", &["--dialect", "action-cable"], 2400),
        (CENTRIFUGO, "/connection/websocket", &["--dialect", "centrifugo"], 2400),
        (PUSHER, "/app/key?protocol=7", &pusher, 2100),
        (PLAIN, "/", &plain, 2400),
    ] {
        let options = [options, &["--rooms-per-client", "2"]].concat();
        let wrong = Server::start(script, path, Defects { drop_every: 7, double_every: 11 }).await;
        let done = run(&wrong, &options).await;
        let (deliveries, dropped, doubled) = wrong.planted();
        assert_eq!((deliveries, done.audit("expected")), (heard, heard), "{}", done.said);
        assert_eq!((done.audit("lost"), done.audit("doubled")), (dropped, doubled), "{}", done.said);
    }
}

#[tokio::test]
async fn a_closed_loop_waits_for_the_receipts_of_any_dialect() {
    let server = Server::start(PHOENIX, "/socket/websocket?vsn=2.0.0", Defects::default()).await;
    let done = run(&server, &["--dialect", "phoenix", "--in-flight", "3"]).await;
    assert_eq!((done.code, done.audit("received")), (CLEAN, 1200), "{}", done.said);
    // Where receipts are not counted, each message waits for seconds until those before it are given up.
    assert!(done.report["sending_s"].as_f64() < Some(30.0), "{}", done.said);
}

/// A server of texts: `JOIN room`, `SAY room text`.
const PLAIN: Script = Script {
    hello: "HELLO",
    act: |frame| match frame.splitn(3, ' ').collect::<Vec<_>>()[..] {
        ["JOIN", room] => vec![Act::Join(room.to_owned())],
        ["SAY", room, said] => {
            vec![Act::Tell { room: room.to_owned(), frame: format!("<somebody> {said}"), echo: true }]
        }
        _ => vec![],
    },
};

#[tokio::test]
async fn any_server_of_texts_is_audited() {
    let more = ["--dialect", "plain", "--on-join", "JOIN {room}", "--on-send", "SAY {room} {body}"];
    is_audited(PLAIN, "/", &more, true).await;
}

#[tokio::test]
async fn what_a_dialect_needs_is_asked_for() {
    let server = Server::start(PLAIN, "/", Defects::default()).await;
    let done = run(&server, &["--dialect", "plain"]).await;
    assert!(done.code == 1 && done.said.contains("--dialect plain needs --on-send"), "{}", done.said);
    let done = run(&server, &["--dialect", "plain", "--on-send", "{body}", "--rooms-per-client", "2"]).await;
    assert!(done.code == 1 && done.said.contains("in one room only"), "{}", done.said);
    let done = run(&server, &["--dialect", "phoenix", "--stay", "1s"]).await;
    assert!(done.code == 1 && done.said.contains("only in the native dialect"), "{}", done.said);
}

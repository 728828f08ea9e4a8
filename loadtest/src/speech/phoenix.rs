//! Phoenix Channels, serializer V2: `[join_ref, ref, topic, event, payload]`.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Answers, Heard, RoomRef, Saying, Speech, Template, Terms, Text, Which, Who};

/// The server closes a connection from which it has heard nothing for 60 s.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// All joins have this `join_ref`: it only has to be the same in what follows on the topic.
const JOIN: &str = "1";

/// Phoenix Channels.
#[derive(Debug)]
pub(crate) struct Phoenix {
    pub(crate) topic: Template,
    /// What a message is pushed as.
    pub(crate) event: String,
    /// The field of the payload that holds the text.
    pub(crate) field: String,
}

#[derive(Deserialize)]
struct Frame<'a>(
    IgnoredAny,
    #[serde(borrow)] Option<Text<'a>>,
    #[serde(borrow)] Text<'a>,
    #[serde(borrow)] Text<'a>,
    #[serde(borrow)] &'a RawValue,
);

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
}

impl Speech for Phoenix {
    fn name(&self) -> &'static str {
        "phoenix"
    }

    fn terms(&self) -> Terms {
        Terms {
            positions: false,
            welcomes: false,
            answers_joins: true,
            answers: Answers::Reply,
            heartbeat: Some(HEARTBEAT),
            lines: false,
            origin: false,
        }
    }

    fn join(&self, _: &Who<'_>, room: RoomRef<'_>, _: Option<(u64, &str)>) -> Option<String> {
        let reference = format!("j{}", room.number);
        Some(json!([JOIN, reference, self.topic.fill(room.name), "phx_join", {}]).to_string())
    }

    fn send(&self, _: &Who<'_>, room: &str, message: &Saying<'_>) -> String {
        let (reference, topic) = (format!("m{}", message.number), self.topic.fill(room));
        json!([JOIN, reference, topic, self.event, { &self.field: message.body }]).to_string()
    }

    fn ping(&self) -> Option<String> {
        Some(json!([null, "h", "phoenix", "heartbeat", {}]).to_string())
    }

    fn hear<'a>(&self, frame: &'a str) -> Heard<'a> {
        let Ok(Frame(_, reference, topic, event, payload)) = serde_json::from_str(frame) else {
            return Heard::Unreadable;
        };
        if event.0 == "phx_reply" {
            let reference = reference.map(|Text(reference)| reference).unwrap_or_default();
            return answer(&reference, payload).unwrap_or(Heard::Unreadable);
        }
        let Some(room) = topic.room(&self.topic) else { return Heard::Other };
        match &*event.0 {
            "phx_error" | "phx_close" => Heard::Left { room, code: Some(event.0) },
            "presence_state" | "presence_diff" => Heard::Other,
            _ => Heard::Said { room: Some(room), text: payload.get().into() },
        }
    }
}

fn answer<'a>(reference: &str, payload: &'a RawValue) -> Option<Heard<'a>> {
    let reply: Reply<'_> = serde_json::from_str(payload.get()).ok()?;
    let is_ok = reply.status.0 == "ok";
    let why = || Cow::Borrowed(reply.response.map_or("", RawValue::get));
    if let Some(room) = reference.strip_prefix('j') {
        let room = Which::Number(room.parse().ok()?);
        return Some(if is_ok { Heard::LetIn { room } } else { Heard::NotLetIn { room, why: why() } });
    }
    let Some(message) = reference.strip_prefix('m') else { return Some(Heard::Other) };
    let message = message.parse().ok()?;
    Some(if is_ok { Heard::Taken { message } } else { Heard::NotTaken { message, why: why() } })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Who<'_> = Who { user: "", token: "", connection: "" };

    fn phoenix() -> Phoenix {
        Phoenix { topic: Template::new("room:{room}"), event: "message:add".into(), field: "message".into() }
    }

    #[test]
    fn we_say_what_the_npm_client_says() {
        let room = RoomRef { number: 3, name: "42" };
        let join = phoenix().join(&NOBODY, room, None);
        assert_eq!(join.as_deref(), Some(r#"["1","j3","room:42","phx_join",{}]"#));
        let send = phoenix().send(&NOBODY, "42", &Saying { number: 5, id: "r-5", body: "hi" });
        assert_eq!(send, r#"["1","m5","room:42","message:add",{"message":"hi"}]"#);
        assert_eq!(phoenix().ping().as_deref(), Some(r#"[null,"h","phoenix","heartbeat",{}]"#));
    }

    #[test]
    fn we_understand_what_the_server_says() {
        for (frame, heard) in [
            (
                r#"["1","j3","room:42","phx_reply",{"status":"ok","response":{"seq":118}}]"#,
                Heard::LetIn { room: Which::Number(3) },
            ),
            (
                r#"["1","j3","room:42","phx_reply",{"status":"error","response":{"reason":"no"}}]"#,
                Heard::NotLetIn { room: Which::Number(3), why: r#"{"reason":"no"}"#.into() },
            ),
            (
                r#"["1","m5","room:42","phx_reply",{"status":"ok","response":{}}]"#,
                Heard::Taken { message: 5 },
            ),
            (
                r#"[null,null,"room:42","room:42:new_message",{"content":"hi","user":{"username":"ann"}}]"#,
                Heard::Said {
                    room: Some("42".into()),
                    text: r#"{"content":"hi","user":{"username":"ann"}}"#.into(),
                },
            ),
            (r#"["1",null,"room:42","presence_state",{"7":{"metas":[]}}]"#, Heard::Other),
            (r#"[null,"h","phoenix","phx_reply",{"status":"ok","response":{}}]"#, Heard::Other),
            (
                r#"["1","1","room:42","phx_error",{"reason":"channel_crash"}]"#,
                Heard::Left { room: "42".into(), code: Some("phx_error".into()) },
            ),
            ("{}", Heard::Unreadable),
        ] {
            assert_eq!(phoenix().hear(frame), heard, "{frame}");
        }
    }
}

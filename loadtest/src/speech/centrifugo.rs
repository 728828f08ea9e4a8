//! Centrifugo, its JSON protocol: commands with a number, answers with the same, one frame a line.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Answers, Heard, RoomRef, Saying, Speech, Template, Terms, Text, Which, Who};

/// The number of the first command. Odd ones from 3 on are joins, even ones messages.
const CONNECT: u64 = 1;

/// Centrifugo.
#[derive(Debug)]
pub(crate) struct Centrifugo {
    pub(crate) channel: Template,
    /// The field of the data that holds the text.
    pub(crate) field: String,
}

#[derive(Deserialize)]
struct Frame<'a> {
    id: Option<u64>,
    error: Option<Error>,
    connect: Option<Connected>,
    #[serde(borrow)]
    push: Option<Push<'a>>,
}

#[derive(Deserialize)]
struct Error {
    code: u32,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Connected {
    client: Option<String>,
    ping: Option<u64>,
}

#[derive(Deserialize)]
struct Push<'a> {
    #[serde(borrow)]
    channel: Option<Text<'a>>,
    #[serde(borrow, rename = "pub")]
    publication: Option<&'a RawValue>,
}

impl Speech for Centrifugo {
    fn name(&self) -> &'static str {
        "centrifugo"
    }

    fn terms(&self) -> Terms {
        Terms {
            positions: false,
            welcomes: true,
            answers_joins: true,
            answers: Answers::Reply,
            heartbeat: None,
            lines: true,
            origin: false,
        }
    }

    fn greet(&self, who: &Who<'_>) -> Option<String> {
        let connect = if who.token.is_empty() { json!({}) } else { json!({ "token": who.token }) };
        Some(json!({ "id": CONNECT, "connect": connect }).to_string())
    }

    fn join(&self, _: &Who<'_>, room: RoomRef<'_>, _: Option<(u64, &str)>) -> Option<String> {
        let (id, channel) = (u64::from(room.number) * 2 + 3, self.channel.fill(room.name));
        Some(json!({ "id": id, "subscribe": { "channel": channel } }).to_string())
    }

    fn send(&self, _: &Who<'_>, room: &str, message: &Saying<'_>) -> String {
        let (id, channel) = (u64::from(message.number) * 2 + 2, self.channel.fill(room));
        json!({ "id": id, "publish": { "channel": channel, "data": { &self.field: message.body } } })
            .to_string()
    }

    /// A ping is an empty frame, and so is the answer.
    fn pong(&self) -> Option<String> {
        Some("{}".to_owned())
    }

    fn hear<'a>(&self, frame: &'a str) -> Heard<'a> {
        match serde_json::from_str::<Frame<'a>>(frame) {
            Ok(Frame { id: Some(0), .. }) => Heard::Other,
            Ok(Frame { id: Some(id), error, connect, .. }) => answer(id, error, connect),
            Ok(Frame { push: Some(Push { channel: Some(channel), publication: Some(text) }), .. }) => {
                let room = channel.room(&self.channel);
                room.map_or(Heard::Other, |room| Heard::Said { room: Some(room), text: text.get().into() })
            }
            Ok(Frame { push: Some(_), .. }) => Heard::Other,
            Ok(_) => Heard::Ping,
            Err(_) => Heard::Unreadable,
        }
    }
}

fn answer<'a>(id: u64, error: Option<Error>, connect: Option<Connected>) -> Heard<'a> {
    let why = error.map(|Error { code, message }| Cow::Owned(format!("{code}: {message}")));
    if id == CONNECT {
        return match (why, connect) {
            (Some(code), _) => Heard::Bye { code, retry_ms: None },
            // The server pings by itself, and a silence of three of these intervals is a broken connection.
            (None, Some(Connected { client, ping })) => Heard::Welcome {
                ping_s: ping.filter(|seconds| *seconds > 0).map(|seconds| seconds * 3),
                sends_per_s: None,
                connection: client.map(Cow::Owned),
            },
            (None, None) => Heard::Unreadable,
        };
    }
    let Ok(number) = u32::try_from(if id % 2 == 1 { (id - 3) / 2 } else { id.saturating_sub(2) / 2 }) else {
        return Heard::Unreadable;
    };
    match (id % 2 == 1, why) {
        (true, None) => Heard::LetIn { room: Which::Number(number) },
        (true, Some(why)) => Heard::NotLetIn { room: Which::Number(number), why },
        (false, None) => Heard::Taken { message: number },
        (false, Some(why)) => Heard::NotTaken { message: number, why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: Who<'_> = Who { user: "u", token: "t", connection: "" };

    fn centrifugo() -> Centrifugo {
        Centrifugo { channel: Template::new("{room}"), field: "text".into() }
    }

    #[test]
    fn commands_have_numbers() {
        let greet = centrifugo().greet(&WHO);
        assert_eq!(greet.as_deref(), Some(r#"{"connect":{"token":"t"},"id":1}"#));
        let join = centrifugo().join(&WHO, RoomRef { number: 0, name: "a" }, None);
        assert_eq!(join.as_deref(), Some(r#"{"id":3,"subscribe":{"channel":"a"}}"#));
        let send = centrifugo().send(&WHO, "a", &Saying { number: 0, id: "r-0", body: "hi" });
        assert_eq!(send, r#"{"id":2,"publish":{"channel":"a","data":{"text":"hi"}}}"#);
    }

    #[test]
    fn answers_lead_back_to_what_was_asked() {
        for (frame, heard) in [
            (
                r#"{"id":1,"connect":{"client":"c","version":"6","ping":25,"pong":true}}"#,
                Heard::Welcome { ping_s: Some(75), sends_per_s: None, connection: Some("c".into()) },
            ),
            (r#"{"id":3,"subscribe":{}}"#, Heard::LetIn { room: Which::Number(0) }),
            (
                r#"{"id":5,"error":{"code":103,"message":"permission denied"}}"#,
                Heard::NotLetIn { room: Which::Number(1), why: "103: permission denied".into() },
            ),
            (r#"{"id":2,"publish":{}}"#, Heard::Taken { message: 0 }),
            (
                r#"{"push":{"channel":"a","pub":{"data":{"text":"hi"},"offset":1}}}"#,
                Heard::Said { room: Some("a".into()), text: r#"{"data":{"text":"hi"},"offset":1}"#.into() },
            ),
            ("{}", Heard::Ping),
            ("[", Heard::Unreadable),
            (r#"{"id":0}"#, Heard::Other),
        ] {
            assert_eq!(centrifugo().hear(frame), heard, "{frame}");
        }
    }
}

//! Parlor's own dialect, as a client speaks it.

mod event;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Answers, Heard, RoomRef, Saying, Speech, Terms, Who, json};

/// The native dialect.
#[derive(Debug)]
pub(crate) struct Native;

/// The fields of all frames. Texts stay as they stand in the JSON: hardly one of them holds an escape, and what
/// holds none need not be copied.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow, rename = "ref")]
    reference: Option<&'a RawValue>,
    #[serde(borrow)]
    room: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    epoch: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    seq: Option<u64>,
    #[serde(default)]
    truncated: bool,
    ping_s: Option<u64>,
    limits: Option<Limits>,
    retry_ms: Option<u64>,
}

#[derive(Deserialize)]
struct Limits {
    sends_per_s: Option<u32>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Frame<'a> {
    Join {
        #[serde(rename = "ref")]
        reference: u32,
        room: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch: Option<&'a str>,
    },
    Send {
        room: &'a str,
        id: &'a str,
        body: &'a str,
    },
    Leave {
        room: &'a str,
    },
    History {
        room: &'a str,
        limit: u16,
    },
    Ping,
}

impl Speech for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn terms(&self) -> Terms {
        Terms {
            positions: true,
            welcomes: true,
            answers_joins: true,
            answers: Answers::Reply,
            heartbeat: None,
            lines: false,
            origin: false,
        }
    }

    /// The dialect, and the token.
    fn subprotocols(&self, token: &str) -> Vec<String> {
        vec!["parlor.v1".to_owned(), format!("parlor.token.{token}")]
    }

    fn join(&self, _: &Who<'_>, room: RoomRef<'_>, after: Option<(u64, &str)>) -> Option<String> {
        let (after, epoch) = after.unzip();
        Some(json(&Frame::Join { reference: room.number, room: room.name, after, epoch }))
    }

    fn leave(&self, room: &str) -> Option<String> {
        Some(json(&Frame::Leave { room }))
    }

    fn history(&self, room: &str, limit: u16) -> Option<String> {
        Some(json(&Frame::History { room, limit }))
    }

    fn send(&self, _: &Who<'_>, room: &str, message: &Saying<'_>) -> String {
        json(&Frame::Send { room, id: message.id, body: message.body })
    }

    fn ping(&self) -> Option<String> {
        Some(json(&Frame::Ping))
    }

    fn hear<'a>(&self, frame: &'a str) -> Heard<'a> {
        event::read(frame).unwrap_or_else(|| in_general(frame))
    }
}

/// Understands any frame.
fn in_general(frame: &str) -> Heard<'_> {
    serde_json::from_str(frame).ok().and_then(|fields| understand(&fields)).unwrap_or(Heard::Unreadable)
}

fn understand<'a>(fields: &Fields<'a>) -> Option<Heard<'a>> {
    Some(match fields.kind {
        "welcome" => Heard::Welcome {
            ping_s: fields.ping_s,
            sends_per_s: fields.limits.as_ref().and_then(|limits| limits.sends_per_s),
            connection: None,
        },
        "joined" => Heard::Joined {
            room: text(fields.room)?,
            seq: fields.seq?,
            epoch: text(fields.epoch)?,
            truncated: fields.truncated,
        },
        "message" | "edited" | "deleted" | "reaction" => {
            Heard::Event { room: text(fields.room)?, seq: fields.seq?, body: text(fields.body) }
        }
        "sent" => Heard::Sent { id: text(fields.id)?, seq: fields.seq? },
        "refused" => Heard::Refused {
            id: text(fields.id),
            join: fields.reference.and_then(|reference| reference.get().parse().ok()),
            code: text(fields.code)?,
            message: text(fields.message).unwrap_or_default(),
            retry_ms: fields.retry_ms,
        },
        "history" => Heard::Page { room: text(fields.room)? },
        "left" => Heard::Left { room: text(fields.room)?, code: text(fields.code) },
        "bye" => Heard::Bye { code: text(fields.code)?, retry_ms: fields.retry_ms },
        _ => Heard::Other,
    })
}

fn text(value: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let json = value?.get();
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') { serde_json::from_str(json).ok().map(Cow::Owned) } else { Some(inside.into()) }
}

#[cfg(test)]
mod tests {
    use chat::{Body, Code, Epoch, Event, EventKind, Refusal, RequestId, RoomId, Seq, Timestamp, User};
    use dialect::{Alias, Command, DecodeLimits, Dialect as _, Frame, From, Mark, Say};

    use super::*;

    const SERVER: dialect::native::Native = dialect::native::Native;

    const NOBODY: Who<'_> = Who { user: "", token: "", connection: "" };
    const LOAD_1: RoomRef<'_> = RoomRef { number: 7, name: "load-1" };

    fn room() -> RoomId {
        RoomId::parse("load-1").unwrap()
    }

    fn written(write: impl FnOnce(&mut Vec<u8>) -> bool) -> String {
        let mut out = Vec::new();
        assert!(write(&mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_server_understands_what_we_say() {
        let understood = |frame: String| {
            let mut commands = Vec::new();
            SERVER.decode(Frame::Text(&frame), &DecodeLimits { body_bytes: 1000 }, &mut commands).unwrap();
            commands.remove(0)
        };
        let epoch = Epoch::parse("e.1").unwrap();
        for (frame, from) in [
            (Native.join(&NOBODY, LOAD_1, None), From::Live),
            (Native.join(&NOBODY, LOAD_1, Some((0, "e.1"))), From::After(Seq::ZERO, Some(epoch.clone()))),
        ] {
            let join =
                Command::Join { mark: Mark::new("7"), alias: Alias::new("load-1"), room: room(), from };
            assert_eq!(understood(frame.unwrap()), join);
        }
        let saying = Saying { number: 5, id: "r-5", body: "a \"word\"" };
        let Command::Send { id, change, .. } = understood(Native.send(&NOBODY, "load-1", &saying)) else {
            panic!("not a send")
        };
        assert_eq!(id, RequestId::parse("r-5").ok());
        assert_eq!(change, chat::Change::Message { body: Body::trusted("a \"word\""), reply_to: None });
        assert_eq!(understood(Native.ping().unwrap()), Command::Ping { mark: Mark::default() });
    }

    #[test]
    fn we_understand_what_the_server_says() {
        let refusal = Refusal::unavailable("not \"now\"");
        let mark = Mark::new("7");
        let refused = written(|out| {
            let id = RequestId::parse("r-5").unwrap();
            SERVER.say(&Say::Refused { mark: &mark, alias: None, id: Some(&id), refusal: &refusal }, out)
        });
        let expected = Heard::Refused {
            id: Some("r-5".into()),
            join: Some(7),
            code: Code::Unavailable.as_str().into(),
            message: "not \"now\"".into(),
            retry_ms: Some(1000),
        };
        assert_eq!(Native.hear(&refused), expected);
        let event = Event {
            room: room(),
            seq: Seq::new(5).unwrap(),
            id: RequestId::parse("r-5").unwrap(),
            by: User::parse("ana", None).unwrap(),
            at: Timestamp::from_micros(0),
            kind: EventKind::Message { body: Some(Body::trusted("a\nb")), reply_to: None },
            except: None,
        };
        let message =
            written(|out| SERVER.event(&Alias::new("load-1"), &Epoch::parse("e").unwrap(), &event, out));
        let expected = Heard::Event { room: "load-1".into(), seq: 5, body: Some("a\nb".into()) };
        assert_eq!(Native.hear(&message), expected);
    }

    #[test]
    fn what_makes_no_sense_is_told_apart_from_what_is_new() {
        assert_eq!(Native.hear(r#"{"type":"brand_new","room":5}"#), Heard::Other);
        for bad in ["", "[]", "{}", r#"{"type":"sent","id":"a"}"#, r#"{"type":"message","room":1,"seq":1}"#] {
            assert_eq!(Native.hear(bad), Heard::Unreadable, "{bad}");
        }
    }
}

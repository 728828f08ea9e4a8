//! Reads what a client is sent: into its inbox, and what the audit needs into its diary.
//!
//! A task of its own a connection. It ends with the connection, or when the client goes.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::SplitStream;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use super::Out;
use super::answer::Closed;
use super::inbox::Inbox;
use crate::diary::{Diary, Entry};
use crate::message::Message;

/// How a client reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As fast as it can.
    Fast,
    /// With a pause after each frame.
    Slow(Duration),
    /// Not at all.
    Not,
}

pub(super) struct Reader {
    inbox: Arc<Inbox>,
    diary: Diary,
    bye: Option<Value>,
}

impl Reader {
    pub(super) fn new(inbox: Arc<Inbox>, diary: Diary) -> Self {
        Self { inbox, diary, bye: None }
    }

    /// Reads until the connection ends.
    pub(super) async fn read(
        mut self,
        mut stream: SplitStream<WebSocketStream<TcpStream>>,
        out: Out,
        mut pace: watch::Receiver<Pace>,
    ) {
        let closed = loop {
            if pace.wait_for(|pace| *pace != Pace::Not).await.is_err() {
                return;
            }
            let frame = tokio::select! {
                frame = stream.next() => frame,
                _ = pace.changed() => continue,
            };
            self.inbox.hear(|heard| heard.latest = Some(Instant::now()));
            match frame {
                Some(Ok(Frame::Text(text))) => self.hear(&text),
                Some(Ok(Frame::Close(frame))) => break self.closed(frame),
                Some(Ok(_)) => {}
                Some(Err(Error::ConnectionClosed)) | None => break self.closed(None),
                Some(Err(error)) => break Closed { reason: error.to_string(), ..self.closed(None) },
            }
            let now = *pace.borrow();
            if let Pace::Slow(pause) = now {
                tokio::time::sleep(pause).await;
            }
        };
        self.inbox.hear(|heard| heard.closed = Some(closed));
        // Reading on is what answers a close. Then this side hangs up too, as every client does.
        while let Some(Ok(_)) = stream.next().await {}
        drop(out.lock().await.take());
    }

    fn closed(&mut self, frame: Option<CloseFrame>) -> Closed {
        let reason = frame.as_ref().map(|frame| frame.reason.to_string()).unwrap_or_default();
        Closed { code: frame.map(|frame| frame.code.into()), reason, bye: self.bye.take() }
    }

    fn hear(&mut self, text: &str) {
        let frame: Value = match serde_json::from_str(text) {
            Ok(frame) => frame,
            Err(error) => panic!("{} was sent {text:?}: {error}", self.diary.user()),
        };
        let room = frame["room"].as_str().unwrap_or_default().to_owned();
        match frame["type"].as_str().unwrap_or_default() {
            "message" => return self.hear_message(room, &frame),
            "joined" => self.diary.write(Entry::Joined {
                room,
                seq: frame["seq"].as_u64().unwrap_or_default(),
                epoch: frame["epoch"].as_str().unwrap_or_default().to_owned(),
                truncated: frame["truncated"] == true,
            }),
            "left" => self.diary.write(Entry::Left { room }),
            "sent" => self.diary.write(Entry::Sent {
                room,
                id: frame["id"].as_str().unwrap_or_default().to_owned(),
                seq: frame["seq"].as_u64().unwrap_or_default(),
            }),
            "refused" => self.note_refusal(&frame),
            "bye" => self.bye = Some(frame.clone()),
            _ => {}
        }
        self.inbox.hear(|heard| match frame["ref"].as_u64() {
            Some(number) => drop(heard.answers.insert(number, frame)),
            None => heard.frames.push(frame),
        });
    }

    fn hear_message(&self, room: String, frame: &Value) {
        let Some(message) = Message::read(frame) else {
            panic!("{} was sent a message without its parts: {frame}", self.diary.user());
        };
        self.diary.write(Entry::Shown { room: room.clone(), message: message.clone() });
        self.inbox.hear(|heard| heard.messages.entry(room).or_default().push(message));
    }

    fn note_refusal(&self, frame: &Value) {
        let number = frame["ref"].as_u64();
        let asked = self.inbox.look(|heard| number.and_then(|number| heard.asked.get(&number).cloned()));
        if let Some((room, id)) = asked {
            let code = frame["code"].as_str().unwrap_or_default().to_owned();
            self.diary.write(Entry::Refused { room, id, code });
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.diary.write(Entry::Ended);
    }
}

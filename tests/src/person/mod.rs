//! A client of the native protocol, for one connection.
//!
//! It reads by itself all the time, in a task of its own, unless it is told to stop. What it does and sees stands
//! in its diary, which the audit reads.

mod answer;
mod inbox;
mod reader;
mod visit;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use futures::SinkExt as _;
use futures::StreamExt as _;
use futures::stream::SplitSink;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;

pub use answer::{Answer, Closed, Joined, Refused, Sent};
pub use visit::{Turned, Visit};

use crate::diary::{Diary, Entry};
use crate::message::Message;
use crate::patience::until;
use inbox::Inbox;
use reader::{Pace, Reader};

/// Ids that no two requests of this process share.
static IDS: AtomicU64 = AtomicU64::new(1);

/// The half that writes, until the connection has ended.
type Out = Arc<Mutex<Option<SplitSink<WebSocketStream<TcpStream>, Frame>>>>;

/// A client that is connected, or was. Dropping it breaks the connection without a word.
#[derive(Debug)]
pub struct Person {
    diary: Diary,
    protocol: Option<String>,
    out: Out,
    inbox: Arc<Inbox>,
    refs: AtomicU64,
    pace: watch::Sender<Pace>,
    reader: JoinHandle<()>,
}

/// Something that was said, and whose answer is not here yet.
#[derive(Debug, Clone, Copy)]
#[must_use = "the answer is still to come"]
pub struct Pending(u64);

impl Person {
    fn new(diary: Diary, stream: WebSocketStream<TcpStream>, protocol: Option<String>) -> Self {
        let (out, incoming) = stream.split();
        let out = Arc::new(Mutex::new(Some(out)));
        let inbox = Arc::new(Inbox::default());
        let (pace, paces) = watch::channel(Pace::Fast);
        let reader = Reader::new(Arc::clone(&inbox), diary.clone());
        let reader = tokio::spawn(reader.read(incoming, Arc::clone(&out), paces));
        Self { diary, protocol, out, inbox, refs: AtomicU64::new(1), pace, reader }
    }

    /// The id of the user.
    #[must_use]
    pub fn user(&self) -> &str {
        self.diary.user()
    }

    /// The subprotocol that the server chose.
    #[must_use]
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// Joins a room for what comes from now on.
    ///
    /// # Panics
    /// If it may not.
    pub async fn joins(&self, room: &str) -> Joined {
        self.try_join(room, None, None).await.unwrap_or_else(|e| panic!("{}: {e:#}", self.user()))
    }

    /// Joins a room for what came after `seq`, in the history `epoch` if it is known.
    ///
    /// # Panics
    /// If it may not.
    pub async fn joins_after(&self, room: &str, seq: u64, epoch: Option<&str>) -> Joined {
        self.try_join(room, Some(seq), epoch).await.unwrap_or_else(|e| panic!("{}: {e:#}", self.user()))
    }

    /// Leaves a room.
    ///
    /// # Panics
    /// If that is not answered.
    pub async fn leaves(&self, room: &str) {
        let answer = self.asks(json!({ "type": "leave", "room": room })).await;
        assert_eq!(answer["type"], "left", "{answer}");
    }

    /// Says something new and waits until it is stored.
    ///
    /// # Panics
    /// If it is not.
    pub async fn says(&self, room: &str, body: &str) -> Sent {
        self.says_as(room, &new_id(), body).await.sent()
    }

    /// Says something under an id of its own and waits for the answer.
    ///
    /// # Panics
    /// If there is none.
    pub async fn says_as(&self, room: &str, id: &str, body: &str) -> Answer {
        let pending = self.begins(room, id, body).await;
        self.answer(pending).await
    }

    /// Says something and does not wait.
    pub async fn begins(&self, room: &str, id: &str, body: &str) -> Pending {
        let number = self.refs.fetch_add(1, Ordering::Relaxed);
        let frame = json!({ "type": "send", "ref": number, "room": room, "id": id, "body": body });
        self.inbox.hear(|heard| drop(heard.asked.insert(number, (room.to_owned(), id.to_owned()))));
        // The diary has the order in which the frames go out.
        let mut out = self.out.lock().await;
        self.diary.write(Entry::Asked { room: room.to_owned(), id: id.to_owned(), body: body.into() });
        // A connection that has ended is seen by whoever waits for the answer.
        if let Some(out) = &mut *out {
            let _ = out.send(Frame::text(frame.to_string())).await;
        }
        Pending(number)
    }

    /// The answer to something that was said.
    ///
    /// # Panics
    /// If there is none.
    pub async fn answer(&self, pending: Pending) -> Answer {
        self.inbox.wait("an answer", |heard| answered(heard, pending)).await
    }

    /// The answer to something that was said, if it comes within a time.
    pub async fn answer_within(&self, pending: Pending, time: Duration) -> Option<Answer> {
        self.inbox.wait_for(time, |heard| answered(heard, pending)).await
    }

    /// Asks anything and waits for the answer; the `ref` is added.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn asks(&self, frame: Value) -> Value {
        match self.try_ask(frame).await {
            Ok(answer) => answer,
            Err(error) => panic!("{}: {error:#}", self.user()),
        }
    }

    /// A page of history, asked for again as long as it is not available.
    ///
    /// # Panics
    /// If there is none.
    pub async fn history(&self, room: &str, after: u64, limit: u16) -> (Vec<Message>, bool) {
        let question = json!({ "type": "history", "room": room, "after": after, "limit": limit });
        let page = until(format!("a page of {room} is given"), async || {
            let page = self.asks(question.clone()).await;
            (page["code"] != "unavailable").then_some(page)
        });
        let page = page.await;
        assert_eq!(page["type"], "history", "{page}");
        let messages = page["messages"].as_array().into_iter().flatten().filter_map(Message::read).collect();
        (messages, page["more"] == true)
    }

    /// Shows a token on the live connection, and does not wait.
    pub async fn shows(&self, token: &str) {
        self.writes(json!({ "type": "hello", "token": token }).to_string()).await;
    }

    /// Writes any text.
    pub async fn writes(&self, text: impl Into<String>) {
        self.sends(Frame::text(text.into())).await;
    }

    /// Sends any frame.
    pub async fn sends(&self, frame: Frame) {
        // A server that does not like it may close before all is written.
        if let Some(out) = &mut *self.out.lock().await {
            let _ = out.send(frame).await;
        }
    }

    /// Waits for a frame of this type that answers nothing, and takes it.
    ///
    /// # Panics
    /// If there is none.
    pub async fn hears(&self, kind: &str) -> Value {
        self.inbox
            .wait(kind, |heard| {
                let at = heard.frames.iter().position(|frame| frame["type"] == kind)?;
                Some(heard.frames.remove(at))
            })
            .await
    }

    /// Waits for a frame of another dialect that fits, and takes it.
    ///
    /// # Panics
    /// If there is none.
    pub async fn hears_one(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.inbox
            .wait(what, |heard| {
                let at = heard.frames.iter().position(&fits)?;
                Some(heard.frames.remove(at))
            })
            .await
    }

    /// What it has been shown in a room.
    #[must_use]
    pub fn shown(&self, room: &str) -> Vec<Message> {
        self.inbox.look(|heard| heard.messages.get(room).cloned()).unwrap_or_default()
    }

    /// Waits until it was shown so many messages of a room, and gives all.
    ///
    /// # Panics
    /// If they do not come.
    pub async fn sees(&self, room: &str, count: usize) -> Vec<Message> {
        let what = format!("{count} messages of {room} for {}", self.user());
        self.inbox
            .wait(&what, |heard| heard.messages.get(room).filter(|all| all.len() >= count).cloned())
            .await
    }

    /// Waits until it was shown this seq, or its connection has ended: then it is false.
    pub(crate) async fn reaches(&self, room: &str, seq: u64, patience: Duration) -> Option<bool> {
        self.inbox
            .wait_for(patience, |heard| {
                let last = heard.messages.get(room).and_then(|all| all.last()).map_or(0, |m| m.seq);
                if last >= seq { Some(true) } else { heard.closed.as_ref().map(|_| false) }
            })
            .await
    }

    /// Waits until it has heard nothing for so long, or its connection has ended: then it is false.
    pub(crate) async fn is_quiet_for(&self, time: Duration) -> bool {
        let came = Instant::now();
        loop {
            let (latest, closed) =
                self.inbox.look(|heard| (heard.latest.unwrap_or(came), heard.closed.is_some()));
            let silence = latest.elapsed();
            if closed || silence >= time {
                return !closed;
            }
            let closes = self.inbox.wait_for(time - silence, |heard| heard.closed.as_ref().map(|_| ()));
            let _ = closes.await;
        }
    }

    /// Asks for a sign of life; true if anything is heard within a time.
    pub(crate) async fn is_answered_within(&self, time: Duration) -> bool {
        let asked = Instant::now();
        self.writes(r#"{"type":"ping"}"#).await;
        let anything = |heard: &mut inbox::Heard| heard.latest.filter(|latest| *latest > asked);
        self.inbox.wait_for(time, anything).await.is_some()
    }

    /// Stops reading: what is sent stays in the socket.
    pub fn stops_reading(&self) {
        self.pace.send_replace(Pace::Not);
    }

    /// Reads again, as fast as it can.
    pub fn reads_on(&self) {
        self.pace.send_replace(Pace::Fast);
    }

    /// Reads, with a pause after each frame.
    pub fn reads_slowly(&self, pause: Duration) {
        self.pace.send_replace(Pace::Slow(pause));
    }

    /// Waits until the server has closed the connection, or it broke.
    ///
    /// # Panics
    /// If it stays open.
    pub async fn closed(&self) -> Closed {
        self.inbox.wait("the end of the connection", |heard| heard.closed.clone()).await
    }

    /// True as long as the connection has not ended.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.inbox.look(|heard| heard.closed.is_none())
    }

    /// Closes the connection as one should.
    pub async fn goes(self) {
        self.sends(Frame::Close(None)).await;
        self.closed().await;
    }

    /// Breaks the connection without a word, and returns when nothing is written into the diary any more.
    pub(crate) async fn vanishes(mut self) {
        self.reader.abort();
        let _ = (&mut self.reader).await;
    }

    async fn try_ask(&self, mut frame: Value) -> Result<Value> {
        let number = self.refs.fetch_add(1, Ordering::Relaxed);
        let what = frame.to_string();
        frame["ref"] = number.into();
        self.writes(frame.to_string()).await;
        let answer = self
            .inbox
            .wait(&what, |heard| match heard.answers.remove(&number) {
                Some(answer) => Some(Ok(answer)),
                None => heard.closed.clone().map(Err),
            })
            .await;
        answer.or_else(|closed| bail!("closed before the answer to {what}: {closed:?}"))
    }

    async fn try_join(&self, room: &str, after: Option<u64>, epoch: Option<&str>) -> Result<Joined> {
        let mut frame = json!({ "type": "join", "room": room });
        if let Some(after) = after {
            frame["after"] = after.into();
        }
        if let Some(epoch) = epoch {
            frame["epoch"] = epoch.into();
        }
        self.diary.write(Entry::Joins { room: room.to_owned(), after });
        let answer = self.try_ask(frame).await?;
        match Joined::read(&answer) {
            Some(joined) => Ok(joined),
            None => bail!("not joined: {answer}"),
        }
    }

    async fn try_welcome(&self) -> Result<()> {
        let welcome = self.inbox.wait("the welcome", |heard| {
            match heard.frames.iter().position(|frame| frame["type"] == "welcome") {
                Some(at) => Some(Ok(heard.frames.remove(at))),
                None => heard.closed.clone().map(Err),
            }
        });
        let welcome = welcome.await.or_else(|closed| bail!("closed instead of a welcome: {closed:?}"))?;
        if welcome["user"]["id"] == self.user() { Ok(()) } else { bail!("taken for another: {welcome}") }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// An id that no request had before.
#[must_use]
pub fn new_id() -> String {
    format!("id-{}", IDS.fetch_add(1, Ordering::Relaxed))
}

fn answered(heard: &mut inbox::Heard, pending: Pending) -> Option<Answer> {
    match heard.answers.remove(&pending.0) {
        Some(frame) => Some(Answer::read(&frame)),
        None => heard.closed.as_ref().map(|_| Answer::Gone),
    }
}

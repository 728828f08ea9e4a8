//! The task of one session: between its connection, which is a shard's, and the requests of its client.
//!
//! It ends with the connection, once what has come was polled, and some twenty seconds after its client's last poll; then
//! nobody asks it any more.

use std::future::pending;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream as StdStream;

use tokio::io::{Interest, Ready};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use websocket::{Message, Reader, Role};

use super::registry::{Entry, Visit};
use super::unsent::Unsent;
use super::waiting::Waiting;

/// The largest frame that a shard writes is a list of who is there, or a page of history: some hundred kilobytes.
const FRAME_BYTES_MAX: usize = 1024 * 1024;
/// How much is read from the connection at once.
const READ_BYTES: usize = 16 * 1024;

/// A session. Owned by its task.
pub(super) struct Session {
    /// `None` once the connection has ended.
    stream: Option<UnixStream>,
    reader: Reader,
    waiting: Waiting,
    unsent: Unsent,
    visits: mpsc::Receiver<Visit>,
    _entry: Entry,
}

/// What a session has waited for.
enum Event {
    Visit(Option<Visit>),
    Ready(io::Result<Ready>),
    Due,
}

impl Session {
    /// A session whose connection is the other end of `stream`.
    ///
    /// # Errors
    /// The system's own.
    pub(super) fn new(stream: StdStream, visits: mpsc::Receiver<Visit>, entry: Entry) -> io::Result<Self> {
        Ok(Self {
            stream: Some(UnixStream::from_std(stream)?),
            reader: Reader::new(Role::Client, FRAME_BYTES_MAX),
            waiting: Waiting::new(Instant::now()),
            unsent: Unsent::default(),
            visits,
            _entry: entry,
        })
    }

    /// Keeps the session until it is over.
    pub(super) async fn keep(mut self) {
        while !self.waiting.is_over(Instant::now()) {
            let (stream, interest) = (self.stream.as_ref(), self.interest());
            let event = tokio::select! {
                visit = self.visits.recv() => Event::Visit(visit),
                ready = ready(stream, interest) => Event::Ready(ready),
                () = sleep_until(self.waiting.due()) => Event::Due,
            };
            match event {
                Event::Visit(Some(visit)) => self.on_visit(visit),
                Event::Visit(None) => break,
                Event::Ready(ready) => self.on_ready(ready),
                Event::Due => self.waiting.on_time(Instant::now()),
            }
        }
        self.say_goodbye();
    }

    fn interest(&self) -> Option<Interest> {
        match (self.waiting.has_room(), !self.unsent.is_empty()) {
            (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
            (true, false) => Some(Interest::READABLE),
            (false, true) => Some(Interest::WRITABLE),
            (false, false) => None,
        }
    }

    fn on_visit(&mut self, visit: Visit) {
        match visit {
            Visit::Poll(asker) => {
                // Whoever polls is there, and says so by nothing else.
                self.unsent.live();
                self.waiting.on_poll(asker, Instant::now());
            }
            Visit::Post(lines, asker) if self.stream.is_some() => self.unsent.post(&lines, asker),
            Visit::Post(..) => {}
        }
    }

    fn on_ready(&mut self, ready: io::Result<Ready>) {
        let went_on = ready.and_then(|ready| {
            if ready.is_writable()
                && let Some(stream) = &self.stream
            {
                self.unsent.write(stream)?;
            }
            let readable = ready.is_readable() || ready.is_read_closed();
            if readable && self.waiting.has_room() { self.read() } else { Ok(ControlFlow::Continue(())) }
        });
        match went_on {
            Ok(ControlFlow::Continue(())) => self.waiting.deliver(Instant::now()),
            Ok(ControlFlow::Break(())) => self.end(),
            Err(error) => {
                tracing::debug!(%error, "the connection of a session failed");
                self.end();
            }
        }
    }

    /// Reads once. Breaks if nothing more comes.
    fn read(&mut self) -> io::Result<ControlFlow<()>> {
        let Some(stream) = &self.stream else { return Ok(ControlFlow::Break(())) };
        let mut chunk = [0; READ_BYTES];
        let count = match stream.try_read(&mut chunk) {
            Ok(0) => return Ok(ControlFlow::Break(())),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(ControlFlow::Continue(())),
            Err(error) => return Err(error),
        };
        let mut messages = self.reader.read(&mut chunk[..count]);
        while let Some(message) = messages.next() {
            match message {
                Ok(Message::Text(frame)) => self.waiting.on_frame(frame),
                // No dialect that is polled for says bytes; and pings are not answered, as polls are signs of life.
                Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_)) => {}
                Ok(Message::Close(_)) => return Ok(ControlFlow::Break(())),
                Err(violation) => return Err(io::Error::other(violation)),
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The connection has ended: what was posted and not taken is told to be lost.
    fn end(&mut self) {
        self.stream = None;
        self.unsent = Unsent::default();
        self.waiting.on_end(Instant::now());
    }

    /// The client has gone: so that its connection ends in an orderly way, with nothing to be waited for.
    fn say_goodbye(&mut self) {
        if let Some(stream) = &self.stream {
            self.unsent.close();
            let _broken = self.unsent.write(stream);
        }
    }
}

/// Waits for the socket; for ever, if there is nothing to wait for.
async fn ready(stream: Option<&UnixStream>, interest: Option<Interest>) -> io::Result<Ready> {
    match (stream, interest) {
        (Some(stream), Some(interest)) => stream.ready(interest).await,
        _ => pending().await,
    }
}

//! What the sockets bring: new ones, bytes to read, room to write.

use std::io;
use std::rc::Rc;

use dialect::{Dialect, Frame as Words};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;
use websocket::{Message, Opcode, Reader, Role};

use super::{PageLine, Shard, index, short};
use crate::connection::task::Wish;
use crate::connection::{Connection, End, Frame, Outbox, Subscriptions};
use crate::session::{Action, Credential, Session};
use crate::switchboard::ConnectionKey;

/// How many reads one connection gets in a turn: a client that never stops to talk must not be the only one heard.
const READS: usize = 4;

/// How much a client may have on its way that does not know yet of its end: what the kernels of both sides keep.
const DISCARDED_MAX: usize = 8 * 1024 * 1024;

impl Shard {
    /// Takes a socket after its handshake, with what the client has sent behind it.
    pub(crate) fn add(
        &mut self,
        stream: TcpStream,
        early: &[u8],
        dialect: &'static dyn Dialect,
        credential: Option<Credential>,
    ) -> (ConnectionKey, Rc<TcpStream>, Rc<Notify>) {
        let now = Instant::now();
        let (stream, wake) = (Rc::new(stream), Rc::new(Notify::new()));
        self.generations = self.generations.wrapping_add(1);
        let name = self.env.name_connection();
        let session = Session::new(dialect, name, credential, &self.env, now);
        let place = self.connections.insert(Connection {
            generation: self.generations,
            dialect,
            stream: Rc::clone(&stream),
            wake: Rc::clone(&wake),
            session,
            reader: Reader::new(Role::Server, self.limits.frame_bytes),
            outbox: Outbox::new(self.limits.outbox_bytes),
            subscriptions: Subscriptions::default(),
            tunings: None,
            end: End::Open,
            touched: false,
            spoken: false,
            pages: PageLine::default(),
            discarded: 0,
            missed_moments: false,
            blocked_since: None,
        });
        let key = ConnectionKey { place: short(place), generation: self.generations };
        self.metrics.connections.with_label_values(&[dialect.name()]).inc();
        self.with_session(key, |session, env, out| session.start(env, now, out));
        if !early.is_empty() {
            let mut early = early.to_vec();
            self.hear(key, &mut early);
        }
        (key, stream, wake)
    }

    /// What a connection waits for; `None` if it is gone.
    pub(crate) fn wish(&mut self, key: ConnectionKey) -> Option<Wish> {
        let connection = self.connection(key)?;
        Some(Wish { read: connection.hears(), write: !connection.outbox.is_empty() })
    }

    /// The socket has something to read. True if there may be more, after everybody else's turn.
    pub(crate) fn on_readable(&mut self, key: ConnectionKey) -> bool {
        let mut input = std::mem::take(&mut self.input);
        let more = (0..READS).all(|_| self.read_once(key, &mut input));
        self.input = input;
        self.flush(key);
        more
    }

    /// Reads once. True if there may be more.
    fn read_once(&mut self, key: ConnectionKey, input: &mut [u8]) -> bool {
        let Some(connection) = self.connection(key).filter(|connection| connection.hears()) else {
            return false;
        };
        match connection.stream.try_read(input) {
            Ok(0) => self.forget(key),
            Ok(count) => {
                self.hear(key, &mut input[..count]);
                return true;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                tracing::debug!(%error, "a socket failed");
                self.forget(key);
            }
        }
        false
    }

    /// The socket takes more.
    pub(crate) fn on_writable(&mut self, key: ConnectionKey) {
        self.flush(key);
    }

    /// Everything that a connection had to write has been written, at least to the kernel.
    pub(super) fn written(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        match connection.end {
            End::Open => self.fill(key),
            End::Leaving(_) => {}
            End::Closing(_) => self.shut(key),
        }
    }

    /// Throws away what comes behind the last word: were it left unread, the client would not see that word. Who just
    /// goes on is cut off.
    fn discard(&mut self, key: ConnectionKey, bytes: usize) {
        let Some(connection) = self.connection(key) else { return };
        connection.discarded += bytes;
        if connection.discarded > DISCARDED_MAX {
            self.forget(key);
        }
    }

    /// Asks for what waits until there is room for it in the outbox, if there is.
    pub(super) fn fill(&mut self, key: ConnectionKey) {
        self.feed(key);
        self.next_page(key);
    }

    /// Takes bytes that the client sent.
    fn hear(&mut self, key: ConnectionKey, bytes: &mut [u8]) {
        let now = Instant::now();
        let mut out = Vec::new();
        let place = index(key.place);
        let Some(connection) = self.connections.get_mut(place).filter(|c| c.generation == key.generation)
        else {
            return;
        };
        if matches!(connection.end, End::Closing(_)) {
            return self.discard(key, bytes.len());
        }
        let (session, outbox) = (&mut connection.session, &mut connection.outbox);
        let mut messages = connection.reader.read(bytes);
        let mut closed = None;
        while let Some(message) = messages.next() {
            session.on_heard(now);
            match message {
                Ok(Message::Text(text)) => session.on_frame(&self.env, now, Words::Text(text), &mut out),
                Ok(Message::Binary(bytes)) => {
                    session.on_frame(&self.env, now, Words::Binary(bytes), &mut out);
                }
                Ok(Message::Ping(payload)) => {
                    outbox.push(Frame::from(&websocket::frame(Opcode::Pong, payload)[..]));
                }
                Ok(Message::Pong(_)) => {}
                Ok(Message::Close(frame)) => closed = Some(frame.map_or(1000, |frame| frame.code)),
                Err(violation) => session.on_violation(&self.env, violation, &mut out),
            }
            if closed.is_some() || out.iter().any(|action| matches!(action, Action::Close(_))) {
                break;
            }
        }
        drop(messages);
        self.carry_out(key, out);
        if let Some(code) = closed {
            self.close_back(key, code);
        }
        self.flush(key);
    }
}

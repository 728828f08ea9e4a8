//! An open connection, with the person that has it.
//!
//! Shared by the ears, which read, and by the conversation of its person, which says something now and then. No borrow
//! is held while anything is awaited. It is over when its first end is known; what comes later is not read.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Instant;

use tokio::sync::Notify;
use websocket::{Message, Opcode, masked_frame_into};

use super::bell::Bell;
use crate::person::{Person, Rejected, Scene};
use crate::socket::Socket;
use crate::surroundings::Surroundings;

/// A line.
pub(crate) struct Line {
    pub(super) key: usize,
    socket: RefCell<Socket>,
    person: Rc<RefCell<Person>>,
    bell: Arc<Bell>,
    /// The same bell, as the socket rings it.
    waker: Waker,
    heard_at: Cell<Instant>,
    /// True while the conversation wants to know of everything that is read.
    attentive: Cell<bool>,
    end: RefCell<Option<End>>,
    news: Notify,
}

/// How a line ends by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The connection has ended, for this reason.
    Broken(String),
    /// The server will never let the person in.
    Rejected(String),
}

impl From<Rejected> for End {
    fn from(Rejected(why): Rejected) -> Self {
        Self::Rejected(why)
    }
}

impl Line {
    pub(super) fn new(key: usize, socket: Socket, person: Rc<RefCell<Person>>, bell: Arc<Bell>) -> Self {
        let waker = Waker::from(bell.clone());
        Self {
            key,
            socket: RefCell::new(socket),
            person,
            bell,
            waker,
            heard_at: Cell::new(Instant::now()),
            attentive: Cell::new(true),
            end: RefCell::new(None),
            news: Notify::new(),
        }
    }

    /// The bell rings, as if something had come.
    pub(super) fn ring(&self) {
        self.waker.wake_by_ref();
    }

    /// When something was read last; when the line was opened, if nothing was.
    pub(crate) fn heard_at(&self) -> Instant {
        self.heard_at.get()
    }

    /// Waits until the line has ended, until its person has trouble, or until something was read while the conversation is
    /// attentive.
    ///
    /// # Errors
    /// How the line has ended, each time it is asked after that.
    ///
    /// Cancel safe.
    pub(crate) async fn news(&self) -> Result<(), End> {
        self.news.notified().await;
        self.end.borrow().clone().map_or(Ok(()), Err)
    }

    /// Says whether the conversation wants to know of everything that is read.
    pub(crate) fn set_attentive(&self, attentive: bool) {
        self.attentive.set(attentive);
    }

    /// The person does something, and what it says is written.
    ///
    /// # Errors
    /// How the line has ended, if it has: then nothing is done.
    pub(crate) fn act<R>(
        &self,
        around: &Surroundings,
        act: impl FnOnce(&mut Person, &mut Scene<'_>) -> R,
    ) -> Result<R, End> {
        // What was read tells more of the end than the write that would fail now.
        if let Some(end) = self.end.borrow().clone() {
            return Err(end);
        }
        let mut socket = self.socket.borrow_mut();
        let mut person = self.person.borrow_mut();
        let done = around.with_scene(Instant::now(), &mut socket.out, |scene| act(&mut person, scene));
        socket.write(&mut Context::from_waker(&self.waker)).map_err(End::Broken)?;
        Ok(done)
    }

    /// The bell has rung: writes and reads what can be, once. Gives how many bytes were read.
    pub(super) fn serve(&self, around: &Surroundings, scratch: &mut [u8]) -> usize {
        self.bell.is_answered();
        if self.end.borrow().is_some() {
            return 0;
        }
        self.try_to_serve(around, scratch).unwrap_or_else(|end| {
            self.end.replace(Some(end));
            self.news.notify_one();
            0
        })
    }

    fn try_to_serve(&self, around: &Surroundings, scratch: &mut [u8]) -> Result<usize, End> {
        let mut bell = Context::from_waker(&self.waker);
        let mut socket = self.socket.borrow_mut();
        socket.write(&mut bell).map_err(End::Broken)?;
        let bytes = socket.receive(&mut bell, scratch).map_err(End::Broken)?;
        if bytes > 0 {
            self.hear(&mut socket, around, &mut scratch[..bytes])?;
            socket.write(&mut bell).map_err(End::Broken)?;
            if socket.may_have_more(&mut bell) {
                // After all others that wait already.
                self.ring();
            }
        }
        Ok(bytes)
    }

    /// The person hears what was received. All of it came at the same moment: that of the read, which is the earliest at
    /// which a client can know of it.
    fn hear(&self, socket: &mut Socket, around: &Surroundings, chunk: &mut [u8]) -> Result<(), End> {
        let now = Instant::now();
        self.heard_at.set(now);
        let mut person = self.person.borrow_mut();
        let Socket { reader, out, .. } = socket;
        around.with_scene(now, out, |scene| {
            let mut messages = reader.read(chunk);
            while let Some(message) = messages.next() {
                match message {
                    Ok(Message::Text(text)) => person.hear_all(text, scene)?,
                    Ok(Message::Ping(payload)) => {
                        masked_frame_into(scene.out, Opcode::Pong, payload, rand::random());
                    }
                    Ok(Message::Pong(_)) => person.was_read(scene),
                    Ok(Message::Binary(_)) => {}
                    Ok(Message::Close(close)) => {
                        let how = close
                            .map_or_else(|| "closed".to_owned(), |close| format!("closed {}", close.code));
                        return Err(End::Broken(how));
                    }
                    Err(violation) => return Err(End::Broken(format!("broken frames: {violation}"))),
                }
            }
            Ok(())
        })?;
        if self.attentive.get() || person.trouble.is_some() {
            self.news.notify_one();
        }
        Ok(())
    }

    pub(super) fn into_socket(self) -> Socket {
        self.socket.into_inner()
    }
}

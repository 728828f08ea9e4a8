//! One connection of the bare server: its handshake, what it asks for, and what its socket has not taken yet.
//!
//! Owned by the loop. Bound: [`HEAD_BYTES_MAX`] before the handshake, [`UNSENT_BYTES_MAX`] of frames after it; whoever
//! is further behind is cut off.

use std::io::{ErrorKind, Read as _, Write as _};

use dialect::native::Native;
use dialect::{Command, DecodeLimits, Dialect as _, Frame};
use mio::net::TcpStream;
use websocket::handshake::accept_key;
use websocket::{Message, Reader, Role};

use crate::broadcaster::words::{BODY_BYTES, FRAME_BYTES};

const HEAD_BYTES_MAX: usize = 16_384;
const UNSENT_BYTES_MAX: usize = 1 << 20;

/// A connection.
pub(super) struct Connection {
    stream: TcpStream,
    /// What has come of the request for a WebSocket; `None` once that is answered.
    head: Option<Vec<u8>>,
    reader: Reader,
    /// What the socket has not taken: then whatever follows waits behind it.
    unsent: Vec<u8>,
    /// The rooms that it listens to.
    pub(super) rooms: Vec<usize>,
}

/// The connection is over.
#[derive(Debug)]
pub(super) struct Ended;

impl Connection {
    pub(super) const fn new(stream: TcpStream) -> Self {
        let reader = Reader::new(Role::Server, FRAME_BYTES);
        Self { stream, head: Some(Vec::new()), reader, unsent: Vec::new(), rooms: Vec::new() }
    }

    /// The socket, to be watched.
    pub(super) const fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Reads all that there is. True if the handshake was completed by it.
    pub(super) fn read(&mut self, scratch: &mut [u8], commands: &mut Vec<Command>) -> Result<bool, Ended> {
        let mut opened = false;
        loop {
            match self.stream.read(scratch) {
                Ok(0) => return Err(Ended),
                Ok(read) => opened |= self.take(&mut scratch[..read], commands)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(opened),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Ended),
            }
        }
    }

    fn take(&mut self, chunk: &mut [u8], commands: &mut Vec<Command>) -> Result<bool, Ended> {
        let Some(mut head) = self.head.take() else {
            return decode(&mut self.reader, chunk, commands).map(|()| false);
        };
        head.extend_from_slice(chunk);
        let Some(end) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            if head.len() > HEAD_BYTES_MAX {
                return Err(Ended);
            }
            self.head = Some(head);
            return Ok(false);
        };
        let mut first = head.split_off(end + 4);
        self.send(answer(&head).ok_or(Ended)?.as_bytes())?;
        decode(&mut self.reader, &mut first, commands).map(|()| true)
    }

    /// Sends a frame: at once, if nothing else waits. One write, the least that a server can do.
    pub(super) fn send(&mut self, frame: &[u8]) -> Result<(), Ended> {
        let written = if self.unsent.is_empty() { self.write(frame)? } else { 0 };
        if self.unsent.len() + frame.len() - written > UNSENT_BYTES_MAX {
            return Err(Ended);
        }
        self.unsent.extend_from_slice(&frame[written..]);
        Ok(())
    }

    /// The socket may have room again.
    pub(super) fn flush(&mut self) -> Result<(), Ended> {
        while !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            let written = self.write(&unsent)?;
            self.unsent = unsent;
            if written == 0 {
                break;
            }
            self.unsent.drain(..written);
        }
        Ok(())
    }

    /// How many of these bytes the socket takes.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Ended> {
        loop {
            match self.stream.write(bytes) {
                Ok(written) => return Ok(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Ended),
            }
        }
    }
}

fn decode(reader: &mut Reader, chunk: &mut [u8], commands: &mut Vec<Command>) -> Result<(), Ended> {
    let limits = DecodeLimits { body_bytes: BODY_BYTES };
    let mut messages = reader.read(chunk);
    while let Some(message) = messages.next() {
        match message {
            Ok(Message::Text(text)) => {
                Native.decode(Frame::Text(text), &limits, commands).map_err(|_| Ended)?;
            }
            Ok(Message::Close(_)) | Err(_) => return Err(Ended),
            Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_)) => {}
        }
    }
    Ok(())
}

/// The answer to a request for a WebSocket in the native dialect.
fn answer(head: &[u8]) -> Option<String> {
    let head = std::str::from_utf8(head).ok()?;
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let (_, key) = headers.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))?;
    let accept = accept_key(key.trim());
    Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: parlor.v1\r\n\r\n"
    ))
}

//! One WebSocket connection of a client: bytes of ours on their way out, bytes of the server as they come in.
//!
//! Owned by a [`Line`](crate::ears::Line). Bound: what its person has to say, and what the server may fragment (1 MiB).
//! Nothing here waits for the socket, but for its first word and its last: whoever is told that there is nothing to do has a
//! bell that rings when there is.

mod connect;

pub(crate) use connect::ConnectError;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use websocket::{Message, Opcode, Reader, Role, close_payload, masked_frame_into};

/// The largest message of a server: a page of history is at most 256 KiB.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// How long the server has for its own goodbye.
const FAREWELL_WITHIN: Duration = Duration::from_secs(2);

/// An open connection.
pub(crate) struct Socket {
    stream: TcpStream,
    /// Finds the messages in what was received.
    pub(crate) reader: Reader,
    /// Frames to be written.
    pub(crate) out: Vec<u8>,
    /// What came behind the server's answer to the handshake.
    first: Vec<u8>,
}

impl Socket {
    const fn new(stream: TcpStream, first: Vec<u8>) -> Self {
        Self { stream, reader: Reader::new(Role::Client, MESSAGE_BYTES_MAX), out: Vec::new(), first }
    }

    /// Writes as much as the connection takes. If that is not all, the bell rings when it takes more.
    ///
    /// # Errors
    /// If the connection has failed: how.
    pub(crate) fn write(&mut self, bell: &mut Context<'_>) -> Result<(), String> {
        if self.out.is_empty() {
            return Ok(());
        }
        while !self.out.is_empty() {
            match Pin::new(&mut self.stream).poll_write(bell, &self.out) {
                Poll::Ready(Ok(written)) => drop(self.out.drain(..written)),
                Poll::Ready(Err(error)) => return Err(error.kind().to_string()),
                Poll::Pending => return Ok(()),
            }
        }
        // An idle connection holds no buffer.
        self.out = Vec::new();
        Ok(())
    }

    /// Reads once, up to the length of `scratch`: how many bytes. If there are none, the bell rings when some come.
    ///
    /// # Errors
    /// If the connection has ended: how.
    pub(crate) fn receive(&mut self, bell: &mut Context<'_>, scratch: &mut [u8]) -> Result<usize, String> {
        if !self.first.is_empty() {
            let first = std::mem::take(&mut self.first);
            let (now, later) = first.split_at(first.len().min(scratch.len()));
            scratch[..now.len()].copy_from_slice(now);
            self.first = later.to_vec();
            return Ok(now.len());
        }
        let mut buffer = ReadBuf::new(scratch);
        match Pin::new(&mut self.stream).poll_read(bell, &mut buffer) {
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => Err("cut off".to_owned()),
            Poll::Ready(Ok(())) => Ok(buffer.filled().len()),
            Poll::Ready(Err(error)) => Err(error.kind().to_string()),
            Poll::Pending => Ok(0),
        }
    }

    /// True if there may be more to read at once; else the bell rings when there is. A read that has not filled its
    /// buffer has emptied the socket, so this is known without a call of the system.
    pub(crate) fn may_have_more(&self, bell: &mut Context<'_>) -> bool {
        !self.first.is_empty() || self.stream.poll_read_ready(bell).is_ready()
    }

    /// How many bytes have come in and were not read.
    pub(crate) fn unread_bytes(&self) -> u64 {
        // A connection that has failed meanwhile has nothing more to read.
        self.first.len() as u64 + rustix::io::ioctl_fionread(&self.stream).unwrap_or(0)
    }

    /// Reads until the server has closed the connection: with which code, if it has given one. What it says before that
    /// is passed over.
    ///
    /// # Errors
    /// If the connection ends otherwise: how.
    pub(crate) async fn closed(mut self) -> Result<Option<u16>, String> {
        let mut scratch = [0; 4096];
        loop {
            let read = poll_fn(|bell| match self.receive(bell, &mut scratch) {
                Ok(0) => Poll::Pending,
                read => Poll::Ready(read),
            });
            let read = read.await?;
            let mut messages = self.reader.read(&mut scratch[..read]);
            while let Some(message) = messages.next() {
                if let Message::Close(frame) = message.map_err(|violation| violation.to_string())? {
                    return Ok(frame.map(|frame| frame.code));
                }
            }
        }
    }

    /// Says goodbye, and waits a little for the server to say it too.
    pub(crate) async fn close(mut self) {
        masked_frame_into(&mut self.out, Opcode::Close, &close_payload(1000, ""), rand::random());
        let farewell = async {
            self.stream.write_all(&self.out).await?;
            let mut rest = [0; 1024];
            while self.stream.read(&mut rest).await? > 0 {}
            io::Result::Ok(())
        };
        // A server that does not answer is left to find out by itself.
        let _ = timeout(FAREWELL_WITHIN, farewell).await;
    }
}

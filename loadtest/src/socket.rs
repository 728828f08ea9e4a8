//! One WebSocket connection of a client: bytes of ours on their way out, frames of the server as they come in.
//!
//! Owned by one person. Bound: what that person has to say, and what the server may fragment (1 MiB).

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use websocket::handshake::{self, BadAnswer};
use websocket::{Message, Opcode, Reader, Role, close_payload, masked_frame_into};

use crate::target::Target;

/// A handshake that takes longer has failed.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// The largest message of a server: a page of history is at most 256 KiB.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// Nobody answers there.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Somebody answers, but not as we hoped.
    #[error("{0}")]
    Answer(#[from] BadAnswer),
}

/// An open connection.
pub(crate) struct Socket {
    stream: TcpStream,
    reader: Reader,
    /// Frames to be written.
    pub(crate) out: Vec<u8>,
    /// True once the server has answered a ping.
    pub(crate) was_read: bool,
    /// What came behind the server's answer to the handshake.
    first: Vec<u8>,
}

/// What reading gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// There is nothing more at the moment.
    Empty,
    /// Something was read; there may be more.
    Some,
    /// The connection has ended, for this reason.
    Ended(String),
}

impl Socket {
    /// Connects and shakes hands. With `origin` it comes from the target's own origin, as a browser would say.
    ///
    /// # Errors
    /// [`ConnectError`].
    ///
    /// Cancel safe: the connection is dropped.
    pub(crate) async fn connect(
        target: &Target,
        subprotocols: &[String],
        origin: bool,
    ) -> Result<Self, ConnectError> {
        let connect = async {
            let mut stream = TcpStream::connect(&target.authority).await?;
            stream.set_nodelay(true)?;
            let (key, mut received) = (rand::random(), Vec::new());
            let offered: Vec<&str> = subprotocols.iter().map(String::as_str).collect();
            let mut request = handshake::request(&target.authority, &target.path, key, &offered);
            if origin {
                // Before the empty line that ends it.
                let end = request.len().saturating_sub(2);
                request.insert_str(end, &format!("Origin: http://{}\r\n", target.authority));
            }
            stream.write_all(request.as_bytes()).await?;
            loop {
                if let Some(answer) = handshake::read_answer(&received, key)? {
                    let first = received.split_off(answer.bytes);
                    let reader = Reader::new(Role::Client, MESSAGE_BYTES_MAX);
                    return Ok(Self { stream, reader, out: Vec::new(), was_read: false, first });
                }
                if stream.read_buf(&mut received).await? == 0 {
                    return Err(io::Error::from(ErrorKind::UnexpectedEof).into());
                }
            }
        };
        let late = || io::Error::new(ErrorKind::TimedOut, "the handshake took too long");
        timeout(HANDSHAKE_WITHIN, connect).await.map_err(|_| late())?
    }

    /// Waits until there is something to read, or room for what is to be written.
    ///
    /// # Errors
    /// If the connection has failed.
    ///
    /// Cancel safe.
    pub(crate) async fn ready(&self) -> io::Result<()> {
        if !self.first.is_empty() {
            return Ok(());
        }
        let interest =
            if self.out.is_empty() { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
        self.stream.ready(interest).await.map(|_| ())
    }

    /// Writes as much as the connection takes.
    ///
    /// # Errors
    /// If the connection has failed.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            match self.stream.try_write(&self.out) {
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        // An idle connection holds no buffer.
        self.out = Vec::new();
        Ok(())
    }

    /// Reads what there is, up to the length of `scratch`, and gives each text to `hear`. Pings are answered.
    pub(crate) fn read(&mut self, scratch: &mut [u8], mut hear: impl FnMut(&str, &mut Vec<u8>)) -> Read {
        let mut first = std::mem::take(&mut self.first);
        let chunk = if first.is_empty() {
            // Nobody is to be woken: whoever reads has waited for `ready`. Unlike `try_read` this knows that a socket
            // which has not filled the buffer is empty, and saves the call that would say so: half of all of them.
            let (mut nobody, mut buffer) = (Context::from_waker(Waker::noop()), ReadBuf::new(scratch));
            let read = Pin::new(&mut self.stream).poll_read(&mut nobody, &mut buffer);
            let bytes = buffer.filled().len();
            match read {
                Poll::Ready(Ok(())) if bytes == 0 => return Read::Ended("cut off".to_owned()),
                Poll::Ready(Ok(())) => &mut scratch[..bytes],
                Poll::Ready(Err(error)) => return Read::Ended(error.kind().to_string()),
                Poll::Pending => return Read::Empty,
            }
        } else {
            &mut first
        };
        let mut messages = self.reader.read(chunk);
        while let Some(message) = messages.next() {
            match message {
                Ok(Message::Text(text)) => hear(text, &mut self.out),
                Ok(Message::Ping(payload)) => {
                    masked_frame_into(&mut self.out, Opcode::Pong, payload, rand::random());
                }
                Ok(Message::Close(close)) => {
                    return Read::Ended(
                        close.map_or_else(|| "closed".to_owned(), |c| format!("closed {}", c.code)),
                    );
                }
                Ok(Message::Pong(_)) => self.was_read = true,
                Ok(Message::Binary(_)) => {}
                Err(violation) => return Read::Ended(format!("broken frames: {violation}")),
            }
        }
        Read::Some
    }

    /// How many bytes have come in and were not read.
    pub(crate) fn unread_bytes(&self) -> u64 {
        // A connection that has failed meanwhile has nothing more to read.
        self.first.len() as u64 + rustix::io::ioctl_fionread(&self.stream).unwrap_or(0)
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
        let _ = timeout(Duration::from_secs(2), farewell).await;
    }
}

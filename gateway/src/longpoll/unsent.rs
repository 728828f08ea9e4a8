//! What one client has posted and its connection has not taken yet.
//!
//! Owned by the session's task. Bounded by [`BYTES_MAX`]; it ends with the session.

use std::collections::VecDeque;
use std::io;

use dialect::phoenix::poll::{PolledFrame, polled_frame};
use tokio::net::UnixStream;
use websocket::{Opcode, masked_frame_into};

use super::registry::Asker;

/// The most bytes that wait: a post of the largest body, and another one.
const BYTES_MAX: usize = 2 * 1024 * 1024;
/// Clients mask what they write against what stands between them and the server. Here nothing does.
const UNMASKED: [u8; 4] = [0; 4];

/// The posts, in order.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    posts: VecDeque<Post>,
    /// How much of the first one has been written.
    written: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Post {
    frames: Vec<u8>,
    /// Told when all of it has been written.
    asker: Option<Asker>,
}

impl Unsent {
    /// Adds what a client has posted. Where there is too much, the asker is dropped.
    pub(super) fn post(&mut self, lines: &[String], asker: Asker) {
        let mut frames = Vec::with_capacity(lines.iter().map(String::len).sum());
        for line in lines {
            match polled_frame(line) {
                PolledFrame::Text(text) => {
                    masked_frame_into(&mut frames, Opcode::Text, text.as_bytes(), UNMASKED);
                }
                PolledFrame::Binary(bytes) => {
                    masked_frame_into(&mut frames, Opcode::Binary, &bytes, UNMASKED);
                }
            }
        }
        if self.bytes + frames.len() <= BYTES_MAX {
            self.push(Post { frames, asker: Some(asker) });
        }
    }

    /// Adds a sign of life, unless there is one already.
    pub(super) fn live(&mut self) {
        self.control(Opcode::Pong, b"");
    }

    /// Adds the end of the connection, unless something stands before it.
    pub(super) fn close(&mut self) {
        self.control(Opcode::Close, &websocket::close_payload(1000, ""));
    }

    fn control(&mut self, opcode: Opcode, payload: &[u8]) {
        if self.is_empty() {
            let mut frames = Vec::new();
            masked_frame_into(&mut frames, opcode, payload, UNMASKED);
            self.push(Post { frames, asker: None });
        }
    }

    fn push(&mut self, post: Post) {
        self.bytes += post.frames.len();
        self.posts.push_back(post);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.posts.is_empty()
    }

    /// Writes as much as the socket takes now.
    ///
    /// # Errors
    /// The socket's own, when it is broken.
    pub(super) fn write(&mut self, stream: &UnixStream) -> io::Result<()> {
        while let Some(post) = self.posts.front() {
            if self.written < post.frames.len() {
                match stream.try_write(&post.frames[self.written..]) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(count) => self.written += count,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                    Err(error) => return Err(error),
                }
            } else {
                self.is_written();
            }
        }
        Ok(())
    }

    /// The first post has been written.
    fn is_written(&mut self) {
        let Some(post) = self.posts.pop_front() else { return };
        self.written = 0;
        self.bytes -= post.frames.len();
        if let Some(asker) = post.asker {
            let _gone = asker.send(Vec::new());
        }
    }
}

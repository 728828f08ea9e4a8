//! What waits for one socket. Bounded in bytes by whoever pushes; only what the socket did not take stays here.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::rc::Rc;

use tokio::net::TcpStream;

/// One or more whole WebSocket frames, shared by all connections of a shard that get the same ones. The count
/// of owners is not atomic: a frame never leaves its shard.
pub(crate) type Frame = Rc<[u8]>;

/// How many frames one write takes at the most.
const SLICES: usize = 64;
/// About what a frame takes beside its bytes: its count of owners, its place here, what the allocator rounds up.
/// Were it not counted, a client that pings and never reads could have megabytes of pongs wait for it.
const FRAME_BYTES: u32 = 48;

/// The frames that wait. Owned by its connection.
#[derive(Debug)]
pub(crate) struct Outbox {
    frames: VecDeque<Frame>,
    /// How much of the first frame has been written.
    written: u32,
    /// What all of them take, [`FRAME_BYTES`] included; the first one counts until it is gone.
    bytes: u32,
    bytes_max: u32,
}

/// How far a flush came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flushed {
    /// Everything has been written.
    All,
    /// The socket took `some` bytes and takes no more now.
    Blocked {
        /// How many bytes it took.
        some: usize,
    },
}

impl Outbox {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let bytes_max = u32::try_from(bytes_max).unwrap_or(u32::MAX / 2);
        Self { frames: VecDeque::new(), written: 0, bytes: 0, bytes_max }
    }

    /// Adds frames, whatever the bound: answers are never the reason why a connection ends.
    pub(crate) fn push(&mut self, frame: Frame) {
        self.bytes = self.bytes.saturating_add(cost(&frame));
        self.frames.push_back(frame);
    }

    /// Adds live frames if there is room for them. A single push into an empty outbox always fits.
    pub(crate) fn push_live(&mut self, frame: &Frame) -> bool {
        let fits = self.frames.is_empty() || self.bytes.saturating_add(cost(frame)) <= self.bytes_max;
        if fits {
            self.push(Rc::clone(frame));
        }
        fits
    }

    /// Writes as much as the socket takes now.
    ///
    /// # Errors
    /// The socket's own, when it is broken.
    pub(crate) fn flush(&mut self, stream: &TcpStream) -> io::Result<Flushed> {
        let mut some = 0;
        while !self.frames.is_empty() {
            match self.write_once(stream) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    some += written;
                    self.advance(written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Flushed::Blocked { some });
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Flushed::All)
    }

    /// Throws away what has not been begun: whoever is too slow for it comes back for it.
    pub(crate) fn drop_unsent(&mut self) {
        let begun = usize::from(self.written > 0);
        self.frames.truncate(begun);
        self.bytes = self.frames.iter().map(cost).sum();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// What all that waits takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes as usize
    }

    /// True if more waits than half of what may: no time to add to it.
    pub(crate) fn is_half_full(&self) -> bool {
        self.bytes > self.bytes_max / 2
    }

    fn write_once(&self, stream: &TcpStream) -> io::Result<usize> {
        let written = usize::try_from(self.written).unwrap_or(0);
        let mut frames = self.frames.iter();
        let Some(first) = frames.next().map(|frame| &frame[written..]) else { return Ok(0) };
        if self.frames.len() == 1 {
            return stream.try_write(first);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        slices[0] = IoSlice::new(first);
        let mut count = 1;
        for (slice, frame) in slices[1..].iter_mut().zip(frames) {
            *slice = IoSlice::new(frame);
            count += 1;
        }
        stream.try_write_vectored(&slices[..count])
    }

    fn advance(&mut self, written: usize) {
        let mut written = u32::try_from(written).unwrap_or(u32::MAX);
        while let Some(first) = self.frames.front() {
            let left = length(first) - self.written;
            if written < left {
                self.written += written;
                return;
            }
            written -= left;
            self.written = 0;
            self.bytes = self.bytes.saturating_sub(cost(first));
            self.frames.pop_front();
        }
        // Most queues stay short for long: what one bad moment took is not kept for the rest of the connection.
        if self.frames.capacity() > SLICES {
            self.frames = VecDeque::new();
        }
    }
}

fn cost(frame: &Frame) -> u32 {
    length(frame).saturating_add(FRAME_BYTES)
}

/// A frame is bounded far below 4 GiB by the limits on bodies and pages.
fn length(frame: &Frame) -> u32 {
    u32::try_from(frame.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    fn frame(text: &str) -> Frame {
        text.as_bytes().into()
    }

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (client, server) =
            tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        (client.unwrap(), server.unwrap().0)
    }

    #[test]
    fn live_frames_are_bounded_but_one_always_fits() {
        let mut outbox = Outbox::new(4);
        assert!(outbox.push_live(&frame("longer than four")));
        assert!(!outbox.push_live(&frame("x")));
        outbox.push(frame("an answer"));
        assert!(outbox.is_half_full());
    }

    #[tokio::test]
    async fn nothing_is_kept_of_a_long_queue_that_is_over() {
        let (_client, server) = pair().await;
        let mut outbox = Outbox::new(usize::MAX);
        for _ in 0..10_000 {
            outbox.push(frame("x"));
        }
        assert_eq!(outbox.flush(&server).unwrap(), Flushed::All);
        assert_eq!(outbox.frames.capacity(), 0);
    }

    #[test]
    fn a_frame_that_was_begun_is_kept_whole() {
        let mut outbox = Outbox::new(100);
        outbox.push(frame("first"));
        outbox.push(frame("second"));
        outbox.advance(2);
        outbox.drop_unsent();
        assert_eq!((outbox.frames.len(), outbox.bytes), (1, cost(&frame("first"))));
        outbox.advance(3);
        assert_eq!((outbox.is_empty(), outbox.bytes), (true, 0));
    }

    #[test]
    fn the_smallest_frames_count_for_what_they_take() {
        let mut outbox = Outbox::new(256 * 1024);
        let frames = (0..100_000).take_while(|_| {
            outbox.push(frame(""));
            !outbox.is_half_full()
        });
        assert!(frames.count() < 3000);
    }

    #[tokio::test]
    async fn frames_arrive_in_order_whatever_the_socket_takes() {
        let (mut client, server) = pair().await;
        let mut outbox = Outbox::new(usize::MAX);
        let expected: String = (0..20_000).map(|n| format!("frame {n};")).collect();
        for n in 0..20_000 {
            outbox.push(frame(&format!("frame {n};")));
        }
        let mut received = vec![0; expected.len()];
        let read = client.read_exact(&mut received);
        let write = async {
            loop {
                server.writable().await.unwrap();
                if outbox.flush(&server).unwrap() == Flushed::All {
                    break;
                }
            }
        };
        let (read, ()) = tokio::join!(read, write);
        read.unwrap();
        assert!(received == expected.as_bytes());
        assert_eq!((outbox.bytes, outbox.written), (0, 0));
    }
}

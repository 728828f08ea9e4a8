//! One way of a connection: what is read at one end waits here until it may be written at the other.
//!
//! Owned by its connection's task, and ended with it. At most [`WAITING_MAX`] bytes in [`PIECES_MAX`] chunks, and one
//! chunk more, wait in it; a line without a fault reads nothing before the last chunk is written, so that it adds no
//! buffer of its own.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::state::{State, Treatment, Way};
use super::toll::Counters;

/// How many bytes may wait in one way of a connection while the line holds or delays.
const WAITING_MAX: usize = 4 * 1024 * 1024;
/// How many chunks may: each costs some bytes of its own.
const PIECES_MAX: usize = 64 * 1024;
const CHUNK: usize = 16 * 1024;
/// Small chunks share their memory until so little of it is left.
const CHUNK_MIN: usize = 2 * 1024;

/// Why a connection broke.
pub(super) enum Broken {
    /// By a fault of ours.
    ByTheLine,
    /// The other end did not take what was passed on.
    ByAnEnd,
}

/// What was read at once. Without bytes it is the end.
struct Piece {
    came: Instant,
    bytes: Bytes,
}

pub(super) struct Pipe {
    way: Way,
    source: OwnedReadHalf,
    sink: OwnedWriteHalf,
    state: watch::Receiver<State>,
    counters: Arc<Counters>,
    buffer: BytesMut,
    waiting: VecDeque<Piece>,
    waiting_bytes: usize,
    /// Nothing more comes from the source.
    has_ended: bool,
    /// Something is missing in what the sink has got.
    has_hole: bool,
    /// The sink takes nothing more.
    is_deaf: bool,
}

/// What happened next.
enum Step {
    StateChanged,
    LineGone,
    Written(io::Result<usize>),
    Read(io::Result<usize>),
}

impl Pipe {
    pub(super) fn new(
        way: Way,
        (source, sink): (OwnedReadHalf, OwnedWriteHalf),
        state: watch::Receiver<State>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            way,
            source,
            sink,
            state,
            counters,
            buffer: BytesMut::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            has_ended: false,
            has_hole: false,
            is_deaf: false,
        }
    }

    /// Carries bytes until the end of the stream is passed on, or the connection breaks.
    pub(super) async fn carry(mut self) -> Result<(), Broken> {
        loop {
            let state = *self.state.borrow_and_update();
            let treatment = state.treatment(self.way);
            self.check(state, treatment)?;
            if treatment == Treatment::Swallow {
                self.swallow_what_waits();
            }
            match self.step(treatment).await {
                Step::StateChanged => {}
                Step::LineGone => return Err(Broken::ByTheLine),
                Step::Read(read) => self.take(read.unwrap_or(0)),
                Step::Written(Ok(count)) => {
                    if self.has_written(count) {
                        return Ok(());
                    }
                }
                Step::Written(Err(_)) => self.is_deaf = true,
            }
        }
    }

    /// Whether the connection can go on.
    fn check(&self, state: State, treatment: Treatment) -> Result<(), Broken> {
        if self.has_hole && treatment != Treatment::Swallow {
            return Err(Broken::ByTheLine);
        }
        // That the receiver is gone is news, too: it travels the other way.
        if self.is_deaf && state.lets_through(self.way.opposite()) {
            return Err(Broken::ByAnEnd);
        }
        Ok(())
    }

    /// Waits for what comes next. Cancel safe, as each of its branches is.
    async fn step(&mut self, treatment: Treatment) -> Step {
        let reads = self.wants_more(treatment);
        if reads && self.buffer.capacity() < CHUNK_MIN {
            self.buffer.reserve(CHUNK);
        }
        let piece = self.waiting.front().filter(|_| !self.is_deaf);
        tokio::select! {
            biased;
            changed = self.state.changed() => changed.map_or(Step::LineGone, |()| Step::StateChanged),
            written = write(&mut self.sink, piece, treatment) => Step::Written(written),
            read = self.source.read_buf(&mut self.buffer), if reads => Step::Read(read),
        }
    }

    fn wants_more(&self, treatment: Treatment) -> bool {
        let has_room = match treatment {
            Treatment::Pass => self.waiting.is_empty(),
            Treatment::Hold | Treatment::Delay(_) => {
                self.waiting_bytes < WAITING_MAX && self.waiting.len() < PIECES_MAX
            }
            Treatment::Swallow => true,
        };
        !self.has_ended && (has_room || self.is_deaf)
    }

    /// Deals with what was read just now, as the line is just now. A source that fails has ended.
    fn take(&mut self, count: usize) {
        let bytes = self.buffer.split().freeze();
        self.has_ended = count == 0;
        if self.is_deaf {
            return;
        }
        match self.state.borrow().treatment(self.way) {
            Treatment::Swallow => {
                self.counters.swallowed_bytes.add(count);
                self.has_hole = true;
                return;
            }
            Treatment::Hold => self.counters.held_bytes.add(count),
            Treatment::Delay(_) => self.counters.delayed_bytes.add(count),
            Treatment::Pass => {}
        }
        self.waiting_bytes += count;
        self.waiting.push_back(Piece { came: Instant::now(), bytes });
    }

    /// What was held falls into the black hole that comes after it.
    fn swallow_what_waits(&mut self) {
        self.has_hole |= !self.waiting.is_empty();
        self.counters.swallowed_bytes.add(self.waiting_bytes);
        self.waiting.clear();
        self.waiting_bytes = 0;
    }

    /// Takes so many bytes off what waits; true if that was the end of the stream.
    fn has_written(&mut self, count: usize) -> bool {
        let Some(piece) = self.waiting.front_mut() else { return false };
        let was_end = piece.bytes.is_empty();
        piece.bytes.advance(count);
        self.waiting_bytes -= count;
        if piece.bytes.is_empty() {
            self.waiting.pop_front();
        }
        was_end
    }
}

/// Writes some of what waits, once it may. Cancel safe: bytes are written and told of, or not written.
async fn write(sink: &mut OwnedWriteHalf, piece: Option<&Piece>, treatment: Treatment) -> io::Result<usize> {
    let Some(piece) = piece else { return pending().await };
    match treatment {
        Treatment::Pass => {}
        Treatment::Delay(by) => sleep_until(piece.came + by).await,
        Treatment::Hold | Treatment::Swallow => return pending().await,
    }
    if piece.bytes.is_empty() {
        return sink.shutdown().await.map(|()| 0);
    }
    sink.write(&piece.bytes).await
}

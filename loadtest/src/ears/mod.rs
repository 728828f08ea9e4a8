//! The ears of a worker thread: one task reads all of its open connections, so that a delivery costs no more than its read
//! and the audit of what was read: no task is woken for it, no timer set, no queue passed.
//!
//! * [`bell`]: how a socket says that there is something to do.
//! * [`mod@line`]: one open connection, and what is done when its bell rings.
//!
//! Whoever has something to say must not wait until a thousand others have heard: after a [`Handful`] of reads every
//! other task of the thread has its turn. How long what has come waits all the same is measured by [`Ears::probe`].
//!
//! Owned by the worker's [`Surroundings`]. Bound: the open connections of its people, and one probe each time the worker
//! looks, until it was reached. It listens until it is dropped.

mod bell;
mod line;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use slab::Slab;
use tokio::task::{unconstrained, yield_now};

use crate::person::Person;
use crate::socket::Socket;
use crate::surroundings::Surroundings;
use bell::{Bell, Hall};
pub(crate) use line::{End, Line};

/// What is read at once from one connection.
const SCRATCH_BYTES: usize = 65_536;
/// The key under which no connection rings.
const PROBE: usize = usize::MAX;

/// Listens to everybody who has a line.
#[derive(Default)]
pub(crate) struct Ears {
    hall: Arc<Hall>,
    lines: RefCell<Slab<Rc<Line>>>,
    /// The moments for which a probe was rung that was not reached yet.
    probes: RefCell<VecDeque<Instant>>,
}

impl Ears {
    /// Takes an open connection. What comes on it is heard by this person from now on.
    pub(crate) fn open(&self, socket: Socket, person: Rc<RefCell<Person>>) -> Rc<Line> {
        let mut lines = self.lines.borrow_mut();
        let entry = lines.vacant_entry();
        let bell = Bell::new(entry.key(), self.hall.clone());
        let line = Rc::new(Line::new(entry.key(), socket, person, bell));
        entry.insert(line.clone());
        // The server may have spoken already.
        line.ring();
        line
    }

    /// Gives the connection back: nobody listens any more. `None` if somebody else holds the line.
    pub(crate) fn close(&self, line: Rc<Line>) -> Option<Socket> {
        self.lines.borrow_mut().try_remove(line.key);
        Rc::into_inner(line).map(Line::into_socket)
    }

    /// Rings behind everything that has come, to see how long that waits: it was to be done at `due`.
    pub(crate) fn probe(&self, due: Instant) {
        self.probes.borrow_mut().push_back(due);
        self.hall.ring(PROBE);
    }

    /// A bell has rung under this key. Gives how many bytes were read.
    fn answer(&self, key: usize, around: &Surroundings, scratch: &mut [u8]) -> usize {
        if key == PROBE {
            if let Some(due) = self.probes.borrow_mut().pop_front() {
                around.effort.borrow_mut().reached(due, Instant::now());
            }
            return 0;
        }
        // Who has gone meanwhile needs no answer; who has come in its place finds that there is nothing.
        let line = self.lines.borrow().get(key).cloned();
        line.map_or(0, |line| line.serve(around, scratch))
    }
}

/// What may be read before others have their turn.
#[derive(Debug, Default)]
struct Handful {
    reads: usize,
    bytes: usize,
}

impl Handful {
    /// Some hundred microseconds of work.
    const READS: usize = 64;
    const BYTES: usize = 131_072;
    /// When so much was read since the system was asked what is new, then there will be more: it is asked at once, and the
    /// thread does not count as one that rests.
    const MANY: usize = 16;

    const fn take(&mut self, bytes: usize) {
        self.reads += 1;
        self.bytes += bytes;
    }

    const fn is_full(&self) -> bool {
        self.reads >= Self::READS || self.bytes >= Self::BYTES
    }

    const fn is_much(&self) -> bool {
        self.reads >= Self::MANY
    }
}

/// Listens. Runs on the worker's thread for as long as the run lasts.
///
/// Cancel safe between two lines, where alone it waits.
pub(crate) async fn listen(around: Rc<Surroundings>) -> Infallible {
    // It makes its own pauses, and better known ones.
    unconstrained(async move {
        let (mut scratch, mut keys) = (vec![0; SCRATCH_BYTES], Vec::new());
        let mut handful = Handful::default();
        loop {
            around.ears.hall.answer(&mut keys).await;
            for key in keys.drain(..) {
                handful.take(around.ears.answer(key, &around, &mut scratch));
                if handful.is_full() {
                    handful = Handful::default();
                    yield_now().await;
                }
            }
            if handful.is_much() {
                handful = Handful::default();
                yield_now().await;
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many reads of so many bytes a handful is full.
    fn full_after(bytes: usize) -> usize {
        let mut handful = Handful::default();
        (1..)
            .find(|_| {
                handful.take(bytes);
                handful.is_full()
            })
            .unwrap()
    }

    #[test]
    fn others_have_their_turn_after_many_reads_or_many_bytes() {
        assert_eq!([0, 300, 2048].map(full_after), [64; 3]);
        assert_eq!(full_after(SCRATCH_BYTES), 2);
    }
}

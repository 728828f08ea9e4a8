//! The requests of this process that wait for their answers.
//!
//! Owned by the bus, shared with each [`Pending`]. Bounded by a number of requests; an entry ends with its
//! answer, with its [`Pending`], or with the connection, so nobody waits for an answer that cannot come.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::{Answer, BusError};

type Outcome = Result<Answer, BusError>;

/// A request that is on its way. Await it for the answer; it knows no time limit of its own, and dropping it
/// forgets the request, not what the request does.
#[derive(Debug)]
pub struct Pending {
    number: u64,
    outcome: oneshot::Receiver<Outcome>,
    /// Where the request waits; `None` once it does no more.
    waiting: Option<Arc<Waiting>>,
}

/// The table of waiting requests.
#[derive(Debug)]
pub(crate) struct Waiting {
    requests_max: usize,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    connected: bool,
    last_number: u64,
    askers: HashMap<u64, oneshot::Sender<Outcome>>,
}

impl Waiting {
    pub(crate) fn new(requests_max: usize, connected: bool) -> Arc<Self> {
        let table = Table { connected, last_number: 0, askers: HashMap::new() };
        Arc::new(Self { requests_max, table: Mutex::new(table) })
    }

    /// Makes a place for an answer, and its number. Numbers are never used twice.
    ///
    /// # Errors
    /// [`BusError::Cut`] while there is no connection, [`BusError::Full`] when too many wait.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<(u64, Pending), BusError> {
        let (asker, outcome) = oneshot::channel();
        let mut table = self.lock();
        if !table.connected {
            return Err(BusError::Cut);
        }
        if table.askers.len() >= self.requests_max {
            return Err(BusError::Full);
        }
        table.last_number += 1;
        let number = table.last_number;
        table.askers.insert(number, asker);
        Ok((number, Pending { number, outcome, waiting: Some(Arc::clone(self)) }))
    }

    /// Ends a wait. The first answer counts; one that nobody waits for is dropped.
    pub(crate) fn end(&self, number: u64, outcome: Outcome) {
        let asker = self.lock().askers.remove(&number);
        if let Some(asker) = asker {
            // Fails if the asker has just given up: the same as an answer that comes too late.
            let _ = asker.send(outcome);
        }
    }

    /// Lets requests in again.
    pub(crate) fn connect(&self) {
        self.lock().connected = true;
    }

    /// Lets none in, and ends all waits: what became of those requests is unknown.
    pub(crate) fn cut(&self) {
        let askers = {
            let mut table = self.lock();
            table.connected = false;
            std::mem::take(&mut table.askers)
        };
        // In the order in which they asked, and not in that of a table: so a test with a seed repeats itself.
        let mut askers: Vec<_> = askers.into_iter().collect();
        askers.sort_unstable_by_key(|(number, _)| *number);
        for (_, asker) in askers {
            let _ = asker.send(Err(BusError::Cut));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // No code that holds the lock can panic half-way through a change.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Future for Pending {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let polled = Pin::new(&mut self.outcome).poll(cx);
        if polled.is_ready() {
            self.waiting = None;
        }
        polled.map(|got| got.unwrap_or(Err(BusError::Cut)))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            waiting.lock().askers.remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_answer_ends_the_wait() {
        let waiting = Waiting::new(2, true);
        let (number, pending) = waiting.enter().unwrap();
        waiting.end(number, Ok(Answer::Heads(Vec::new())));
        waiting.end(number, Err(BusError::NoResponder));
        assert_eq!(pending.await, Ok(Answer::Heads(Vec::new())));
    }

    #[test]
    fn a_request_that_is_given_up_makes_room_for_another() {
        let waiting = Waiting::new(1, true);
        let (_, pending) = waiting.enter().unwrap();
        assert_eq!(waiting.enter().unwrap_err(), BusError::Full);
        drop(pending);
        assert!(waiting.enter().is_ok());
    }

    #[tokio::test]
    async fn a_cut_ends_every_wait_and_lets_nothing_in_until_it_is_over() {
        let waiting = Waiting::new(2, true);
        let (_, pending) = waiting.enter().unwrap();
        waiting.cut();
        assert_eq!(pending.await, Err(BusError::Cut));
        assert_eq!(waiting.enter().unwrap_err(), BusError::Cut);
        waiting.connect();
        assert!(waiting.enter().is_ok());
    }
}

//! The sessions of this gateway, by their numbers: where each of them is asked.
//!
//! Shared by all shards; nothing waits while it is locked. Bounded by [`SESSIONS_MAX`]; an entry goes with its session's task.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bus::PollSession;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::Failure;

/// The most sessions at once. A WebSocket costs its client a socket as long as it is open; a session costs one two sockets of
/// this process, for seconds, and its client nothing.
const SESSIONS_MAX: usize = 8192;
/// How many requests wait for one session: the library makes two at once.
const VISITS_MAX: usize = 8;

/// Whoever waits for a session: dropped, there is none.
pub(super) type Asker = oneshot::Sender<Vec<String>>;

/// A request to a session.
#[derive(Debug)]
pub(super) enum Visit {
    /// What comes for it.
    Poll(Asker),
    /// What its client says, a frame a line.
    Post(Vec<String>, Asker),
}

/// The sessions.
#[derive(Debug)]
pub(super) struct Registry {
    sessions: Mutex<HashMap<PollSession, mpsc::Sender<Visit>>>,
}

/// A session's place among the others, until this is dropped.
#[derive(Debug)]
pub(super) struct Entry {
    registry: Arc<Registry>,
    session: PollSession,
}

impl Registry {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { sessions: Mutex::default() })
    }

    /// Makes a place for a session, where it will be asked; `None` if there are too many.
    pub(super) fn enter(self: &Arc<Self>) -> Option<(PollSession, mpsc::Receiver<Visit>, Entry)> {
        let session = PollSession(rand::random());
        let (visits_in, visits) = mpsc::channel(VISITS_MAX);
        let mut sessions = self.lock();
        if sessions.len() >= SESSIONS_MAX {
            return None;
        }
        sessions.insert(session, visits_in);
        drop(sessions);
        Some((session, visits, Entry { registry: Arc::clone(self), session }))
    }

    /// Asks a session.
    ///
    /// # Errors
    /// [`Failure::Gone`] where there is none, [`Failure::Unknown`] where too many ask it at once: that one lives on.
    pub(super) fn visit(&self, session: PollSession, visit: Visit) -> Result<(), Failure> {
        let visits = self.lock().get(&session).cloned().ok_or(Failure::Gone)?;
        visits.try_send(visit).map_err(|refused| match refused {
            TrySendError::Full(_) => Failure::Unknown,
            TrySendError::Closed(_) => Failure::Gone,
        })
    }

    /// How many sessions there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Nothing in here can be half done when a thread panics.
    fn lock(&self) -> MutexGuard<'_, HashMap<PollSession, mpsc::Sender<Visit>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_places_and_each_is_free_again() {
        let registry = Registry::new();
        let mut kept: Vec<_> = (0..SESSIONS_MAX).map(|_| registry.enter().unwrap()).collect();
        assert!(registry.enter().is_none());
        kept.pop();
        assert!(registry.enter().is_some());
        drop(kept);
        assert_eq!(registry.len(), 0);
    }

    #[test]
    fn who_asks_nobody_or_somebody_with_too_much_to_do_hears_so_at_once() {
        let registry = Registry::new();
        let (session, _visits, entry) = registry.enter().unwrap();
        let ask = || registry.visit(session, Visit::Poll(oneshot::channel().0));
        for _ in 0..VISITS_MAX {
            ask().unwrap();
        }
        assert_eq!(ask(), Err(Failure::Unknown), "it is there, and has too much to do");
        drop(entry);
        assert_eq!(ask(), Err(Failure::Gone));
    }
}

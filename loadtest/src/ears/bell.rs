//! How a socket says that there is something to do: it rings a bell, and whoever serves in the hall comes.
//!
//! A bell is the waker of all that is waited for on one connection. So the runtime's own epoll is the only one, and no
//! task is woken for a connection, but one for all of them. Bound: a bell that has rung is not heard again before it was
//! answered, so no more keys wait than there were connections since.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use tokio::sync::Notify;

/// Where the bells of a worker thread are heard, in the order in which they rang.
#[derive(Debug, Default)]
pub(super) struct Hall {
    /// Rung and answered by one thread only: the lock is always free.
    rung: Mutex<Vec<usize>>,
    servant: Notify,
}

/// The bell of one connection.
#[derive(Debug)]
pub(super) struct Bell {
    key: usize,
    has_rung: AtomicBool,
    hall: Arc<Hall>,
}

impl Hall {
    /// Something has rung under this key.
    pub(super) fn ring(&self, key: usize) {
        let mut rung = self.rung();
        rung.push(key);
        if rung.len() == 1 {
            drop(rung);
            self.servant.notify_one();
        }
    }

    /// Waits until something has rung, and takes the keys of all that has, the first one first. `keys` is empty before.
    ///
    /// Cancel safe: keys that were not given are given to the next who asks.
    pub(super) async fn answer(&self, keys: &mut Vec<usize>) {
        loop {
            std::mem::swap(&mut *self.rung(), keys);
            if !keys.is_empty() {
                return;
            }
            self.servant.notified().await;
        }
    }

    fn rung(&self) -> MutexGuard<'_, Vec<usize>> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bell {
    pub(super) fn new(key: usize, hall: Arc<Hall>) -> Arc<Self> {
        Arc::new(Self { key, has_rung: AtomicBool::new(false), hall })
    }

    /// Somebody has come, and looks at everything that there is to do: from now on it may ring again.
    pub(super) fn is_answered(&self) {
        self.has_rung.store(false, Ordering::Release);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.has_rung.swap(true, Ordering::AcqRel) {
            self.hall.ring(self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// What has rung; `None` if nothing has.
    fn answered(hall: &Hall) -> Option<Vec<usize>> {
        let mut keys = Vec::new();
        let mut context = std::task::Context::from_waker(Waker::noop());
        let ready = std::pin::pin!(hall.answer(&mut keys)).as_mut().poll(&mut context).is_ready();
        ready.then_some(keys)
    }

    #[test]
    fn bells_are_answered_in_the_order_in_which_they_rang_and_each_once() {
        let hall = Arc::new(Hall::default());
        let bells = [0, 1, 2].map(|key| Bell::new(key, hall.clone()));
        for key in [2, 0, 2, 1, 0] {
            bells[key].wake_by_ref();
        }
        assert_eq!(answered(&hall), Some(vec![2, 0, 1]));
        assert_eq!(answered(&hall), None);
    }

    #[test]
    fn a_bell_that_rings_while_it_is_answered_is_answered_again() {
        let hall = Arc::new(Hall::default());
        let bell = Bell::new(7, hall.clone());
        bell.wake_by_ref();
        assert_eq!(answered(&hall), Some(vec![7]));
        bell.wake_by_ref();
        assert_eq!(answered(&hall), None, "nobody has come yet");
        bell.is_answered();
        bell.wake_by_ref();
        assert_eq!(answered(&hall), Some(vec![7]));
    }
}

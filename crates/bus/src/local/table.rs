//! Who takes what, inside one process: queues by key.
//!
//! Owned by the local bus. Bounded by the subscriptions that its users hold: an entry ends with its guard.

use std::collections::HashMap;
use std::hash::Hash;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

/// Queues of `V`, several under one key.
#[derive(Debug)]
pub(super) struct Table<K, V> {
    queues: HashMap<K, Vec<(u64, Sender<V>)>>,
}

/// What became of something that was handed out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// How many queues took it.
    pub(super) taken: usize,
    /// How many were full: they lost it.
    pub(super) full: usize,
}

impl<K: Eq + Hash, V> Table<K, V> {
    pub(super) fn new() -> Self {
        Self { queues: HashMap::new() }
    }

    pub(super) fn add(&mut self, key: K, number: u64, queue: Sender<V>) {
        self.queues.entry(key).or_default().push((number, queue));
    }

    pub(super) fn remove(&mut self, key: &K, number: u64) {
        let Some(queues) = self.queues.get_mut(key) else { return };
        queues.retain(|(other, _)| *other != number);
        if queues.is_empty() {
            self.queues.remove(key);
        }
    }

    /// Hands what `make` makes to every queue under a key.
    pub(super) fn tell_all(&self, key: &K, mut make: impl FnMut() -> V) -> Told {
        let mut told = Told::default();
        for (_, queue) in self.queues.get(key).into_iter().flatten() {
            match queue.try_reserve() {
                Ok(place) => {
                    place.send(make());
                    told.taken += 1;
                }
                Err(TrySendError::Full(())) => told.full += 1,
                Err(TrySendError::Closed(())) => {}
            }
        }
        told
    }

    /// Hands what `make` makes to one queue under a key, to each in its turn.
    pub(super) fn tell_one(&mut self, key: &K, make: impl FnOnce() -> V) -> Told {
        let mut told = Told::default();
        let Some(queues) = self.queues.get_mut(key) else { return told };
        for _ in 0..queues.len() {
            queues.rotate_left(1);
            let Some((_, queue)) = queues.last() else { break };
            match queue.try_reserve() {
                Ok(place) => {
                    place.send(make());
                    told.taken = 1;
                    break;
                }
                Err(TrySendError::Full(())) => told.full += 1,
                Err(TrySendError::Closed(())) => {}
            }
        }
        told
    }
}

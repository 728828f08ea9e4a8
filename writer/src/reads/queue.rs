//! Reads that wait for their turn. Equal ones wait as one.
//!
//! A read can be joined only while it waits: what is already sent to the store may have been answered from before
//! the moment at which the later one was asked.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Waiting reads, in the order of their first askers. Owned by the reader; bounded by a number of askers.
#[derive(Debug)]
pub(super) struct Queue<Q, A> {
    askers_max: usize,
    askers: usize,
    turns: VecDeque<Q>,
    waiting: HashMap<Q, Vec<A>>,
}

impl<Q: Clone + Eq + Hash, A> Queue<Q, A> {
    pub(super) fn new(askers_max: usize) -> Self {
        Self { askers_max, askers: 0, turns: VecDeque::new(), waiting: HashMap::new() }
    }

    /// Lets somebody wait for a read.
    ///
    /// # Errors
    /// The asker comes back if too many wait.
    pub(super) fn offer(&mut self, query: Q, asker: A) -> Result<(), A> {
        if self.askers >= self.askers_max {
            return Err(asker);
        }
        self.askers += 1;
        match self.waiting.get_mut(&query) {
            Some(askers) => askers.push(asker),
            None => {
                self.turns.push_back(query.clone());
                self.waiting.insert(query, vec![asker]);
            }
        }
        Ok(())
    }

    /// The next read, and all who wait for it.
    pub(super) fn next(&mut self) -> Option<(Q, Vec<A>)> {
        let (query, askers) = self.waiting.remove_entry(&self.turns.pop_front()?)?;
        self.askers -= askers.len();
        Some((query, askers))
    }
}

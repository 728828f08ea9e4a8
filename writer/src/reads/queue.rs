//! Reads that wait for their turn. Equal ones wait as one.
//!
//! A read can be joined only while it waits: what is already sent to the store may have been answered from
//! before the moment at which the later one was asked.

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

    /// How many wait.
    pub(super) const fn askers(&self) -> usize {
        self.askers
    }

    /// The next read, and all who wait for it.
    pub(super) fn next(&mut self) -> Option<(Q, Vec<A>)> {
        let (query, askers) = self.waiting.remove_entry(&self.turns.pop_front()?)?;
        self.askers -= askers.len();
        Some((query, askers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_reads_wait_as_one_until_they_are_sent() {
        let mut queue = Queue::new(10);
        for (query, asker) in [("a", 1), ("b", 2), ("a", 3)] {
            queue.offer(query, asker).unwrap();
        }
        assert_eq!(queue.next(), Some(("a", vec![1, 3])));
        // It is sent: whoever asks now might be answered from before they asked.
        queue.offer("a", 4).unwrap();
        assert_eq!(queue.next(), Some(("b", vec![2])));
        assert_eq!(queue.next(), Some(("a", vec![4])));
        assert_eq!(queue.next(), None);
    }

    #[test]
    fn askers_are_bounded_however_equal_they_are() {
        let mut queue = Queue::new(2);
        queue.offer("a", 1).unwrap();
        queue.offer("a", 2).unwrap();
        assert_eq!(queue.offer("a", 3), Err(3));
        queue.next();
        queue.offer("b", 3).unwrap();
    }
}

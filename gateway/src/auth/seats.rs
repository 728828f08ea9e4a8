//! How many connections a user has to this gateway. Owned by the gateway, shared by its shards; bounded by the
//! connections that there are, as an entry goes with its last seat.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat::UserId;

/// The seats of all users.
#[derive(Debug)]
pub(crate) struct Seats {
    /// 0 = any number, and then nobody is counted.
    per_user: u32,
    taken: Mutex<HashMap<UserId, u32>>,
}

impl Seats {
    /// With at most `per_user` seats for each user; 0 = any number.
    pub(crate) fn new(per_user: u32) -> Arc<Self> {
        Arc::new(Self { per_user, taken: Mutex::default() })
    }

    /// Takes a seat for a user; `None` if all are taken.
    pub(crate) fn take(self: &Arc<Self>, user: &UserId) -> Option<Seat> {
        if self.per_user == 0 {
            return Some(Seat(None));
        }
        let mut taken = self.lock();
        let count = taken.entry(user.clone()).or_insert(0);
        if *count >= self.per_user {
            return None;
        }
        *count += 1;
        Some(Seat(Some((Arc::clone(self), user.clone()))))
    }

    /// Whether a user may have a seat: false only if it certainly has none.
    pub(crate) fn may_have_given(&self, user: &UserId) -> bool {
        self.per_user == 0 || self.lock().contains_key(user)
    }

    fn give_back(&self, user: UserId) {
        if let Entry::Occupied(mut entry) = self.lock().entry(user) {
            match entry.get() {
                0 | 1 => drop(entry.remove()),
                _ => *entry.get_mut() -= 1,
            }
        }
    }

    /// Nothing in here can be half done when a thread panics.
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A seat that is taken, until this is dropped.
#[derive(Debug)]
pub(crate) struct Seat(Option<(Arc<Seats>, UserId)>);

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some((seats, user)) = self.0.take() {
            seats.give_back(user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> UserId {
        UserId::parse(id).unwrap()
    }

    #[test]
    fn a_user_gets_as_many_seats_as_are_allowed_and_each_one_back() {
        let seats = Seats::new(2);
        let first = seats.take(&user("ana")).unwrap();
        let _second = seats.take(&user("ana")).unwrap();
        assert!(seats.take(&user("ana")).is_none());
        assert!(seats.take(&user("bob")).is_some());
        drop(first);
        assert!(seats.take(&user("ana")).is_some());
    }

    #[test]
    fn nothing_is_kept_of_a_user_without_a_seat() {
        let seats = Seats::new(2);
        let seat = seats.take(&user("ana"));
        assert!(seats.may_have_given(&user("ana")) && !seats.may_have_given(&user("ben")));
        drop((seat, seats.take(&user("ana"))));
        assert!(!seats.may_have_given(&user("ana")) && seats.lock().is_empty());
    }

    #[test]
    fn without_a_limit_nobody_is_counted() {
        let seats = Seats::new(0);
        let taken: Vec<_> = (0..1000).map(|_| seats.take(&user("ana")).unwrap()).collect();
        assert!(seats.lock().is_empty() && seats.may_have_given(&user("ana")), "nobody knows");
        drop(taken);
    }
}

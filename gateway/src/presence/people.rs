//! The users of a room with their stays, and what has changed since clients were told last.
//!
//! Owned by the room. It grows with the connections that are in the room here, and with those that other gateways list.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chat::{Attendee, Shift, Stay, StayId, User, UserId};

/// Everybody who is known.
#[derive(Debug, Default)]
pub(super) struct People {
    users: HashMap<UserId, Person>,
    stays: usize,
    touched: BTreeMap<UserId, Touched>,
}

#[derive(Debug)]
struct Person {
    shown: Shown,
    /// By their names; at least one.
    stays: Vec<Stay>,
}

/// What others see of a user, as it came with the first stay.
#[derive(Debug, Clone)]
struct Shown {
    name: Arc<str>,
    info: Option<Arc<str>>,
}

/// What has changed of a user. No stay is in both.
#[derive(Debug)]
struct Touched {
    shown: Shown,
    came: Vec<Stay>,
    went: Vec<Stay>,
}

impl People {
    pub(super) fn users(&self) -> usize {
        self.users.len()
    }

    pub(super) fn stays(&self) -> usize {
        self.stays
    }

    /// How many users have a stay in one gateway.
    pub(super) fn users_of(&self, gateway: u64) -> usize {
        self.users
            .values()
            .filter(|person| person.stays.iter().any(|stay| stay.id.gateway == gateway))
            .count()
    }

    /// A stay begins. One that is known already changes nothing.
    pub(super) fn add(&mut self, user: &User, info: Option<&Arc<str>>, stay: Stay) {
        let person = self.users.entry(user.id.clone()).or_insert_with(|| {
            // Most users have one: a vector's own first step would be four.
            let shown = Shown { name: Arc::clone(&user.name), info: info.cloned() };
            Person { shown, stays: Vec::with_capacity(1) }
        });
        let Err(place) = person.stays.binary_search_by_key(&stay.id, |stay| stay.id) else { return };
        person.stays.insert(place, stay);
        self.stays += 1;
        let shown = person.shown.clone();
        self.touch(&user.id, shown, |touched| {
            if !take(&mut touched.went, stay.id) {
                touched.came.push(stay);
            }
        });
    }

    /// A stay ends. One that is not known changes nothing.
    pub(super) fn remove(&mut self, user: &UserId, id: StayId) {
        let Some(person) = self.users.get_mut(user) else { return };
        let Ok(place) = person.stays.binary_search_by_key(&id, |stay| stay.id) else { return };
        let (stay, shown) = (person.stays.remove(place), person.shown.clone());
        if person.stays.is_empty() {
            self.users.remove(user);
        }
        self.stays -= 1;
        self.touch(user, shown, |touched| {
            if !take(&mut touched.came, id) {
                touched.went.push(stay);
            }
        });
    }

    fn touch(&mut self, user: &UserId, shown: Shown, change: impl FnOnce(&mut Touched)) {
        let new = || Touched { shown, came: Vec::new(), went: Vec::new() };
        let touched = self.touched.entry(user.clone()).or_insert_with(new);
        change(touched);
        if touched.came.is_empty() && touched.went.is_empty() {
            self.touched.remove(user);
        }
    }

    /// Whether anything has changed since the last [`Self::settle`].
    pub(super) fn is_settled(&self) -> bool {
        self.touched.is_empty()
    }

    /// Takes what has changed for told.
    pub(super) fn settle(&mut self) {
        self.touched = BTreeMap::new();
    }

    /// Takes for told what has changed of other gateways' stays.
    pub(super) fn settle_others(&mut self, own: u64) {
        self.touched.retain(|_, touched| {
            touched.came.retain(|stay| stay.id.gateway == own);
            touched.went.retain(|stay| stay.id.gateway == own);
            !(touched.came.is_empty() && touched.went.is_empty())
        });
    }

    /// What has changed: who has come, and who has gone.
    pub(super) fn shifts(&self) -> (Vec<Shift>, Vec<Shift>) {
        let (mut came, mut went) = (Vec::new(), Vec::new());
        for (id, touched) in &self.touched {
            let now = self.users.get(id).map_or(0, |person| person.stays.len());
            let before = now - touched.came.len() + touched.went.len();
            if !touched.came.is_empty() {
                came.push(Shift { attendee: touched.attendee(id, &touched.came), whole: before == 0 });
            }
            if !touched.went.is_empty() {
                went.push(Shift { attendee: touched.attendee(id, &touched.went), whole: now == 0 });
            }
        }
        (came, went)
    }

    /// What has changed of one gateway's stays: whose have begun, and which have ended.
    pub(super) fn shifts_of(&self, gateway: u64) -> (Vec<Attendee>, Vec<u64>) {
        let is_own = |stay: &&Stay| stay.id.gateway == gateway;
        let (mut came, mut went) = (Vec::new(), Vec::new());
        for (id, touched) in &self.touched {
            let stays: Vec<_> = touched.came.iter().filter(is_own).copied().collect();
            if !stays.is_empty() {
                came.push(touched.attendee(id, &stays));
            }
            went.extend(touched.went.iter().filter(is_own).map(|stay| stay.id.number));
        }
        (came, went)
    }

    /// Everybody, by user id.
    pub(super) fn known(&self) -> Vec<Attendee> {
        self.list(|_, person| person.stays.clone())
    }

    /// Everybody who has a stay in one gateway, with these stays.
    pub(super) fn known_of(&self, gateway: u64) -> Vec<Attendee> {
        self.list(|_, person| {
            person.stays.iter().filter(|stay| stay.id.gateway == gateway).copied().collect()
        })
    }

    /// Everybody as it was told: what has changed since is left out.
    pub(super) fn told(&self) -> Vec<Attendee> {
        let mut told = self.list(|id, person| match self.touched.get(id) {
            Some(touched) => touched.undo(&person.stays),
            None => person.stays.clone(),
        });
        let gone = self.touched.iter().filter(|(id, _)| !self.users.contains_key(*id));
        told.extend(gone.map(|(id, touched)| touched.attendee(id, &touched.undo(&[]))));
        told.retain(|attendee| !attendee.stays.is_empty());
        told.sort_unstable_by(|a, b| a.user.id.as_str().cmp(b.user.id.as_str()));
        told
    }

    fn list(&self, stays: impl Fn(&UserId, &Person) -> Vec<Stay>) -> Vec<Attendee> {
        let attendee = |(id, person): (&UserId, &Person)| person.shown.attendee(id, stays(id, person));
        let mut all: Vec<_> = self.users.iter().map(attendee).filter(|a| !a.stays.is_empty()).collect();
        all.sort_unstable_by(|a, b| a.user.id.as_str().cmp(b.user.id.as_str()));
        all
    }
}

impl Shown {
    fn attendee(&self, id: &UserId, stays: Vec<Stay>) -> Attendee {
        let user = User { id: id.clone(), name: Arc::clone(&self.name) };
        Attendee { user, info: self.info.clone(), stays }
    }
}

impl Touched {
    fn attendee(&self, id: &UserId, stays: &[Stay]) -> Attendee {
        self.shown.attendee(id, stays.to_vec())
    }

    fn undo(&self, now: &[Stay]) -> Vec<Stay> {
        let has_come = |stay: &&Stay| self.came.iter().any(|came| came.id == stay.id);
        let mut before: Vec<_> =
            now.iter().filter(|stay| !has_come(stay)).chain(&self.went).copied().collect();
        before.sort_unstable();
        before
    }
}

fn take(stays: &mut Vec<Stay>, id: StayId) -> bool {
    let place = stays.iter().position(|stay| stay.id == id);
    place.map(|place| stays.swap_remove(place)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> User {
        User::parse(id, None).unwrap()
    }

    fn stay(gateway: u64, number: u64) -> Stay {
        Stay { id: StayId { gateway, number }, since: chat::Timestamp::from_micros(0) }
    }

    fn shown(shifts: &[Shift]) -> Vec<(&str, usize, bool)> {
        shifts.iter().map(|s| (s.attendee.user.id.as_str(), s.attendee.stays.len(), s.whole)).collect()
    }

    #[test]
    fn a_user_comes_with_the_first_stay_and_goes_with_the_last() {
        let mut people = People::default();
        people.add(&user("ana"), None, stay(1, 1));
        people.add(&user("ana"), None, stay(2, 1));
        people.add(&user("ana"), None, stay(2, 1));
        assert_eq!(shown(&people.shifts().0), [("ana", 2, true)]);
        assert_eq!((people.users(), people.stays()), (1, 2));
        people.settle();
        people.remove(&user("ana").id, stay(1, 1).id);
        people.remove(&user("ana").id, stay(1, 7).id);
        assert_eq!(shown(&people.shifts().1), [("ana", 1, false)]);
        people.remove(&user("ana").id, stay(2, 1).id);
        assert_eq!(shown(&people.shifts().1), [("ana", 2, true)]);
        assert_eq!((people.users(), people.stays()), (0, 0));
        assert_eq!(people.told().len(), 1, "nobody was told yet that she is gone");
    }

    #[test]
    fn one_stay_for_another_is_neither_coming_nor_going() {
        let mut people = People::default();
        people.add(&user("ana"), None, stay(1, 1));
        people.settle();
        people.remove(&user("ana").id, stay(1, 1).id);
        people.add(&user("ana"), None, stay(2, 1));
        let (came, went) = people.shifts();
        assert_eq!((shown(&came), shown(&went)), (vec![("ana", 1, false)], vec![("ana", 1, false)]));
    }

    #[test]
    fn what_comes_and_goes_between_two_tellings_never_was() {
        let mut people = People::default();
        people.add(&user("ana"), None, stay(1, 1));
        people.remove(&user("ana").id, stay(1, 1).id);
        assert!(people.is_settled());
        assert_eq!(people.told(), []);
    }

    #[test]
    fn each_gateway_tells_of_its_own() {
        let mut people = People::default();
        people.add(&user("ana"), None, stay(1, 1));
        people.add(&user("ana"), None, stay(2, 1));
        people.add(&user("ben"), None, stay(2, 2));
        let (came, went) = people.shifts_of(1);
        assert_eq!((came.len(), came[0].stays.as_slice(), went.len()), (1, &[stay(1, 1)][..], 0));
        assert_eq!((people.known_of(2).len(), people.users_of(1)), (2, 1));
        people.settle_others(1);
        assert_eq!(shown(&people.shifts().0), [("ana", 1, false)]);
        assert_eq!(people.told().len(), 2);
    }
}

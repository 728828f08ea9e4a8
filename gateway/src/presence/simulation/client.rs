//! A client that keeps its own list by what it is told, as programs do, and minds everything that does not follow.

use std::collections::{BTreeMap, BTreeSet};

use chat::{Attendee, Moment, Roster, Shift, StayId};

/// What one client has been told.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// `None` before the roster, and where there are too many.
    listed: Option<BTreeMap<String, BTreeSet<StayId>>>,
    has_roster: bool,
    /// How many users it saw go.
    pub(super) departures: usize,
}

impl Client {
    pub(super) fn roster(&mut self, roster: &Roster) {
        assert!(!self.has_roster, "a second roster");
        self.has_roster = true;
        self.listed = roster.listed.as_deref().map(list);
    }

    pub(super) fn moment(&mut self, moment: &Moment) {
        if !self.has_roster {
            return;
        }
        match moment {
            Moment::Presence(change) if self.listed.is_none() => {
                assert!(change.came.is_empty() && change.went.is_empty(), "nobody was listed");
            }
            Moment::Presence(change) => {
                change.came.iter().for_each(|shift| self.come(shift));
                change.went.iter().for_each(|shift| self.go(shift));
                let counted = self.listed.as_ref().map(BTreeMap::len);
                assert_eq!(counted, Some(change.count.users as usize));
            }
            Moment::Relisted { before, now } => {
                assert_eq!(list(before), self.listed.take().unwrap_or_default());
                self.listed = now.listed.as_deref().map(list);
            }
            Moment::Whisper { .. } | Moment::Broadcast(_) => {}
        }
    }

    fn come(&mut self, shift: &Shift) {
        let listed = self.listed.as_mut().unwrap();
        let stays = listed.entry(shift.attendee.user.id.as_str().to_owned()).or_default();
        assert_eq!(stays.is_empty(), shift.whole, "{shift:?}");
        assert!(shift.attendee.stays.iter().all(|stay| stays.insert(stay.id)), "came twice: {shift:?}");
    }

    fn go(&mut self, shift: &Shift) {
        let listed = self.listed.as_mut().unwrap();
        let user = shift.attendee.user.id.as_str();
        let stays = listed.get_mut(user).unwrap_or_else(|| panic!("was not there: {shift:?}"));
        assert!(shift.attendee.stays.iter().all(|stay| stays.remove(&stay.id)), "went twice: {shift:?}");
        assert_eq!(stays.is_empty(), shift.whole, "{shift:?}");
        if shift.whole {
            listed.remove(user);
            self.departures += 1;
        }
    }

    /// What it knows, if it was told who is there.
    pub(super) fn listed(&self) -> Option<&BTreeMap<String, BTreeSet<StayId>>> {
        self.listed.as_ref()
    }
}

pub(super) fn list(attendees: &[Attendee]) -> BTreeMap<String, BTreeSet<StayId>> {
    let stays = |attendee: &Attendee| attendee.stays.iter().map(|stay| stay.id).collect();
    let listed: BTreeMap<_, _> =
        attendees.iter().map(|attendee| (attendee.user.id.as_str().to_owned(), stays(attendee))).collect();
    assert_eq!(listed.len(), attendees.len(), "each user once");
    listed
}

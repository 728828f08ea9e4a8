//! Who is in a room: users, each by the stays of their connections, and how that changes.

use std::fmt;
use std::sync::Arc;

use crate::{Timestamp, User};

/// The name of a stay. No two stays ever have the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StayId {
    /// The gateway's own random number: another one each time that it starts.
    pub gateway: u64,
    /// Counts up with each stay there.
    pub number: u64,
}

/// As programs are shown it: 34 bytes at the most, `0-9 a-f` and one `-`.
impl fmt::Display for StayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.gateway, self.number)
    }
}

/// One connection's time in one room. Who goes and comes back has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stay {
    /// Its name.
    pub id: StayId,
    /// When it began, by its gateway's clock.
    pub since: Timestamp,
}

/// A user in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// Who it is, with the name that came with one of the stays.
    pub user: User,
    /// What an application says of the user beside that: one JSON value, in channels only.
    pub info: Option<Arc<str>>,
    /// At least one; by their names.
    pub stays: Vec<Stay>,
}

/// How many are in a room. Where too many are there to be listed, a user who is connected to several gateways may count
/// once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Headcount {
    /// Users.
    pub users: u32,
    /// Their connections.
    pub connections: u32,
}

/// Who is in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// How many there are.
    pub count: Headcount,
    /// All of them, by user id; `None` if there are too many to be listed.
    pub listed: Option<Vec<Attendee>>,
}

impl Roster {
    /// Those who are listed: nobody, where there are too many.
    #[must_use]
    pub fn attendees(&self) -> &[Attendee] {
        self.listed.as_deref().unwrap_or_default()
    }
}

/// Stays of one user that have begun, or that have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// The user and these stays.
    pub attendee: Attendee,
    /// True if there is no other stay of this user: by coming the user has come, by going the user has gone.
    pub whole: bool,
}

/// How those who are in a room have changed, in one step. No stay both comes and goes in it; a user may, one connection
/// for another, and is then neither new nor gone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PresenceChange {
    /// Who has come. Empty where there are too many to be listed.
    pub came: Vec<Shift>,
    /// Who has gone. Empty where there are too many to be listed.
    pub went: Vec<Shift>,
    /// How many there are now.
    pub count: Headcount,
}

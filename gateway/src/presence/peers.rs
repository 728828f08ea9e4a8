//! What the other gateways have told of one room.
//!
//! Owned by the room. There is an entry for each gateway that tells of it and lives; each lists as many as the settings
//! let it, or tells their number.

use std::collections::{HashMap, HashSet};

use bus::{Telling, There};
use chat::{Attendee, Headcount, StayId, UserId};
use tokio::time::Instant;

use super::ASK_AGAIN;
use super::people::People;

/// The other gateways.
#[derive(Debug, Default)]
pub(super) struct Peers(HashMap<u64, Peer>);

/// One of them.
#[derive(Debug)]
struct Peer {
    /// The last telling that was understood. Before the first nobody is there.
    at: Telling,
    there: Known,
    /// When it was last asked for all.
    asked: Option<Instant>,
}

#[derive(Debug)]
enum Known {
    /// Whose each stay is.
    Listed(HashMap<u64, UserId>),
    /// How many there are.
    Counted(Headcount),
}

/// Whether a telling could be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Understood {
    /// It was, or says nothing new.
    Yes,
    /// Others before it are missing: all is to be asked for.
    No,
}

impl Peers {
    /// How many those gateways have that do not list them.
    pub(super) fn counted(&self) -> Headcount {
        let mut sum = Headcount::default();
        for peer in self.0.values() {
            if let Known::Counted(count) = &peer.there {
                sum.users = sum.users.saturating_add(count.users);
                sum.connections = sum.connections.saturating_add(count.connections);
            }
        }
        sum
    }

    /// A gateway tells what has changed since the telling before.
    pub(super) fn changed(
        &mut self,
        gateway: u64,
        at: Telling,
        came: &[Attendee],
        went: &[u64],
        people: &mut People,
    ) -> Understood {
        let peer = self.peer(gateway);
        if at <= peer.at {
            return Understood::Yes;
        }
        let begins = at.incarnation > peer.at.incarnation && at.n == 1;
        let follows = at.incarnation == peer.at.incarnation && at.n == peer.at.n + 1;
        if begins {
            peer.replace(gateway, &There::Listed(Vec::new()), people);
        }
        let Known::Listed(listed) = &mut peer.there else { return Understood::No };
        if !begins && !follows {
            return Understood::No;
        }
        for number in went {
            if let Some(user) = listed.remove(number) {
                people.remove(&user, StayId { gateway, number: *number });
            }
        }
        for attendee in came {
            for stay in &attendee.stays {
                listed.insert(stay.id.number, attendee.user.id.clone());
                people.add(&attendee.user, attendee.info.as_ref(), *stay);
            }
        }
        peer.at = at;
        Understood::Yes
    }

    /// A gateway tells all who are there.
    pub(super) fn all(&mut self, gateway: u64, at: Telling, there: &There, people: &mut People) {
        let peer = self.peer(gateway);
        if at > peer.at {
            peer.replace(gateway, there, people);
            peer.at = at;
            peer.asked = None;
        }
    }

    /// A gateway says what its last telling was.
    pub(super) fn last(&mut self, gateway: u64, at: Telling, people: &mut People) -> Understood {
        let peer = self.peer(gateway);
        if at.incarnation > peer.at.incarnation && at.n == 0 {
            peer.replace(gateway, &There::Listed(Vec::new()), people);
            peer.at = at;
        }
        if at <= peer.at { Understood::Yes } else { Understood::No }
    }

    /// Whether a gateway may be asked for all now, and notes that it is.
    pub(super) fn may_ask(&mut self, gateway: u64, now: Instant) -> bool {
        let peer = self.peer(gateway);
        let may = peer.asked.is_none_or(|asked| asked + ASK_AGAIN <= now);
        if may {
            peer.asked = Some(now);
        }
        may
    }

    /// A gateway is gone, and with it all who were there through it. False if it had told nothing.
    pub(super) fn forget(&mut self, gateway: u64, people: &mut People) -> bool {
        let Some(mut peer) = self.0.remove(&gateway) else { return false };
        peer.replace(gateway, &There::Listed(Vec::new()), people);
        true
    }

    fn peer(&mut self, gateway: u64) -> &mut Peer {
        self.0.entry(gateway).or_insert_with(|| Peer {
            at: Telling { incarnation: 0, n: 0 },
            there: Known::Listed(HashMap::new()),
            asked: None,
        })
    }
}

impl Peer {
    fn replace(&mut self, gateway: u64, there: &There, people: &mut People) {
        let (known, attendees) = match there {
            There::Counted(count) => (Known::Counted(*count), &[][..]),
            There::Listed(attendees) => (Known::Listed(numbers(attendees)), &attendees[..]),
        };
        // Who is there before and after is not gone for a moment: what is removed is removed last.
        for attendee in attendees {
            attendee.stays.iter().for_each(|stay| people.add(&attendee.user, attendee.info.as_ref(), *stay));
        }
        let stays: HashSet<u64> =
            attendees.iter().flat_map(|a| &a.stays).map(|stay| stay.id.number).collect();
        if let Known::Listed(before) = std::mem::replace(&mut self.there, known) {
            for (number, user) in before.into_iter().filter(|(number, _)| !stays.contains(number)) {
                people.remove(&user, StayId { gateway, number });
            }
        }
    }
}

fn numbers(attendees: &[Attendee]) -> HashMap<u64, UserId> {
    let numbers = |attendee: &Attendee| {
        let user = attendee.user.id.clone();
        attendee.stays.iter().map(|stay| (stay.id.number, user.clone())).collect::<Vec<_>>()
    };
    attendees.iter().flat_map(numbers).collect()
}

//! What somebody is told who is there while it is being found out who else is.

use super::*;
use crate::session::SubId;
use crate::switchboard::SubKey;

/// Two gateways with a room of their own each; what one tells, the other hears at once.
struct Pair {
    rooms: [Room; 2],
    now: Instant,
    /// What clients of the second were told, and answered.
    told: Vec<Moment>,
    rosters: Vec<Roster>,
}

impl Pair {
    /// The first has had its room for a while; the second begins with it now, and wants to be told.
    fn new() -> Self {
        let now = Instant::now();
        let rules = Rules { list_max: 100, grace: Duration::from_secs(5) };
        let open = |me, now| {
            let at = Beginning { me, incarnation: 1, shards: 1, spread: 0.5 };
            Room::open(at, rules, false, now, &mut Vec::new())
        };
        let rooms = [open(1, now), open(2, now)];
        let mut pair = Self { rooms, now, told: Vec::new(), rosters: Vec::new() };
        pair.comes("ana");
        pair.passes(GATHER + BATCH);
        pair.told.clear();
        let mut fx = Vec::new();
        let at = Beginning { me: 2, incarnation: 2, shards: 1, spread: 0.5 };
        pair.rooms[1] = Room::open(at, rules, false, pair.now, &mut fx);
        pair.rooms[1].watch(0, true, pair.now, &mut fx);
        pair.carry_out(1, fx);
        pair
    }

    /// Somebody comes through the first.
    fn comes(&mut self, user: &str) {
        let (mut fx, number) = (Vec::new(), u64::from(user.as_bytes()[0]));
        let guest = Guest { shard: 0, connection: Scene::key(u32::from(user.as_bytes()[0])) };
        let stay = Stay { id: StayId { gateway: 1, number }, since: Timestamp::from_micros(0) };
        self.rooms[0].enter(guest, &User::parse(user, None).unwrap(), None, stay, self.now, &mut fx);
        self.carry_out(0, fx);
    }

    /// Somebody asks the second who is there, and wants to be told what changes.
    fn asks(&mut self) {
        let to = SubKey { connection: Scene::key(0), sub: SubId(0) };
        let mut fx = Vec::new();
        self.rooms[1].ask(Asker::Roster { shard: 0, to }, self.now, &mut fx);
        self.carry_out(1, fx);
    }

    fn passes(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_millis(5);
            for at in 0..2 {
                let mut fx = Vec::new();
                self.rooms[at].look(false, self.now, &mut fx);
                self.carry_out(at, fx);
            }
        }
    }

    fn carry_out(&mut self, at: usize, fx: Vec<Effect>) {
        for effect in fx {
            match effect {
                Effect::Publish(news) => {
                    let mut fx = Vec::new();
                    self.rooms[1 - at].hear(at as u64 + 1, news, self.now, &mut fx);
                    self.carry_out(1 - at, fx);
                }
                Effect::Tell(moment, None) if at == 1 => self.told.push(moment),
                Effect::Answer(_, roster) => self.rosters.push(roster),
                _ => {}
            }
        }
    }

    /// Whom its clients were told to have come.
    fn came(&self) -> Vec<&str> {
        let shifts = self.told.iter().flat_map(|moment| match moment {
            Moment::Presence(PresenceChange { came, .. }) => came,
            other => panic!("{other:?}"),
        });
        shifts.map(|shift| shift.attendee.user.id.as_str()).collect()
    }
}

#[test]
fn who_comes_while_it_is_found_out_who_is_there_is_told_of_as_one_who_comes() {
    // Before the first answers that it is asked, before it has told of it, and after that.
    for after in [0, 10, 30, 200, 290] {
        let mut pair = Pair::new();
        pair.asks();
        pair.passes(Duration::from_millis(after));
        pair.comes("ben");
        pair.passes(GATHER + BATCH * 2);
        assert_eq!(pair.came(), ["ben"], "{after} ms later");
        let listed: Vec<_> = pair.rosters[0].attendees().iter().map(|a| a.user.id.as_str()).collect();
        assert_eq!(listed, ["ana"], "{after} ms later");
    }
}

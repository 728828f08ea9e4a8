//! What those are answered who ask, when more come than are listed.

use std::time::Duration;

use chat::{StayId, Timestamp};

use super::*;
use crate::session::AskId;
use crate::switchboard::ConnectionKey;

const LIST_MAX: u32 = 3;

struct Scene {
    room: Room,
    now: Instant,
    connections: u32,
}

impl Scene {
    fn new() -> Self {
        let now = Instant::now();
        let rules = Rules { list_max: LIST_MAX, grace: Duration::from_secs(5) };
        let at = Beginning { me: 1, incarnation: 1, shards: 1, spread: 0.5 };
        let mut room = Room::open(at, rules, true, now, &mut Vec::new());
        room.watch(0, true, now, &mut Vec::new());
        Self { room, now, connections: 0 }
    }

    fn key(place: u32) -> ConnectionKey {
        ConnectionKey { place, generation: 0 }
    }

    /// So many users come, each by one connection.
    fn come(&mut self, count: u32) {
        for place in self.connections..self.connections + count {
            let guest = Guest { shard: 0, connection: Self::key(place) };
            let user = User::parse(&format!("u{place}"), None).unwrap();
            let id = StayId { gateway: 1, number: u64::from(place) };
            let stay = Stay { id, since: Timestamp::from_micros(0) };
            self.room.enter(guest, &user, None, stay, self.now, &mut Vec::new());
        }
        self.connections += count;
    }

    fn leaves(&mut self, place: u32) {
        let guest = Guest { shard: 0, connection: Self::key(place) };
        self.room.exit(guest, Parting::Clean, self.now, &mut Vec::new());
    }

    /// Time passes, and with it what is due.
    fn passes(&mut self, time: Duration) {
        self.now += time;
        self.room.look(true, self.now, &mut Vec::new());
    }

    /// How many there are, and how many are listed.
    fn who(&mut self) -> (u32, Option<usize>) {
        let mut fx = Vec::new();
        self.room.ask(Asker::Who { shard: 0, connection: Self::key(0), ask: AskId(0) }, self.now, &mut fx);
        let answer = fx.into_iter().find_map(|effect| match effect {
            Effect::Answer(_, roster) => Some((roster.count.users, roster.listed.map(|listed| listed.len()))),
            _ => None,
        });
        answer.expect("it is alone, and answers at once")
    }
}

#[test]
fn nobody_is_listed_as_soon_as_there_are_too_many_also_before_that_is_told() {
    let mut scene = Scene::new();
    scene.come(LIST_MAX);
    assert_eq!(scene.who(), (3, Some(3)));
    scene.come(1);
    assert_eq!(scene.who(), (4, None), "nobody was told yet that there are too many");
    scene.passes(BATCH);
    assert_eq!(scene.who(), (4, None));
}

#[test]
fn a_room_that_is_small_enough_again_is_listed_once_that_is_told() {
    let mut scene = Scene::new();
    scene.come(LIST_MAX + 1);
    scene.passes(BATCH);
    scene.leaves(0);
    assert_eq!(scene.who(), (3, None), "nobody was told yet that there are few enough");
    scene.passes(CROWD_BATCH);
    assert_eq!(scene.who(), (3, Some(3)));
}

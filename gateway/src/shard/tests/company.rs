//! Who is told what passes in a room, and who is seen there.

use chat::{ConnectionName, Headcount, Moment, Place, PresenceChange, Roster, User, Whisper};

use super::*;
use crate::porter::Passing;
use crate::presence::Parting;

impl House {
    fn next_errand(&mut self) -> Errand {
        self.errands.try_recv().expect("an errand").1
    }

    /// Somebody who has joined room `r` and stands among those who are told.
    async fn member(&mut self, buffer: Option<usize>) -> Guest {
        let mut guest = self.guest(buffer).await;
        self.lets_in(&mut guest, "r", 0, 0).await;
        guest
    }

    fn passes(&mut self, moment: Moment, except: Option<ConnectionName>) {
        let place = Place::Room(room_id("r"));
        self.tell(Told::Passed(Passing { place, moment: Arc::new(moment), except }));
        self.shard.flush_touched(Instant::now() + Duration::from_secs(1));
    }
}

fn typing() -> Moment {
    Moment::Whisper { by: User::parse("ben", None).unwrap(), whisper: Whisper::typing() }
}

fn counts(users: u32) -> Moment {
    let count = Headcount { users, connections: users };
    Moment::Presence(PresenceChange { came: vec![], went: vec![], count })
}

#[tokio::test]
async fn a_connection_is_in_a_room_from_its_join_to_its_end() {
    let mut house = House::new(1 << 20);
    let mut guest = house.member(None).await;
    assert!(matches!(house.next_errand(), Errand::Watch { watches: true, .. }));
    assert!(matches!(house.next_errand(), Errand::Enter { connection, .. } if connection == guest.key));
    let other = house.member(None).await;
    assert!(matches!(house.next_errand(), Errand::Enter { .. }), "the room is watched already");
    house.hear(&mut guest, &json!({"type": "leave", "room": "r"})).await;
    assert!(matches!(house.next_errand(), Errand::Exit { parting: Parting::Clean, .. }));
    house.shard.forget(other.key);
    assert!(matches!(house.next_errand(), Errand::Exit { parting: Parting::Broken, .. }));
    assert!(matches!(house.next_errand(), Errand::Watch { watches: false, .. }));
}

#[tokio::test]
async fn how_a_connection_ends_says_whether_its_user_may_come_back() {
    let mut house = House::new(1 << 20);
    for (code, parting) in [(Code::GoingAway, Parting::Broken), (Code::Removed, Parting::Clean)] {
        while house.wants.try_recv().is_ok() {}
        let guest = house.member(None).await;
        while house.errands.try_recv().is_ok() {}
        let refusal = Refusal::new(code, "no");
        house.shard.with_session(guest.key, |session, env, out| session.dismiss(env, refusal, out));
        assert!(
            matches!(house.next_errand(), Errand::Exit { parting: told, .. } if told == parting),
            "{code:?}"
        );
    }
}

#[tokio::test]
async fn everybody_but_the_one_who_says_it_is_told() {
    let mut house = House::new(1 << 20);
    let (mut ana, mut ben) = (house.member(None).await, house.member(None).await);
    let except = house.shard.connection(ben.key).unwrap().session.name();
    house.passes(typing(), Some(except));
    house.passes(counts(7), None);
    for (guest, types) in [(&mut ana, &["typing", "presence"][..]), (&mut ben, &["presence"])] {
        let mut bytes = Vec::new();
        guest.reads(&mut bytes).await;
        let told = words(&mut bytes);
        let told: Vec<_> = told.iter().filter_map(|frame| frame["type"].as_str()).collect();
        assert_eq!(told[told.len() - types.len()..], *types);
        assert_eq!(told.contains(&"typing"), types.contains(&"typing"));
    }
}

#[tokio::test]
async fn who_was_too_slow_is_told_anew_who_is_there() {
    let mut house = House::new(4096);
    let mut guest = house.member(Some(4096)).await;
    while house.errands.try_recv().is_ok() {}
    let mut n = 0;
    while !house.shard.connection(guest.key).unwrap().missed_moments {
        n += 1;
        house.passes(counts(n), None);
    }
    house.shard.tick(0, Instant::now());
    assert!(house.errands.try_recv().is_err(), "it is still too slow");
    let mut bytes = Vec::new();
    while !house.shard.connection(guest.key).unwrap().outbox.is_empty() {
        guest.reads(&mut bytes).await;
        house.shard.on_writable(guest.key);
    }
    house.shard.tick(0, Instant::now());
    let Errand::Roster { to, .. } = house.next_errand() else { panic!("no roster was asked for") };
    let roster = Roster { count: Headcount { users: 99, connections: 99 }, listed: None };
    house.tell(Told::Roster { to, roster: Arc::new(roster) });
    house.shard.flush(guest.key);
    guest.reads(&mut bytes).await;
    let told = words(&mut bytes);
    assert_eq!(told.last(), Some(&json!({"type": "who", "room": "r", "users": [], "count": 99})));
}

//! Connections that are left out of an event.

use chat::ConnectionName;

use super::*;
use crate::room::Phase;

/// An event of which one connection is left out.
fn said_by(seq: u64, name: ConnectionName) -> Arc<Event> {
    Arc::new(Event { except: Some(Box::new(name)), ..message(seq, 10) })
}

impl House {
    fn name_of(&mut self, guest: &Guest) -> ConnectionName {
        self.shard.connection(guest.key).unwrap().session.name()
    }

    /// The seqs of the messages that a guest has been shown.
    async fn shown(&mut self, guest: &mut Guest) -> Vec<u64> {
        self.flush_all();
        let mut bytes = Vec::new();
        guest.reads(&mut bytes).await;
        let messages = words(&mut bytes).into_iter().filter(|word| word["type"] == "message");
        messages.filter_map(|message| message["seq"].as_u64()).collect()
    }
}

#[tokio::test]
async fn whoever_is_left_out_of_an_event_is_shown_all_others_in_order_and_everybody_else_all() {
    let mut house = House::new(1 << 20);
    let (mut ana, mut ben) = (house.guest(None).await, house.guest(None).await);
    for guest in [&mut ana, &mut ben] {
        house.lets_in(guest, "r", 0, 0).await;
    }
    let name = house.name_of(&ana);
    house.tells(&[Arc::new(message(1, 10)), said_by(2, name), Arc::new(message(3, 10))]);
    house.tells(&[said_by(4, name)]);
    house.tells(&[said_by(5, ConnectionName { number: name.number ^ 1, ..name })]);
    house.tells(&[said_by(6, ConnectionName { shard: name.shard ^ 1, ..name })]);
    house.says(7, 10);
    assert_eq!(house.shown(&mut ana).await, [1, 3, 5, 6, 7]);
    assert_eq!(house.shown(&mut ben).await, [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn one_that_is_alone_in_a_room_goes_on_listening_after_it_was_left_out() {
    let mut house = House::new(1 << 20);
    let mut ana = house.guest(None).await;
    house.lets_in(&mut ana, "r", 0, 0).await;
    let name = house.name_of(&ana);
    house.tells(&[said_by(1, name)]);
    house.says(2, 10);
    assert_eq!(house.shown(&mut ana).await, [2]);
    house.shard.forget(ana.key);
    assert!(matches!(house.next_want(), Want::Quit { .. }), "nothing is left of it in the room");
}

#[tokio::test]
async fn whoever_is_behind_is_left_out_of_its_page_too_and_others_are_not() {
    let mut house = House::new(1 << 20);
    let (mut ana, mut ben) = (house.guest(None).await, house.guest(None).await);
    let name = house.name_of(&ana);
    let events: Arc<[_]> =
        [Arc::new(message(1, 10)), said_by(2, name), Arc::new(message(3, 10))].into_iter().collect();
    for guest in [&mut ana, &mut ben] {
        house.lets_in(guest, "r", 0, 3).await;
        let Want::Page { to, .. } = house.next_want() else { panic!("no page was wanted") };
        house.tell(Told::Page { to, first: Seq::new(1).unwrap(), events: Arc::clone(&events) });
    }
    house.says(4, 10);
    assert_eq!(house.shown(&mut ana).await, [1, 3, 4]);
    assert_eq!(house.shown(&mut ben).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn one_that_cannot_take_what_it_is_not_left_out_of_reads_on_from_there() {
    let mut house = House::new(20_000);
    let mut ana = house.guest(Some(4096)).await;
    house.lets_in(&mut ana, "r", 0, 0).await;
    let name = house.name_of(&ana);
    let mut told = 0;
    let after = loop {
        house.tells(&[said_by(told + 1, name), Arc::new(message(told + 2, 8 * 1024))]);
        house.flush_all();
        let connection = house.shard.connection(ana.key).unwrap();
        let subscription = connection.subscriptions.iter().next().unwrap();
        match subscription.phase {
            Phase::Live => told += 2,
            phase => break phase.hungry().unwrap().get(),
        }
    };
    assert_eq!(after, told, "both of them are read again");
    assert_eq!(house.end(&ana), End::Open);
}

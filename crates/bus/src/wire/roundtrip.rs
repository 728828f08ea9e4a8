//! Whatever a word holds, it comes back as it was; and no bytes make the reader panic.

use std::time::Duration;

use chat::{
    Body, Broadcast, Change, ChannelName, ConnectionName, Draft, Epoch, Event, EventKind, Place, RequestId,
    RoomId, Seq, Timestamp, User,
};
use proptest::prelude::*;

use super::*;
use crate::{LiveNews, News, RoomEvents, Submission};

fn room() -> impl Strategy<Value = RoomId> {
    "[A-Za-z0-9_.:=@,;-]{1,128}".prop_map(|name| RoomId::parse(&name).unwrap())
}

fn user() -> impl Strategy<Value = User> {
    ("\\PC{1,30}", "\\PC{0,30}").prop_map(|(id, name)| User::parse(&id, Some(&name)).unwrap())
}

fn id() -> impl Strategy<Value = RequestId> {
    "\\PC{1,16}".prop_map(|id| RequestId::parse(&id).unwrap())
}

fn seq() -> impl Strategy<Value = Seq> {
    (0..=Seq::MAX.get()).prop_map(|seq| Seq::new(seq).unwrap())
}

fn body() -> impl Strategy<Value = Body> {
    any::<String>().prop_map(|text| Body::trusted(&text))
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (body(), proptest::option::of(seq())).prop_map(|(body, reply_to)| Change::Message { body, reply_to }),
        (seq(), body()).prop_map(|(target, body)| Change::Edit { target, body }),
        seq().prop_map(|target| Change::Delete { target }),
    ]
}

fn except() -> impl Strategy<Value = Option<Box<ConnectionName>>> {
    let name = any::<(u32, u64)>().prop_map(|(shard, number)| ConnectionName { shard, number });
    proptest::option::of(name.prop_map(Box::new))
}

fn broadcast() -> impl Strategy<Value = News> {
    let name = "\\PC{1,50}".prop_map(|name| ChannelName::parse(&name).unwrap());
    (name, any::<String>(), any::<String>(), any::<i64>(), except()).prop_map(
        |(channel, event, data, at, except)| {
            let broadcast = Broadcast { channel, event: event.into(), data: data.into() };
            News::Broadcast { broadcast, at: Timestamp::from_micros(at), except: except.map(|name| *name) }
        },
    )
}

fn place() -> impl Strategy<Value = Place> {
    let channel = "\\PC{1,50}".prop_map(|name| Place::Channel(ChannelName::parse(&name).unwrap()));
    prop_oneof![room().prop_map(Place::Room), channel]
}

prop_compose! {
    fn draft()(room in room(), by in user(), id in id(), change in change(), except in except()) -> Draft {
        Draft { room, by, id, change, except }
    }
}

prop_compose! {
    fn event(room: RoomId)(
        seq in seq(),
        by in user(),
        id in id(),
        at in any::<i64>(),
        change in change(),
        except in except(),
    ) -> Event {
        let (room, at) = (room.clone(), Timestamp::from_micros(at));
        Event { room, seq, id, by, at, kind: change.into_kind(), except }
    }
}

fn room_events() -> impl Strategy<Value = RoomEvents> {
    room().prop_flat_map(|room| {
        let epoch = Epoch::parse("e.1").unwrap();
        proptest::collection::vec(event(room.clone()), 1..8).prop_map(move |events| RoomEvents {
            room: room.clone(),
            epoch: epoch.clone(),
            events,
        })
    })
}

proptest! {
    #[test]
    fn a_submission_comes_back_as_it_was(
        drafts in proptest::collection::vec(draft(), 1..8),
        age in 0..100_000_u64,
    ) {
        let ask = Ask::Submit(Submission { drafts, age: Duration::from_millis(age) });
        prop_assert_eq!(decode_ask(&encode_ask(&ask)).unwrap(), ask);
    }

    #[test]
    fn events_come_back_as_they_were(events in room_events()) {
        let note = Note::Events(events);
        prop_assert_eq!(decode_note(&encode_note(&note)).unwrap(), note);
    }

    #[test]
    fn a_broadcast_comes_back_as_it_was(place in place(), gateway in any::<u64>(), news in broadcast()) {
        let note = Note::Live(LiveNews { place, gateway, news });
        prop_assert_eq!(decode_note(&encode_note(&note)).unwrap(), note);
    }

    #[test]
    fn an_event_that_was_damaged_leaves_no_hole(events in room_events(), at in any::<prop::sample::Index>()) {
        let damaged = at.index(events.events.len());
        let note = encode_note(&Note::Events(events.clone()));
        let mut json: serde_json::Value = serde_json::from_slice(&note).unwrap();
        json["events"]["events"][damaged]["user"] = 7.into();
        let Ok(Note::Events(read)) = decode_note(json.to_string().as_bytes()) else { panic!("unreadable") };
        for (index, (read, event)) in read.events.iter().zip(&events.events).enumerate() {
            prop_assert_eq!(read.seq, event.seq);
            if index == damaged {
                prop_assert_eq!(&read.kind, &EventKind::Unknown);
            } else {
                prop_assert_eq!(read, event);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        bytes in any::<Vec<u8>>(),
        draft in draft(),
        cut in any::<prop::sample::Index>(),
    ) {
        let _ = (decode_ask(&bytes), decode_answer(&bytes), decode_note(&bytes));
        let submission = Submission { drafts: vec![draft], age: Duration::ZERO };
        let mut json = encode_ask(&Ask::Submit(submission)).to_vec();
        let place = cut.index(json.len());
        json[place] = json[place].wrapping_add(1);
        let _ = decode_ask(&json);
    }
}

//! Pages of history, and the list of rooms.

use super::*;
use chat::{HistoryPage, PageFrom, RoomSummary};

fn page() -> ReadAnswer {
    ReadAnswer::History(HistoryPage { messages: Vec::new(), more: false })
}

#[test]
fn a_page_is_read_and_given() {
    let mut scene = Scene::open();
    scene.joins("r");
    let done = scene.says(&json!({"type": "history", "ref": 5, "room": "r", "before": 58, "limit": 50}));
    let (ask, read) = done.read();
    let from = PageFrom::Before(Seq::new(58).unwrap());
    assert_eq!(*read, Read::History { room: room_id("r"), from, limit: 50, accepted: scene.now });
    let done = scene.answer(Answered::Read(ask, Ok(page())));
    assert_eq!(done.said, [json!({"type": "history", "ref": 5, "room": "r", "messages": [], "more": false})]);
    assert!(scene.answer(Answered::Read(ask, Ok(page()))).is_nothing(), "an answer counts once");
}

#[test]
fn a_page_has_at_most_what_the_limit_allows() {
    let mut scene = Scene::open();
    scene.joins("r");
    for (frame, most) in [
        (json!({"type": "history", "room": "r", "limit": 5000}), 200),
        (json!({"type": "history", "room": "r"}), 200),
        (json!({"type": "history", "room": "r", "limit": 1}), 1),
    ] {
        let done = scene.says(&frame);
        let (_, Read::History { limit, .. }) = done.read() else { panic!() };
        assert_eq!(*limit, most);
    }
}

#[test]
fn a_reader_may_read_and_a_stranger_may_not() {
    let mut scene = Scene::granted(limits(), Some(&[("r", Access::Read)]));
    assert!(matches!(scene.says(&json!({"type": "history", "room": "r"})).read().1, Read::History { .. }));
    let done = scene.says(&json!({"type": "history", "ref": 1, "room": "s"}));
    assert_eq!(done.answers(), ["1 not_allowed"]);
}

#[test]
fn a_page_that_cannot_be_read_is_unavailable() {
    let mut scene = Scene::open();
    scene.joins("r");
    for answer in [Err(lost()), Ok(ReadAnswer::Room(state(RoomKind::Public, 1)))] {
        let done = scene.says(&json!({"type": "history", "ref": 1, "room": "r"}));
        let ask = done.read().0;
        assert_eq!(scene.answer(Answered::Read(ask, answer)).answers(), ["1 unavailable"]);
    }
}

#[test]
fn the_list_has_only_rooms_that_may_be_read() {
    let room =
        |room: &str, kind| RoomSummary { room: room_id(room), name: room.into(), kind, seq: Seq::ZERO };
    let all = vec![room("a", RoomKind::Public), room("b", RoomKind::Private), room("c", RoomKind::Public)];
    for (rooms, shown) in [(None, vec!["a", "c"]), (Some(&[("b", Access::Read)][..]), vec!["b"])] {
        let mut scene = Scene::granted(limits(), rooms);
        let done = scene.says(&json!({"type": "rooms", "ref": 7}));
        let (ask, read) = done.read();
        assert_eq!(*read, Read::Rooms { limit: 200, accepted: scene.now });
        let done = scene.answer(Answered::Read(ask, Ok(ReadAnswer::Rooms(all.clone()))));
        let listed: Vec<_> =
            done.said[0]["rooms"].as_array().unwrap().iter().map(|room| &room["room"]).collect();
        assert_eq!(
            (listed, &done.said[0]["ref"]),
            (shown.iter().map(|room| json!(room)).collect::<Vec<_>>().iter().collect(), &json!(7))
        );
    }
}

#[test]
fn only_so_many_questions_are_asked_at_a_time() {
    let mut scene = Scene::open();
    scene.joins("r");
    let first = scene.says(&json!({"type": "history", "room": "r"})).read().0;
    for n in 1..16 {
        let frame =
            if n % 2 == 0 { json!({"type": "rooms"}) } else { json!({"type": "history", "room": "r"}) };
        assert!(scene.says(&frame).said.is_empty());
    }
    for frame in [
        json!({"type": "rooms", "ref": 1}),
        json!({"type": "history", "ref": 1, "room": "r"}),
        json!({"type": "send", "ref": 1, "room": "elsewhere", "body": "hi"}),
    ] {
        assert_eq!(scene.says(&frame).answers(), ["1 too_many"], "{frame}");
    }
    assert_eq!(scene.sends("r", "a").submitted(), ["a"], "a send to a joined room asks nothing");
    scene.answer(Answered::Read(first, Ok(page())));
    assert!(scene.says(&json!({"type": "rooms", "ref": 2})).said.is_empty());
}

#[test]
fn pages_that_wait_at_a_door_count_as_questions() {
    let mut scene = Scene::open();
    let answers: Vec<_> = (0..20)
        .flat_map(|n| scene.says(&json!({"type": "history", "ref": n, "room": "r"})).answers())
        .collect();
    assert_eq!(answers.len(), 5, "one asks, fifteen wait");
}

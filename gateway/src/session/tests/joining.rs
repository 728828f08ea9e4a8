//! Subscriptions, opened and ended.

use super::*;
use dialect::From;

#[test]
fn a_join_is_asked_for_and_answered() {
    let mut scene = Scene::open();
    let join =
        scene.says(&json!({"type": "join", "ref": 1, "room": "r", "after": 41, "epoch": "e.1"})).join();
    assert_eq!(join.room, room_id("r"));
    assert_eq!(join.from, From::After(Seq::new(41).unwrap(), Some(Epoch::parse("e.1").unwrap())));
    assert!(join.create);
    let done = scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Public, 57))));
    let joined = json!({
        "type": "joined", "ref": 1, "room": "r", "seq": 57, "first_seq": 1, "epoch": "e.1", "truncated": false,
    });
    assert_eq!(done.said, [joined]);
    assert!(done.wants.is_empty());
}

#[test]
fn a_join_that_failed_is_refused_and_can_be_tried_again() {
    let mut scene = Scene::open();
    let join = scene.says(&json!({"type": "join", "ref": 1, "room": "r"})).join();
    let done = scene.answer(Answered::Joined(join.sub, Err(lost())));
    assert_eq!(done.answers(), ["1 unavailable"]);
    assert!(done.wants.is_empty(), "there is nothing to leave");
    let again = scene.says(&json!({"type": "join", "ref": 2, "room": "r"})).join();
    assert_ne!(again.sub, join.sub);
}

#[test]
fn a_room_that_is_not_public_is_left_before_anything_of_it_is_seen() {
    for kind in [RoomKind::Private, RoomKind::Direct] {
        let mut scene = Scene::open();
        let join = scene.says(&json!({"type": "join", "ref": 1, "room": "r"})).join();
        let done = scene.answer(Answered::Joined(join.sub, Ok(at(kind, 57))));
        assert_eq!(done.answers(), ["1 not_allowed"]);
        assert_eq!(done.wants, [Action::Leave(join.sub)]);
    }
}

#[test]
fn grants_decide_before_anybody_is_asked() {
    let mut scene = Scene::granted(limits(), Some(&[("team-*", Access::Read)]));
    let done = scene.says(&json!({"type": "join", "ref": 1, "room": "r"}));
    assert_eq!(done.answers(), ["1 not_allowed"]);
    assert!(done.wants.is_empty());
    let join = scene.says(&json!({"type": "join", "ref": 2, "room": "team-7"})).join();
    let done = scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Private, 57))));
    assert_eq!(done.answers(), ["2 joined"]);
}

#[test]
fn leaving_is_answered_whether_one_was_there_or_not() {
    let mut scene = Scene::open();
    let sub = scene.joins("r");
    let done = scene.says(&json!({"type": "leave", "ref": 2, "room": "r"}));
    assert_eq!((done.answers(), done.wants), (vec!["2 left".to_owned()], vec![Action::Leave(sub)]));
    let done = scene.says(&json!({"type": "leave", "ref": 3, "room": "r"}));
    assert_eq!((done.answers(), done.wants), (vec!["3 left".to_owned()], vec![]));
}

#[test]
fn who_joins_twice_begins_anew() {
    let mut scene = Scene::open();
    let old = scene.joins("r");
    let done = scene.says(&json!({"type": "join", "ref": 2, "room": "r", "after": 5}));
    let [Action::Leave(left), Action::Join(join)] = &done.wants[..] else { panic!("{done:?}") };
    assert!(*left == old && join.sub != old);
    let done = scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Public, 57))));
    assert_eq!(done.answers(), ["2 joined"]);
}

#[test]
fn a_join_that_is_overtaken_by_another_or_by_a_leave_has_its_answer_too() {
    let mut scene = Scene::open();
    let first = scene.says(&json!({"type": "join", "ref": 1, "room": "r"})).join();
    let done = scene.says(&json!({"type": "join", "ref": 2, "room": "r"}));
    assert_eq!(done.answers(), ["1 malformed"]);
    let done = scene.says(&json!({"type": "leave", "ref": 3, "room": "r"}));
    assert_eq!(done.answers(), ["2 malformed", "3 left"]);
    assert!(scene.answer(Answered::Joined(first.sub, Ok(at(RoomKind::Public, 57)))).is_nothing());
}

#[test]
fn a_connection_joins_only_so_many_rooms() {
    let mut scene = Scene::open_with(Limits { rooms_per_connection: 2, ..limits() });
    scene.joins("a");
    scene.joins("b");
    assert_eq!(scene.says(&json!({"type": "join", "ref": 1, "room": "c"})).answers(), ["1 too_many"]);
    let again = scene.says(&json!({"type": "join", "ref": 2, "room": "a"}));
    assert!(again.said.is_empty(), "the same room again is none more");
    scene.says(&json!({"type": "leave", "room": "b"}));
    scene.joins("c");
}

#[test]
fn without_a_limit_any_number_of_rooms_is_joined() {
    let mut scene = Scene::open_with(Limits { rooms_per_connection: 0, ..limits() });
    for n in 0..300 {
        scene.joins(&n.to_string());
    }
}

#[test]
fn a_room_that_begins_anew_is_told_as_if_it_was_joined_again() {
    let mut scene = Scene::open();
    let sub = scene.joins("r");
    let anew = at(RoomKind::Public, 3);
    let done = scene.restarted(sub, &anew);
    assert_eq!(done.answers(), ["joined"]);
    assert_eq!(done.said[0]["truncated"], true);
    let unknown = scene.restarted(SubId(99), &anew);
    assert!(unknown.is_nothing());
}

#[test]
fn a_room_that_comes_back_private_is_taken_away() {
    let mut scene = Scene::open();
    let sub = scene.joins("r");
    let anew = at(RoomKind::Private, 3);
    let done = scene.restarted(sub, &anew);
    assert_eq!(done.said[0]["type"], "left");
    assert_eq!(done.said[0]["code"], "removed");
    assert_eq!(done.wants, [Action::Leave(sub)]);
}

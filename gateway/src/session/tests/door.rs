//! Rooms that are not joined.

use super::*;

fn room_answer(kind: RoomKind) -> ReadAnswer {
    ReadAnswer::Room(state(kind, 3))
}

fn asks_about(done: &Done, room: &str) -> AskId {
    let (ask, read) = done.read();
    assert_eq!(*read, Read::Open { room: room_id(room), create: false, accepted: read.accepted() });
    ask
}

#[test]
fn a_room_is_asked_about_once_and_those_who_wait_go_in_in_order() {
    let mut scene = Scene::open();
    let ask = asks_about(&scene.sends("r", "a"), "r");
    assert!(scene.sends("r", "b").is_nothing());
    assert!(scene.says(&json!({"type": "history", "ref": 1, "room": "r"})).is_nothing());
    let done = scene.answer(Answered::Read(ask, Ok(room_answer(RoomKind::Public))));
    let [Action::Read(_, Read::History { .. }), Action::Submit { drafts, .. }] = &done.wants[..] else {
        panic!("{done:?}")
    };
    assert_eq!(ids(drafts), ["a", "b"]);
}

#[test]
fn what_a_room_is_is_remembered() {
    let mut scene = Scene::open();
    let ask = asks_about(&scene.sends("r", "a"), "r");
    scene.answer(Answered::Read(ask, Ok(room_answer(RoomKind::Public))));
    scene.verdicts("r", [Ok(stored(1))]);
    assert_eq!(scene.sends("r", "b").submitted(), ["b"]);
}

#[test]
fn a_room_that_is_not_open_is_entered_by_nobody() {
    for answer in [Ok(room_answer(RoomKind::Private)), Ok(room_answer(RoomKind::Direct)), Err(not_there())] {
        let mut scene = Scene::open();
        let ask = asks_about(&scene.sends("r", "a"), "r");
        scene.says(&json!({"type": "history", "ref": 1, "room": "r"}));
        let done = scene.answer(Answered::Read(ask, answer));
        let mut answers = done.answers();
        answers.sort();
        assert_eq!(answers, ["1 not_allowed", "a not_allowed"]);
        assert!(done.wants.is_empty());
    }
}

#[test]
fn what_cannot_be_found_out_is_unavailable() {
    let mut scene = Scene::open();
    let ask = asks_about(&scene.sends("r", "a"), "r");
    assert_eq!(scene.answer(Answered::Read(ask, Err(lost()))).answers(), ["a unavailable"]);
    let ask = asks_about(&scene.sends("r", "b"), "r");
    let other = Ok(ReadAnswer::Rooms(vec![]));
    assert_eq!(scene.answer(Answered::Read(ask, other)).answers(), ["b unavailable"]);
}

#[test]
fn with_grants_nobody_needs_to_be_asked() {
    let mut scene = Scene::granted(limits(), Some(&[("r", Access::Write)]));
    assert_eq!(scene.sends("r", "a").submitted(), ["a"]);
    assert_eq!(scene.sends("s", "b").answers(), ["b not_allowed"]);
}

#[test]
fn what_follows_a_join_waits_for_it() {
    for rooms in [None, Some(&[("r", Access::Write)][..])] {
        let mut scene = Scene::granted(limits(), rooms);
        let join = scene.says(&json!({"type": "join", "ref": 1, "room": "r"})).join();
        assert!(scene.sends("r", "a").is_nothing());
        let done = scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Public, 0))));
        assert_eq!((done.answers(), done.submitted()), (vec!["1 joined".to_owned()], vec!["a"]));
    }
}

#[test]
fn what_follows_a_join_that_fails_fails_too() {
    let mut scene = Scene::open();
    let join = scene.says(&json!({"type": "join", "ref": 1, "room": "r"})).join();
    scene.sends("r", "a");
    let done = scene.answer(Answered::Joined(join.sub, Err(not_there())));
    assert_eq!(done.answers(), ["1 not_allowed", "a not_allowed"]);
}

#[test]
fn when_a_join_is_given_up_those_behind_it_ask_for_themselves() {
    let mut scene = Scene::open();
    scene.says(&json!({"type": "join", "ref": 1, "room": "r"}));
    scene.sends("r", "a");
    let done = scene.says(&json!({"type": "leave", "ref": 2, "room": "r"}));
    let [Action::Leave(_), Action::Read(ask, Read::Open { .. })] = done.wants[..] else { panic!("{done:?}") };
    assert_eq!(scene.answer(Answered::Read(ask, Ok(room_answer(RoomKind::Public)))).submitted(), ["a"]);
}

#[test]
fn a_room_that_is_being_made_by_a_join_is_waited_for() {
    let mut scene = Scene::open();
    let ask = asks_about(&scene.sends("r", "a"), "r");
    let join = scene.says(&json!({"type": "join", "ref": 1, "room": "r"})).join();
    assert!(scene.answer(Answered::Read(ask, Err(not_there()))).is_nothing());
    let done = scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Public, 0))));
    assert_eq!(done.submitted(), ["a"]);
}

#[test]
fn a_page_asked_for_while_sends_are_under_way_and_a_join_too_is_not_forgotten() {
    let mut scene = Scene::open();
    scene.joins("r");
    scene.sends("r", "a");
    let done = scene.says(&json!({"type": "join", "ref": 1, "room": "r"}));
    let [Action::Leave(_), Action::Join(join)] = &done.wants[..] else { panic!("{done:?}") };
    assert!(scene.says(&json!({"type": "history", "ref": 2, "room": "r"})).is_nothing());
    assert_eq!(scene.verdicts("r", [Ok(stored(1))]).answers(), ["a sent"]);
    let done = scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Public, 1))));
    assert!(matches!(done.read().1, Read::History { .. }));
}

#[test]
fn a_page_behind_a_join_that_is_given_up_asks_for_itself_though_sends_are_under_way() {
    let mut scene = Scene::open();
    scene.joins("r");
    scene.sends("r", "a");
    scene.says(&json!({"type": "join", "ref": 1, "room": "r"}));
    scene.says(&json!({"type": "history", "ref": 2, "room": "r"}));
    let done = scene.says(&json!({"type": "leave", "ref": 3, "room": "r"}));
    let [Action::Leave(_), Action::Read(ask, Read::Open { .. })] = done.wants[..] else { panic!("{done:?}") };
    let done = scene.answer(Answered::Read(ask, Ok(room_answer(RoomKind::Public))));
    assert!(matches!(done.read().1, Read::History { .. }));
}

#[test]
fn who_waits_at_a_door_hears_in_time_however_often_the_room_is_joined_anew() {
    let mut scene = Scene::open();
    scene.says(&json!({"type": "join", "ref": 1, "room": "r"}));
    scene.sends("r", "a");
    scene.says(&json!({"type": "history", "ref": 2, "room": "r"}));
    assert!(scene.pass(Duration::from_secs(3)).is_nothing());
    let done = scene.says(&json!({"type": "join", "ref": 3, "room": "r"}));
    let [Action::Leave(_), Action::Join(join)] = &done.wants[..] else { panic!("{done:?}") };
    scene.sends("r", "b");
    let done = scene.pass(ANSWER_WITHIN - Duration::from_secs(3));
    assert_eq!(done.answers(), ["2 unavailable", "a unavailable", "b unavailable"], "none overtakes another");
    let done = scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Public, 1))));
    assert_eq!((done.answers(), done.wants.len()), (vec!["3 joined".to_owned()], 0));
}

#[test]
fn the_time_at_the_door_counts() {
    let mut scene = Scene::open();
    let asked = scene.now;
    let ask = asks_about(&scene.says(&json!({"type": "history", "ref": 1, "room": "r"})), "r");
    scene.pass(Duration::from_secs(3));
    let done = scene.answer(Answered::Read(ask, Ok(room_answer(RoomKind::Public))));
    assert_eq!(done.read().1.accepted(), asked);
}

#[test]
fn nobody_learns_which_rooms_there_are() {
    let words = |answer: Result<RoomKind, Refusal>| {
        let mut scene = Scene::open();
        let join = scene.says(&json!({"type": "join", "ref": 1, "room": "r"})).join();
        let joined = answer.clone().map(|kind| at(kind, 1));
        let joined = scene.answer(Answered::Joined(join.sub, joined)).said;
        let ask = asks_about(&scene.says(&json!({"type": "history", "ref": 1, "room": "r"})), "r");
        let read = scene.answer(Answered::Read(ask, answer.map(room_answer))).said;
        (joined, read)
    };
    assert_eq!(words(Err(not_there())), words(Ok(RoomKind::Private)));
    assert_ne!(words(Err(lost())), words(Ok(RoomKind::Private)));
}

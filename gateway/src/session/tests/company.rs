//! The others in a room: being seen, asking who is there, typing and whispers.

use chat::{Headcount, Roster};
use dialect::Attendance;

use super::*;

const NATIVE: Attendance = Attendance { present: true, roster: false, moments: true };

fn typing() -> Value {
    json!({"type": "typing", "ref": 1, "room": "r"})
}

fn whisper() -> Value {
    json!({"type": "whisper", "ref": 1, "room": "r", "name": "draw"})
}

#[test]
fn whoever_has_joined_is_there() {
    let mut scene = Scene::open();
    let sub = scene.says(&json!({"type": "join", "room": "r"})).join().sub;
    let done = scene.answer(Answered::Joined(sub, Ok(at(RoomKind::Public, 0))));
    assert_eq!(done.attends, [(sub, NATIVE)]);
    let sub = scene.says(&json!({"type": "join", "room": "s"})).join().sub;
    let refused = scene.answer(Answered::Joined(sub, Err(Refusal::unavailable("not now"))));
    assert_eq!(refused.attends, []);
}

#[test]
fn who_asks_is_told_who_is_there() {
    let mut scene = Scene::open();
    scene.joins("r");
    let done = scene.says(&json!({"type": "who", "ref": 6, "room": "r"}));
    let [Action::Who(ask, room)] = &done.wants[..] else { panic!("{:?}", done.wants) };
    assert_eq!(room.as_str(), "r");
    let roster = Roster { count: Headcount { users: 7, connections: 9 }, listed: None };
    let told = scene.answer(Answered::Read(*ask, Ok(ReadAnswer::Who(roster)))).said;
    assert_eq!(told, [json!({"type": "who", "ref": 6, "room": "r", "users": [], "count": 7})]);
}

#[test]
fn of_a_room_that_is_not_joined_it_must_be_known_what_it_is() {
    let mut scene = Scene::open();
    let done = scene.says(&json!({"type": "who", "ref": 6, "room": "r"}));
    let (ask, Read::Open { .. }) = done.read() else { panic!("{:?}", done.wants) };
    let private = at(RoomKind::Private, 0).state;
    assert_eq!(scene.answer(Answered::Read(ask, Ok(ReadAnswer::Room(private)))).answers(), ["6 not_allowed"]);
}

#[test]
fn typing_is_passed_on_now_and_then() {
    let mut scene = Scene::open();
    scene.joins("r");
    scene.joins("s");
    let is_passed_on = |done: Done| {
        assert_eq!(done.said, [] as [Value; 0]);
        match &done.wants[..] {
            [] => false,
            [Action::Whisper { whisper, by, .. }] => whisper.is_typing() && by.id.as_str() == "ana",
            other => panic!("{other:?}"),
        }
    };
    assert!(is_passed_on(scene.says(&typing())));
    assert!(!is_passed_on(scene.says(&typing())), "too soon");
    assert!(is_passed_on(scene.says(&json!({"type": "typing", "room": "s"}))), "that is another room");
    scene.pass(Duration::from_secs(2));
    assert!(is_passed_on(scene.says(&typing())));
}

#[test]
fn only_those_inside_can_be_heard() {
    let mut scene = Scene::open();
    assert_eq!(scene.says(&typing()).answers(), ["1 malformed"]);
    assert_eq!(scene.says(&whisper()).answers(), ["1 malformed"]);
    scene.says(&json!({"type": "join", "room": "r"}));
    assert_eq!(scene.says(&typing()).answers(), ["1 malformed"], "it is not open yet");
}

#[test]
fn who_may_only_read_is_not_heard() {
    let mut scene = Scene::granted(limits(), Some(&[("r", Access::Read)]));
    scene.joins("r");
    assert_eq!(scene.says(&typing()).answers(), ["1 not_allowed"]);
    assert_eq!(scene.says(&whisper()).answers(), ["1 not_allowed"]);
}

#[test]
fn whispers_have_a_pace() {
    let mut scene = Scene::open();
    scene.joins("r");
    for _ in 0..20 {
        assert_eq!(scene.says(&whisper()).wants.len(), 1);
    }
    assert_eq!(scene.says(&whisper()).answers(), ["1 too_many"]);
    scene.pass(Duration::from_secs(1));
    assert_eq!(scene.says(&whisper()).wants.len(), 1);
}

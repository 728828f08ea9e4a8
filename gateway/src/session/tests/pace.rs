//! How fast a client may go.

use super::*;

fn slow() -> Limits {
    Limits { sends_per_s: 2, sends_burst: 3, ..Limits::default() }
}

#[test]
fn a_burst_is_taken_and_then_so_many_a_second() {
    let mut scene = Scene::open_with(slow());
    scene.joins("r");
    for id in ["a", "b", "c"] {
        assert!(scene.sends("r", id).said.is_empty());
    }
    let done = scene.sends("r", "d");
    assert_eq!(done.answers(), ["d too_many"]);
    assert_eq!((&done.said[0]["id"], &done.said[0]["retry_ms"]), (&json!("d"), &json!(500)));
    scene.now += Duration::from_millis(500);
    assert!(scene.sends("r", "d").said.is_empty());
    assert_eq!(scene.sends("r", "e").answers(), ["e too_many"]);
    scene.now += Duration::from_secs(100);
    let taken = (0..10).filter(|n| scene.sends("r", &n.to_string()).said.is_empty()).count();
    assert_eq!(taken, 3, "a bucket never holds more than its burst");
}

#[test]
fn what_is_refused_anyway_costs_nothing() {
    let mut scene = Scene::granted(slow(), Some(&[("r", Access::Write)]));
    for _ in 0..20 {
        assert_eq!(scene.sends("s", "x").answers(), ["x not_allowed"]);
    }
    assert_eq!(scene.sends("r", "a").submitted(), ["a"]);
}

#[test]
fn zero_is_any_number() {
    for limits in [Limits { sends_per_s: 0, ..slow() }, Limits { sends_burst: 0, ..slow() }] {
        let mut scene = Scene::open_with(limits);
        scene.joins("r");
        assert!((0..60).all(|n| scene.sends("r", &n.to_string()).said.is_empty()));
    }
}

#[test]
fn joins_have_a_pace_of_their_own() {
    let mut scene = Scene::open_with(Limits { joins_per_s: 2, joins_burst: 3, ..slow() });
    for room in ["a", "b", "c"] {
        scene.joins(room);
    }
    let join = |room| json!({"type": "join", "ref": room, "room": room});
    let done = scene.says(&join("d"));
    assert_eq!((done.answers(), &done.said[0]["retry_ms"]), (vec!["d too_many".to_owned()], &json!(500)));
    assert!(done.wants.is_empty(), "nothing is asked of the bus for it");
    assert!(scene.sends("a", "x").said.is_empty(), "sends are not slower for it");
    scene.now += Duration::from_millis(500);
    scene.joins("d");
    assert_eq!(scene.says(&join("a")).answers(), ["a too_many"], "joining again is a join");
}

#[test]
fn whoever_comes_back_may_join_all_its_rooms_at_once() {
    let mut scene = Scene::open_with(Limits::default());
    for room in 0..Limits::default().rooms_per_connection {
        scene.joins(&room.to_string());
    }
}

#[test]
fn who_goes_on_with_what_is_refused_is_sent_away() {
    for frame in [
        json!({"type": "dance"}),
        json!({"type": "send", "room": "other", "body": "hi"}),
        json!({"type": "join", "room": "other"}),
    ] {
        let mut scene = Scene::granted(limits(), Some(&[("r", Access::Write)]));
        for _ in 0..100 {
            assert_eq!(scene.says(&frame).end(), None);
        }
        let done = scene.says(&frame);
        assert_eq!(done.end(), Some(("too_many", 4008)));
        assert_eq!(done.said[1]["retry_ms"], 10_000);
    }
}

#[test]
fn who_makes_a_mistake_now_and_then_stays() {
    let mut scene = Scene::open();
    for _ in 0..1000 {
        assert_eq!(scene.says(&json!({"type": "dance"})).end(), None);
        scene.now += Duration::from_millis(110);
    }
}

#[test]
fn a_flood_of_tokens_is_a_flood_too() {
    let mut scene = Scene::open();
    let token = scene.token("ana", None, Duration::from_hours(1));
    let hello = json!({"type": "hello", "token": token});
    assert!((0..100).all(|_| scene.says(&hello).end().is_none()));
    assert_eq!(scene.says(&hello).end(), Some(("too_many", 4008)));
}

#[test]
fn our_own_failures_are_held_against_nobody() {
    let mut scene = Scene::open();
    scene.joins("r");
    for _ in 0..1000 {
        scene.sends("r", "a");
        assert_eq!(scene.verdicts("r", [Err(lost())]).answers(), ["a unavailable"]);
    }
}

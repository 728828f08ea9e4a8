//! How connections end.

use super::*;
use websocket::Violation;

#[test]
fn a_frame_that_makes_no_sense_ends_the_connection() {
    for frame in [Frame::Text("[]"), Frame::Text("hello"), Frame::Binary(b"{}")] {
        assert_eq!(Scene::open().says_raw(frame).end(), Some(("malformed", 4000)));
    }
}

#[test]
fn a_bad_field_does_not() {
    let done = Scene::open().says(&json!({"type": "join", "ref": 1, "room": "a b"}));
    assert_eq!((done.answers(), done.end()), (vec!["1 malformed".to_owned()], None));
}

#[test]
fn a_broken_protocol_ends_with_the_code_of_the_codec() {
    for (code, word) in [(1002, "malformed"), (1007, "malformed"), (1009, "too_large")] {
        let violation = Violation { code, reason: "so it was" };
        for mut scene in [Scene::open(), Scene::with(limits(), None)] {
            let done = scene.does(|session, env, _, out| session.on_violation(env, violation, out));
            assert_eq!(done.end(), Some((word, code)));
        }
    }
}

#[test]
fn who_is_sent_away_for_a_while_is_told_when_to_come_back() {
    let mut times = std::collections::HashSet::new();
    for seed in 0..20 {
        let mut scene = Scene::open();
        for _ in 0..seed {
            scene.env.random();
        }
        let done = scene.dismiss(Refusal::new(Code::GoingAway, "restarting"));
        assert_eq!(done.end(), Some(("going_away", 1012)));
        let retry_ms = done.said[0]["retry_ms"].as_u64().unwrap();
        assert!((500..2500).contains(&retry_ms));
        times.insert(retry_ms);
    }
    assert!(times.len() > 10, "not all at once: {times:?}");
}

#[test]
fn a_time_that_is_given_is_kept_and_others_are_told_none() {
    let refusal = Refusal::new(Code::GoingAway, "x").retry_in(Duration::from_secs(9));
    assert_eq!(Scene::open().dismiss(refusal).said[0]["retry_ms"], 9000);
    let done = Scene::open().dismiss(Refusal::new(Code::TooSlow, "x"));
    assert_eq!((done.end(), &done.said[0]["retry_ms"]), (Some(("too_slow", 4010)), &Value::Null));
}

#[test]
fn after_the_end_nothing_is_done_any_more() {
    let mut scene = Scene::open();
    scene.joins("r");
    scene.sends("r", "a");
    assert_eq!(scene.dismiss(Refusal::new(Code::Removed, "x")).end(), Some(("removed", 4013)));
    assert!(scene.says(&json!({"type": "ping"})).is_nothing());
    assert!(scene.says_raw(Frame::Text("[]")).is_nothing());
    assert!(scene.verdicts("r", [Ok(stored(1))]).is_nothing());
    assert!(scene.pass(Duration::from_secs(100)).is_nothing());
    assert!(scene.dismiss(Refusal::new(Code::GoingAway, "x")).is_nothing());
    let violation = Violation { code: 1002, reason: "x" };
    assert!(scene.does(|session, env, _, out| session.on_violation(env, violation, out)).is_nothing());
    assert!(!scene.session.awaits_verdicts());
}

#[test]
fn a_drain_can_see_whether_sends_are_under_way() {
    let mut scene = Scene::open();
    scene.joins("r");
    assert!(!scene.session.awaits_verdicts());
    scene.sends("r", "a");
    scene.sends("r", "b");
    scene.verdicts("r", [Ok(stored(1))]);
    assert!(scene.session.awaits_verdicts());
    scene.verdicts("r", [Ok(stored(2))]);
    assert!(!scene.session.awaits_verdicts());
}

//! Signs of life, and small talk.

use super::*;

#[test]
fn a_ping_is_answered_at_once() {
    let done = Scene::open().says(&json!({"type": "ping", "ref": "\u{e9}"}));
    assert_eq!(done.said, [json!({"type": "pong", "ref": "\u{e9}"})]);
}

#[test]
fn a_silent_client_is_pinged_and_then_given_up() {
    let mut scene = Scene::open();
    assert!(scene.pass(Duration::from_secs(24)).is_nothing());
    assert_eq!(scene.pass(Duration::from_secs(1)).said, [json!("ping")]);
    assert_eq!(scene.pass(Duration::from_secs(25)).said, [json!("ping")]);
    assert_eq!(scene.pass(Duration::from_secs(10)).end(), Some(("quiet", 4012)));
}

#[test]
fn whatever_is_heard_counts_as_life() {
    let mut scene = Scene::open();
    for _ in 0..10 {
        assert!(scene.pass(Duration::from_secs(24)).is_nothing());
        scene.session.on_heard(scene.now);
    }
}

#[test]
fn a_process_that_stood_still_does_not_blame_its_clients() {
    let mut scene = Scene::open();
    scene.pass(Duration::from_secs(20));
    scene.now += Duration::from_secs(300);
    assert!(scene.does(Session::on_tick).is_nothing());
    assert_eq!(scene.pass(Duration::from_secs(5)).said, [json!("ping")]);
    assert_eq!(scene.pass(Duration::from_secs(35)).end(), Some(("quiet", 4012)));
}

#[test]
fn a_gateway_that_is_cut_off_says_so() {
    let mut scene = Scene::open();
    let done = scene.does(|session, _, _, out| session.on_status(true, out));
    assert_eq!(done.said, [json!({"type": "status", "state": "degraded"})]);
}

#[test]
fn having_caught_up_is_no_frame_here() {
    let mut scene = Scene::open();
    let sub = scene.joins("r");
    assert!(scene.does(|session, _, _, out| session.on_caught_up(sub, out)).is_nothing());
}

#[test]
fn every_refusal_is_counted() {
    let mut scene = Scene::open();
    let done = scene.says(&json!({"type": "dance"}));
    assert_eq!((done.counted, done.said[0]["code"].as_str()), (vec![Code::Malformed], Some("malformed")));
}

#[test]
fn who_comes_while_the_bus_is_away_is_told_so() {
    let mut scene = Scene::with(limits(), None);
    scene.env.set_degraded(true);
    let token = scene.token("ana", None, Duration::from_hours(1));
    let done = scene.says(&json!({"type": "hello", "token": token}));
    assert_eq!(done.said[1], json!({"type": "status", "state": "degraded"}));
}

//! Sends, and their order.

use super::*;

#[test]
fn a_send_is_submitted_and_answered_when_it_is_committed() {
    let mut scene = Scene::open();
    scene.joins("r");
    let done = scene
        .says(&json!({"type": "send", "ref": 3, "room": "r", "id": "d-1", "body": "hi", "reply_to": 12}));
    let [Action::Submit { room, drafts, accepted, .. }] = &done.wants[..] else { panic!("{done:?}") };
    assert_eq!((room.as_str(), drafts.len(), *accepted), ("r", 1, scene.now));
    assert_eq!((drafts[0].by.id.as_str(), drafts[0].id.as_str()), ("ana", "d-1"));
    assert!(done.said.is_empty(), "nothing is acknowledged before the commit");
    let done = scene.verdicts("r", [Ok(stored(58))]);
    let sent = json!({"type": "sent", "ref": 3, "room": "r", "id": "d-1", "seq": 58, "at": "2026-11-20T05:00:00.000Z"});
    assert_eq!(done.said, [sent]);
    assert!(!scene.session.awaits_verdicts());
}

#[test]
fn a_send_without_an_id_gets_one_that_nobody_can_foresee() {
    let mut scene = Scene::open();
    scene.joins("r");
    let mut made_up = std::collections::HashSet::new();
    for _ in 0..50 {
        let id = scene.says(&json!({"type": "send", "room": "r", "body": "hi"})).submitted()[0].to_owned();
        assert_eq!(scene.verdicts("r", [Ok(stored(1))]).said[0]["id"], *id);
        assert!(id.len() >= 22 && made_up.insert(id));
    }
}

#[test]
fn one_submission_is_under_way_and_the_rest_goes_out_together_behind_it() {
    let mut scene = Scene::open();
    scene.joins("r");
    assert_eq!(scene.sends("r", "a").submitted(), ["a"]);
    assert!(scene.sends("r", "b").is_nothing());
    assert!(scene.sends("r", "c").is_nothing());
    let done = scene.verdicts("r", [Ok(stored(1))]);
    assert_eq!((done.answers(), done.submitted()), (vec!["a sent".to_owned()], vec!["b", "c"]));
    assert_eq!(scene.verdicts("r", [Ok(stored(2)), Ok(stored(3))]).answers(), ["b sent", "c sent"]);
}

#[test]
fn rooms_do_not_wait_for_each_other() {
    let mut scene = Scene::open();
    scene.joins("r");
    scene.joins("s");
    assert_eq!(scene.sends("r", "a").submitted(), ["a"]);
    assert_eq!(scene.sends("s", "b").submitted(), ["b"]);
}

#[test]
fn the_time_of_a_submission_is_that_of_its_oldest_draft() {
    let mut scene = Scene::open();
    scene.joins("r");
    scene.sends("r", "a");
    let oldest = scene.now;
    scene.sends("r", "b");
    scene.now += Duration::from_secs(4);
    scene.sends("r", "c");
    let done = scene.verdicts("r", [Ok(stored(1))]);
    let [Action::Submit { accepted, .. }] = &done.wants[..] else { panic!("{done:?}") };
    assert_eq!(*accepted, oldest);
}

#[test]
fn behind_a_send_of_which_nobody_knows_all_are_unavailable() {
    let mut scene = Scene::open();
    scene.joins("r");
    scene.sends("r", "a");
    scene.sends("r", "b");
    scene.sends("r", "c");
    let done = scene.verdicts("r", [Err(lost())]);
    assert_eq!(done.answers(), ["a unavailable", "b unavailable", "c unavailable"]);
    assert!(done.said.iter().all(|said| said["id"] == said["ref"] && said["retry_ms"] == 1000));
    assert!(done.wants.is_empty());
    assert_eq!(scene.sends("r", "a").submitted(), ["a"], "what comes later starts anew");
}

#[test]
fn behind_a_send_that_was_refused_the_others_go_on() {
    let mut scene = Scene::open();
    scene.joins("r");
    scene.sends("r", "a");
    scene.sends("r", "b");
    let done = scene.verdicts("r", [Err(Refusal::malformed("this id was used for another request"))]);
    assert_eq!((done.answers(), done.submitted()), (vec!["a malformed".to_owned()], vec!["b"]));
}

#[test]
fn a_verdict_that_is_missing_is_unknown() {
    let mut scene = Scene::open();
    scene.joins("r");
    scene.sends("r", "a");
    scene.sends("r", "b");
    assert_eq!(scene.verdicts("r", []).answers(), ["a unavailable", "b unavailable"]);
}

#[test]
fn the_same_id_never_stands_twice_in_a_submission() {
    let mut scene = Scene::open();
    scene.joins("r");
    scene.sends("r", "a");
    for id in ["a", "b", "a", "c"] {
        scene.sends("r", id);
    }
    assert_eq!(scene.verdicts("r", [Ok(stored(1))]).submitted(), ["a", "b"]);
    assert_eq!(scene.verdicts("r", [Ok(stored(1)), Ok(stored(2))]).submitted(), ["a", "c"]);
    assert_eq!(scene.verdicts("r", [Ok(stored(1)), Ok(stored(3))]).answers(), ["a sent", "c sent"]);
}

#[test]
fn a_submission_has_at_most_64_drafts_and_256_kib() {
    let mut scene = Scene::open_with(Limits { sends_waiting: 0, ..limits() });
    scene.joins("r");
    scene.sends("r", "first");
    for n in 0..70 {
        scene.sends("r", &n.to_string());
    }
    assert_eq!(scene.verdicts("r", [Ok(stored(1))]).submitted().len(), 64);
    assert_eq!(scene.verdicts("r", vec![Ok(stored(2)); 64]).submitted().len(), 6);
}

#[test]
fn sends_that_wait_are_bounded_by_number() {
    let mut scene = Scene::open_with(Limits { sends_waiting: 3, ..limits() });
    scene.joins("r");
    scene.joins("s");
    for (room, id) in [("r", "a"), ("r", "b"), ("s", "c")] {
        assert!(scene.sends(room, id).said.is_empty());
    }
    let done = scene.sends("s", "d");
    assert_eq!(done.answers(), ["d too_many"]);
    assert_eq!((&done.said[0]["id"], &done.said[0]["retry_ms"]), (&json!("d"), &json!(1000)));
    scene.verdicts("s", [Ok(stored(1))]);
    assert_eq!(scene.sends("s", "d").submitted(), ["d"]);
}

#[test]
fn sends_that_wait_are_bounded_by_bytes() {
    let mut scene = Scene::open();
    scene.joins("r");
    let body = "x".repeat(16_000);
    let mut taken = 0;
    let refused = (0..64).find_map(|n| {
        let done = scene.says(&json!({"type": "send", "ref": n, "room": "r", "body": body}));
        taken += 1;
        done.said.first().map(answer)
    });
    assert_eq!(refused, Some(format!("{} too_many", taken - 1)));
    assert!((15..=17).contains(&taken), "{taken}");
}

#[test]
fn a_body_larger_than_all_that_may_wait_is_taken_alone() {
    let mut scene = Scene::open_with(Limits { body_bytes: 0, ..limits() });
    scene.joins("r");
    let body = "x".repeat(300_000);
    let done = scene.says(&json!({"type": "send", "ref": 1, "room": "r", "body": body}));
    assert_eq!(done.submitted().len(), 1);
    assert_eq!(scene.sends("r", "a").answers(), ["a too_many"]);
}

#[test]
fn a_reader_may_not_write() {
    let mut scene = Scene::granted(limits(), Some(&[("r", Access::Read)]));
    scene.joins("r");
    let done = scene.sends("r", "a");
    assert_eq!(done.answers(), ["a not_allowed"]);
    assert!(done.wants.is_empty());
}

#[test]
fn verdicts_that_nobody_waits_for_are_passed_over() {
    let mut scene = Scene::open();
    scene.joins("r");
    assert!(scene.verdicts("r", [Ok(stored(1))]).is_nothing());
    scene.sends("r", "a");
    assert!(scene.verdicts("s", [Ok(stored(1))]).is_nothing());
    assert!(scene.session.awaits_verdicts());
}

#[test]
fn leaving_a_room_does_not_stop_what_was_sent() {
    let mut scene = Scene::open();
    scene.joins("r");
    scene.sends("r", "a");
    scene.sends("r", "b");
    scene.says(&json!({"type": "leave", "room": "r"}));
    let done = scene.verdicts("r", [Ok(stored(1))]);
    assert_eq!((done.answers(), done.submitted()), (vec!["a sent".to_owned()], vec!["b"]));
}

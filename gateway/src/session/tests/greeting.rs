//! Before a client is identified.

use super::*;

#[test]
fn a_token_of_the_request_identifies_at_the_start() {
    let token = Scene::with(limits(), None).token("ana", None, Duration::from_hours(1));
    let mut scene = Scene::with(limits(), Some(token));
    let done = scene.does(Session::start);
    assert_eq!(done.answers(), ["welcome"]);
    assert_eq!(done.said[0]["user"], json!({"id": "ana", "name": "ana"}));
    assert_eq!(done.said[0]["limits"]["page"], 200);
    let name = done.said[0]["connection"].as_str().unwrap();
    let halves = name.split_once('.').map(|(shard, number)| (shard.parse::<u32>(), number.parse::<u64>()));
    assert!(matches!(halves, Some((Ok(_), Ok(_)))), "{name}");
}

#[test]
fn a_hello_identifies_and_gets_its_reference_back() {
    let mut scene = Scene::with(limits(), None);
    assert!(scene.does(Session::start).is_nothing());
    let token = scene.token("ana", None, Duration::from_hours(1));
    let done = scene.says(&json!({"type": "hello", "ref": 1, "token": token}));
    assert_eq!(done.answers(), ["1 welcome"]);
}

#[test]
fn a_bad_token_ends_the_connection() {
    let mut scene = Scene::with(limits(), Some("nonsense".to_owned()));
    assert_eq!(scene.does(Session::start).end(), Some(("not_identified", 4001)));
    let mut scene = Scene::with(limits(), None);
    assert_eq!(scene.says(&json!({"type": "hello", "token": "x"})).end(), Some(("not_identified", 4001)));
}

#[test]
fn nothing_but_a_hello_is_heard_before() {
    for frame in
        [json!({"type": "ping"}), json!({"type": "join", "room": "r"}), json!({"type": "dance"}), json!({})]
    {
        let done = Scene::with(limits(), None).says(&frame);
        assert_eq!(done.end(), Some(("not_identified", 4001)), "{frame}");
    }
    let done = Scene::with(limits(), None).says_raw(Frame::Text("[]"));
    assert_eq!(done.end(), Some(("malformed", 4000)));
}

#[test]
fn who_does_not_identify_in_time_is_sent_away() {
    let mut scene = Scene::with(limits(), None);
    assert!(scene.pass(Duration::from_secs(9)).is_nothing());
    assert_eq!(scene.pass(Duration::from_secs(1)).end(), Some(("not_identified", 4001)));
}

#[test]
fn a_user_has_a_number_of_seats_and_gets_them_back() {
    let mut scene = Scene::open_with(Limits { connections_per_user: 1, ..limits() });
    let token = scene.token("ana", None, Duration::from_hours(1));
    let mut second = Session::new(
        &Native,
        scene.env.name_connection(),
        Some(Credential::Token(token.clone())),
        &scene.env,
        scene.now,
    );
    let mut out = Vec::new();
    second.start(&scene.env, scene.now, &mut out);
    assert!(matches!(&out[..], [Action::Write(_), Action::Close(Closing { code: 4008, .. })]));
    drop(scene.dismiss(Refusal::new(Code::GoingAway, "bye")));
    let mut third = Session::new(
        &Native,
        scene.env.name_connection(),
        Some(Credential::Token(token)),
        &scene.env,
        scene.now,
    );
    out.clear();
    third.start(&scene.env, scene.now, &mut out);
    assert!(matches!(&out[..], [Action::Write(_)]));
}

#[test]
fn nothing_else_is_done_for_a_stranger() {
    let mut scene = Scene::with(limits(), None);
    assert!(scene.does(|session, _, _, out| session.on_status(true, out)).is_nothing());
    assert!(scene.does(|session, _, _, out| session.on_caught_up(SubId(0), out)).is_nothing());
    assert!(scene.verdicts("r", [Ok(stored(1))]).is_nothing());
}

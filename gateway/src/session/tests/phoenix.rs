//! Sessions of Phoenix: memberships of a topic, and what ends them.

use std::sync::LazyLock;

use dialect::phoenix::{Phoenix, Serializer, Settings};
use dialect::{Alias, Attendance, From};

use super::*;

static PHOENIX: LazyLock<Phoenix> = LazyLock::new(|| Phoenix::new(Settings::default(), Serializer::V2));

impl Scene {
    /// Ana, let in by the handshake.
    fn phoenix() -> Self {
        Self::phoenix_with(limits(), None)
    }

    fn phoenix_with(limits: Limits, rooms: Option<Granted<'_>>) -> Self {
        let mut scene = Self::with(limits, None);
        let token = scene.token("ana", rooms, Duration::from_hours(1));
        let admitted = scene.env.admit(&token).unwrap();
        let name = scene.env.name_connection();
        let credential = Some(Credential::Admitted(Box::new(admitted)));
        scene.session = Session::new(&*PHOENIX, name, credential, &scene.env, scene.now);
        assert!(scene.does(Session::start).is_nothing(), "there is no welcome");
        scene
    }

    /// An event on the topic of room `r`.
    fn pushes(&mut self, join_ref: &str, reference: &str, event: &str, payload: &Value) -> Done {
        self.says(&json!([join_ref, reference, "room:r", event, payload]))
    }

    fn asks_to_join(&mut self, join_ref: &str) -> Join {
        self.pushes(join_ref, join_ref, "phx_join", &json!({})).join()
    }

    fn is_member(&mut self, join_ref: &str) -> SubId {
        let sub = self.asks_to_join(join_ref).sub;
        let done = self.answer(Answered::Joined(sub, Ok(at(RoomKind::Public, 0))));
        assert_eq!(
            (&done.said[0][0], &done.said[0][4]["status"]),
            (&json!(join_ref), &json!("ok")),
            "{done:?}"
        );
        sub
    }

    fn adds(&mut self, join_ref: &str, reference: &str) -> Done {
        self.pushes(join_ref, reference, "message:add", &json!({"message": "hi", "client_id": reference}))
    }
}

fn reply(join_ref: &Value, reference: &str, status: &str, response: &Value) -> Value {
    json!([join_ref, reference, "room:r", "phx_reply", {"status": status, "response": response}])
}

fn error(join_ref: &Value, reference: &str, reason: &str) -> Value {
    reply(join_ref, reference, "error", &json!({"reason": reason}))
}

fn close(join_ref: &str) -> Value {
    json!([join_ref, join_ref, "room:r", "phx_close", {}])
}

#[test]
fn a_join_is_answered_with_where_the_room_stands_and_who_one_is() {
    let mut scene = Scene::phoenix();
    let join = scene.pushes("1", "1", "phx_join", &json!({"last_seq": 41})).join();
    let after = From::After(Seq::new(41).unwrap(), None);
    assert_eq!((&join.room, &join.alias, &join.from), (&room_id("r"), &Alias::new("room:r"), &after));
    let done = scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Public, 57))));
    let user = json!({"id": "ana", "username": "ana"});
    let response = json!({"room": "r", "seq": 57, "epoch": "e.1", "user": user});
    assert_eq!(done.said[0], reply(&json!("1"), "1", "ok", &response));
}

#[test]
fn a_second_join_of_a_topic_ends_the_first_membership() {
    let mut scene = Scene::phoenix();
    let first = scene.is_member("1");
    let done = scene.pushes("2", "2", "phx_join", &json!({}));
    assert_eq!(done.said, [close("1")]);
    let [Action::Leave(left), .., Action::Join(join)] = &done.wants[..] else { panic!("{done:?}") };
    assert_eq!(*left, first);
    let done = scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Public, 0))));
    assert_eq!(done.said[0][0], "2");
}

#[test]
fn what_speaks_of_an_earlier_membership_is_passed_over() {
    let mut scene = Scene::phoenix();
    scene.is_member("1");
    scene.pushes("2", "2", "phx_join", &json!({}));
    assert!(scene.adds("1", "3").is_nothing());
    assert!(
        scene.pushes("1", "4", "phx_leave", &json!({})).is_nothing(),
        "it would end the one that is open"
    );
    assert!(scene.pushes("1", "5", "typing", &json!({})).is_nothing());
    let answered = scene.says(&json!([null, "6", "room:r", "phx_leave", {}]));
    assert_eq!(answered.said, [reply(&Value::Null, "6", "ok", &json!({})), close("2")]);
}

#[test]
fn a_client_that_gives_a_join_up_hears_nothing_of_it() {
    let mut scene = Scene::phoenix();
    let join = scene.asks_to_join("1");
    let done = scene.pushes("1", "2", "phx_leave", &json!({}));
    assert_eq!(done.said, [reply(&json!("1"), "2", "ok", &json!({})), close("1")]);
    assert!(scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Public, 0)))).is_nothing());
    scene.is_member("3");
}

#[test]
fn who_leaves_is_answered_and_the_membership_is_closed() {
    let mut scene = Scene::phoenix();
    let sub = scene.is_member("1");
    let done = scene.pushes("1", "2", "phx_leave", &json!({}));
    assert_eq!(done.said, [reply(&json!("1"), "2", "ok", &json!({})), close("1")]);
    assert!(done.wants.contains(&Action::Leave(sub)));
    let again = scene.pushes("1", "3", "phx_leave", &json!({}));
    assert_eq!(again.said, [reply(&json!("1"), "3", "ok", &json!({}))], "it is not in there");
}

#[test]
fn a_message_is_answered_with_its_place() {
    let mut scene = Scene::phoenix();
    scene.is_member("1");
    assert_eq!(scene.adds("1", "2").submitted(), ["2"]);
    let done = scene.verdicts("r", [Ok(stored(1))]);
    let response = json!({"id": "2", "seq": 1, "sent_at": "2026-11-20T05:00:00.000Z"});
    assert_eq!(done.said, [reply(&json!("1"), "2", "ok", &response)]);
    scene.adds("1", "3");
    assert_eq!(scene.verdicts("r", [Err(lost())]).said, [error(&json!("1"), "3", "unavailable")]);
}

#[test]
fn who_is_there_is_told_behind_the_answer_and_that_one_writes_to_the_others() {
    let mut scene = Scene::phoenix();
    let sub = scene.asks_to_join("1").sub;
    let done = scene.answer(Answered::Joined(sub, Ok(at(RoomKind::Public, 0))));
    let attendance = Attendance { present: true, roster: true, moments: true };
    assert_eq!(done.attends, [(sub, attendance)]);
    let done = scene.pushes("1", "2", "typing", &json!({}));
    assert_eq!(done.said, [reply(&json!("1"), "2", "ok", &json!({}))]);
    assert!(matches!(&done.wants[..], [Action::Whisper { whisper, .. }] if whisper.is_typing()), "{done:?}");
}

#[test]
fn topics_that_are_not_joined_are_not_there() {
    let mut scene = Scene::phoenix();
    assert_eq!(scene.adds("1", "2").said, [error(&Value::Null, "2", "unmatched topic")]);
    let elsewhere = scene.says(&json!(["1", "1", "lobby", "phx_join", {}]));
    let reason = json!({"status": "error", "response": {"reason": "unmatched topic"}});
    assert_eq!(elsewhere.said, [json!([null, "1", "lobby", "phx_reply", reason])]);
}

#[test]
fn rooms_that_are_not_open_and_one_too_many_are_refused_with_a_reason() {
    let limited = Limits { rooms_per_connection: 1, ..limits() };
    let mut scene = Scene::phoenix_with(limited, Some(&[("r", Access::Write), ("s", Access::Read)]));
    let done = scene.says(&json!(["1", "1", "room:elsewhere", "phx_join", {}]));
    assert_eq!(done.said[0][4]["response"], json!({"reason": "unauthorized"}));
    scene.is_member("2");
    let done = scene.says(&json!(["3", "3", "room:s", "phx_join", {}]));
    assert_eq!(done.said[0][4]["response"], json!({"reason": "too many channels joined"}));
}

#[test]
fn a_heartbeat_is_answered_and_who_has_none_is_gone() {
    let mut scene = Scene::phoenix();
    for reference in ["1", "2", "3"] {
        assert!(scene.pass(Duration::from_secs(30)).is_nothing(), "the server asks for nothing");
        let done = scene.says(&json!([null, reference, "phoenix", "heartbeat", {}]));
        assert_eq!(
            done.said,
            [json!([null, reference, "phoenix", "phx_reply", {"status": "ok", "response": {}}])]
        );
    }
    let done = scene.pass(Duration::from_mins(1));
    assert!(matches!(done.wants[..], [Action::Close(Closing { code: 1001, .. })]), "{done:?}");
}

#[test]
fn a_room_with_another_history_has_its_members_join_again() {
    let mut scene = Scene::phoenix();
    let sub = scene.is_member("1");
    let done = scene.restarted(sub, &at(RoomKind::Public, 3));
    let reason = json!({"reason": "the room has another history now"});
    assert_eq!(done.said, [json!(["1", "1", "room:r", "phx_error", reason])]);
    assert!(
        done.wants.contains(&Action::Leave(sub)),
        "nothing of it is shown to the old membership: {done:?}"
    );
    scene.is_member("2");
}

#[test]
fn who_is_thrown_out_of_a_room_stays_out_of_it() {
    let mut scene = Scene::phoenix();
    let sub = scene.is_member("1");
    let done = scene.restarted(sub, &at(RoomKind::Private, 3));
    assert_eq!(done.said, [close("1")]);
    assert!(done.wants.contains(&Action::Leave(sub)));
    assert!(!done.wants.iter().any(|want| matches!(want, Action::Close(_))), "the connection stays");
}

#[test]
fn a_frame_that_is_none_ends_the_connection_and_a_gateway_that_goes_sends_it_away() {
    for (done, code) in [
        (Scene::phoenix().says_raw(Frame::Text("{}")), 1011),
        (Scene::phoenix().dismiss(Refusal::new(Code::GoingAway, "this server is going away")), 1012),
        (Scene::phoenix().dismiss(Refusal::new(Code::TooSlow, "nothing was read")), 1013),
    ] {
        assert!(done.said.is_empty());
        assert!(
            matches!(done.wants[..], [Action::Close(Closing { code: closed, .. })] if closed == code),
            "{done:?}"
        );
    }
}

//! Sessions of Action Cable: what its terms make of the same inputs.

use std::sync::LazyLock;

use dialect::action_cable::ActionCable;
use dialect::{Alias, From};

use super::*;

static CABLE: LazyLock<ActionCable> = LazyLock::new(ActionCable::default);

const FIRST: &str = r#"{"channel":"RoomChannel","room":"r"}"#;
const SECOND: &str = r#"{"room":"r","channel":"RoomChannel"}"#;

impl Scene {
    /// A connection with this token that has not begun yet.
    fn cable_with(limits: Limits, token: Option<String>) -> Self {
        Self::of(&CABLE, limits, token)
    }

    fn of(dialect: &'static ActionCable, limits: Limits, token: Option<String>) -> Self {
        let mut scene = Self::with(limits, None);
        let name = scene.env.name_connection();
        scene.session = Session::new(dialect, name, token.map(Credential::Token), &scene.env, scene.now);
        scene
    }

    /// Ana, welcome.
    fn cable() -> Self {
        Self::cable_granted(limits(), None)
    }

    fn cable_granted(limits: Limits, rooms: Option<Granted<'_>>) -> Self {
        let token = Self::with(limits, None).token("ana", rooms, Duration::from_hours(1));
        let mut scene = Self::cable_with(limits, Some(token));
        assert_eq!(scene.does(Session::start).said, [json!({"type": "welcome"})]);
        scene
    }

    fn commands(&mut self, command: &str, identifier: &str) -> Done {
        self.says(&json!({"command": command, "identifier": identifier}))
    }

    fn subscribes(&mut self, identifier: &str) -> SubId {
        let sub = self.commands("subscribe", identifier).join().sub;
        let done = self.answer(Answered::Joined(sub, Ok(at(RoomKind::Public, 0))));
        assert_eq!(done.said, [confirmed(identifier)]);
        sub
    }

    fn speaks(&mut self, identifier: &str, id: &str) -> Done {
        let data = json!({"action": "speak", "message": "hi", "client_id": id}).to_string();
        self.says(&json!({"command": "message", "identifier": identifier, "data": data}))
    }
}

fn confirmed(identifier: &str) -> Value {
    json!({"identifier": identifier, "type": "confirm_subscription"})
}

fn rejected(identifier: &str) -> Value {
    json!({"identifier": identifier, "type": "reject_subscription"})
}

fn disconnect(reason: &str, reconnect: bool) -> Value {
    json!({"type": "disconnect", "reason": reason, "reconnect": reconnect})
}

/// What was said, and how the connection ends.
#[track_caller]
fn assert_ends(done: &Done, reason: &str, reconnect: bool) {
    assert_eq!(done.said.last(), Some(&disconnect(reason, reconnect)), "{done:?}");
    assert!(matches!(done.wants.last(), Some(Action::Close(Closing { code: 1000, .. }))), "{done:?}");
}

#[test]
fn who_comes_without_a_token_that_is_good_is_sent_away_for_good() {
    let scene = Scene::with(limits(), None);
    let past = scene.token("ana", None, Duration::from_secs(5));
    for (token, reason) in
        [(None, "unauthorized"), (Some("nonsense".to_owned()), "unauthorized"), (Some(past), "token_expired")]
    {
        let mut scene = Scene::cable_with(limits(), token);
        scene.clock.0.fetch_add(60_000_000, Ordering::Relaxed);
        let done = scene.does(Session::start);
        assert_eq!(done.said.len(), 1, "no welcome before it");
        assert_ends(&done, reason, false);
    }
}

#[test]
fn a_token_that_runs_out_ends_the_connection_without_a_warning() {
    let token = Scene::with(limits(), None).token("ana", None, Duration::from_secs(10));
    let mut scene = Scene::cable_with(limits(), Some(token));
    scene.does(Session::start);
    let done = scene.pass(Duration::from_secs(10));
    assert_eq!(done.said, [disconnect("token_expired", false)]);
}

#[test]
fn a_subscription_is_confirmed_once_however_often_it_is_asked_for() {
    let mut scene = Scene::cable();
    let join = scene.commands("subscribe", FIRST).join();
    assert_eq!((&join.room, &join.alias, &join.from), (&room_id("r"), &Alias::new(FIRST), &From::Live));
    for _ in 0..1000 {
        assert!(scene.commands("subscribe", FIRST).is_nothing(), "it is being opened");
    }
    let done = scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Public, 0))));
    assert_eq!(done.said, [confirmed(FIRST)]);
    for _ in 0..1000 {
        assert!(scene.commands("subscribe", FIRST).is_nothing(), "it is open");
    }
}

#[test]
fn two_spellings_of_a_room_are_two_subscriptions() {
    let mut scene = Scene::cable();
    let (first, second) = (scene.subscribes(FIRST), scene.subscribes(SECOND));
    assert_ne!(first, second);
    let done = scene.commands("unsubscribe", FIRST);
    assert_eq!((done.said, done.wants), (vec![], vec![Action::Leave(first)]), "nothing is answered");
    assert!(scene.commands("unsubscribe", FIRST).is_nothing());
    assert_eq!(scene.speaks(SECOND, "1").submitted(), ["1"]);
    scene.subscribes(FIRST);
}

#[test]
fn one_subscription_too_many_is_rejected() {
    let mut scene = Scene::cable_granted(Limits { rooms_per_connection: 1, ..limits() }, None);
    scene.subscribes(FIRST);
    assert_eq!(scene.commands("subscribe", SECOND).said, [rejected(SECOND)]);
    assert!(scene.commands("subscribe", FIRST).is_nothing(), "the same again is none more");
}

#[test]
fn what_may_not_be_joined_is_rejected_and_what_cannot_be_now_is_asked_for_again() {
    let mut scene = Scene::cable();
    let join = scene.commands("subscribe", FIRST).join();
    assert_eq!(scene.answer(Answered::Joined(join.sub, Err(not_there()))).said, [rejected(FIRST)]);
    let join = scene.commands("subscribe", FIRST).join();
    let done = scene.answer(Answered::Joined(join.sub, Err(lost())));
    assert_eq!((done.said, done.counted), (vec![], vec![Code::Unavailable]));
    scene.subscribes(FIRST);

    let mut scene = Scene::cable_granted(limits(), Some(&[("team-*", Access::Write)]));
    assert_eq!(scene.commands("subscribe", FIRST).said, [rejected(FIRST)]);
    let unknown = r#"{"channel":"AppearanceChannel"}"#;
    let done = scene.commands("subscribe", unknown);
    assert_eq!((done.said, done.counted), (vec![rejected(unknown)], vec![Code::Malformed]));
}

#[test]
fn who_unsubscribes_before_the_answer_hears_nothing_that_would_end_the_next_one() {
    let mut scene = Scene::cable();
    let first = scene.commands("subscribe", FIRST).join();
    let done = scene.commands("unsubscribe", FIRST);
    assert_eq!((done.said, done.wants), (vec![], vec![Action::Leave(first.sub)]));
    let second = scene.commands("subscribe", FIRST).join();
    assert!(scene.answer(Answered::Joined(first.sub, Err(not_there()))).is_nothing());
    let done = scene.answer(Answered::Joined(second.sub, Ok(at(RoomKind::Public, 0))));
    assert_eq!(done.said, [confirmed(FIRST)]);
}

#[test]
fn a_message_is_taken_without_a_word_and_refused_to_its_author_alone() {
    let mut scene = Scene::cable();
    scene.subscribes(FIRST);
    assert_eq!(scene.speaks(FIRST, "1").submitted(), ["1"]);
    assert!(scene.verdicts("r", [Ok(stored(1))]).is_nothing());
    scene.speaks(FIRST, "2");
    let done = scene.verdicts("r", [Err(lost())]);
    let error = json!({"code": "unavailable", "message": "the writer is silent"});
    assert_eq!(done.said, [json!({"identifier": FIRST, "message": {"error": error, "client_id": "2"}})]);
}

#[test]
fn who_speaks_before_the_confirmation_is_heard_after_it() {
    let mut scene = Scene::cable();
    let join = scene.commands("subscribe", FIRST).join();
    assert!(scene.speaks(FIRST, "1").is_nothing());
    let done = scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Public, 0))));
    assert_eq!((&done.said, done.submitted()), (&vec![confirmed(FIRST)], vec!["1"]));
}

#[test]
fn who_has_not_subscribed_says_nothing_and_hears_nothing() {
    let mut scene = Scene::cable();
    scene.subscribes(FIRST);
    let done = scene.speaks(SECOND, "1");
    assert_eq!(done.counted, [Code::Malformed]);
    assert!(done.is_nothing());
}

#[test]
fn nonsense_is_passed_over_until_there_is_too_much_of_it() {
    let mut scene = Scene::cable();
    for _ in 0..100 {
        assert!(scene.says_raw(Frame::Text("nonsense")).is_nothing());
    }
    assert_ends(&scene.says_raw(Frame::Binary(b"{}")), "too_many", true);
}

#[test]
fn the_server_beats_every_three_seconds_unless_it_has_said_something() {
    let beats = |done: Done| done.wants.iter().filter(|want| matches!(want, Action::Beat(_))).count();
    let mut scene = Scene::cable();
    assert_eq!(beats(scene.pass(Duration::from_secs(2))), 0);
    assert_eq!(beats(scene.pass(Duration::from_secs(1))), 1);
    assert_eq!(beats(scene.pass(Duration::from_secs(12))), 4);
    for _ in 0..10 {
        scene.session.on_spoken();
        assert_eq!(beats(scene.pass(Duration::from_secs(2))), 0);
    }
    assert_eq!(beats(scene.pass(Duration::from_secs(1))), 1);
}

#[test]
fn a_beat_is_of_a_whole_second_so_that_all_are_the_same() {
    let mut scene = Scene::cable();
    scene.clock.0.fetch_add(654_321, Ordering::Relaxed);
    let done = scene.pass(Duration::from_secs(3));
    assert_eq!(done.wants, [Action::Beat(Timestamp::from_micros(1_795_150_800_000_000))]);
}

#[test]
fn a_machine_that_is_gone_is_found_out_by_a_ping_of_the_websocket() {
    let mut scene = Scene::cable();
    assert_eq!(scene.pass(Duration::from_secs(25)).said, [json!("ping")]);
    let done = scene.pass(Duration::from_secs(35));
    assert_ends(&done, "no_pong", true);
}

#[test]
fn a_room_with_another_history_ends_the_connection_so_that_its_page_begins_anew() {
    let mut scene = Scene::cable();
    let sub = scene.subscribes(FIRST);
    assert!(scene.restarted(SubId(99), &at(RoomKind::Public, 3)).is_nothing());
    assert_ends(&scene.restarted(sub, &at(RoomKind::Public, 3)), "server_restart", true);
}

#[test]
fn a_room_that_comes_back_private_is_rejected_and_the_others_stay() {
    let mut scene = Scene::cable();
    let sub = scene.subscribes(FIRST);
    let done = scene.restarted(sub, &at(RoomKind::Private, 3));
    assert_eq!((done.said, done.wants), (vec![rejected(FIRST)], vec![Action::Leave(sub)]));
}

#[test]
fn a_gateway_that_goes_says_to_come_back() {
    let mut scene = Scene::cable();
    let done = scene.dismiss(Refusal::new(Code::GoingAway, "this server is going away"));
    assert_ends(&done, "server_restart", true);
    let mut scene = Scene::cable();
    assert_ends(&scene.dismiss(Refusal::new(Code::TooSlow, "nothing was read")), "too_slow", true);
}

static EXTENDED: LazyLock<ActionCable> =
    LazyLock::new(|| ActionCable::extended(dialect::action_cable::Settings::default()));

/// Ana, with AnyCable's library.
fn extended() -> Scene {
    let token = Scene::with(limits(), None).token("ana", None, Duration::from_hours(1));
    let mut scene = Scene::of(&EXTENDED, limits(), Some(token));
    assert_eq!(scene.does(Session::start).said, [json!({"type": "welcome"})]);
    scene
}

#[test]
fn who_would_give_a_subscription_up_that_cannot_be_had_now_is_made_to_come_back() {
    let mut scene = extended();
    let join = scene.commands("subscribe", FIRST).join();
    assert_ends(&scene.answer(Answered::Joined(join.sub, Err(lost()))), "server_restart", true);
    let mut scene = extended();
    let join = scene.commands("subscribe", FIRST).join();
    assert_eq!(scene.answer(Answered::Joined(join.sub, Err(not_there()))).said, [rejected(FIRST)]);
}

#[test]
fn the_extended_protocol_tells_of_the_history_once_it_was_shown() {
    for (truncated, told) in [(false, "confirm_history"), (true, "reject_history")] {
        let mut scene = extended();
        let history = json!({"since": 1, "streams": {"room:r": {"epoch": "e.1", "offset": 3}}});
        let asked = json!({"command": "subscribe", "identifier": FIRST, "history": history});
        let join = scene.says(&asked).join();
        assert_eq!(join.from, From::AllAfter(Seq::new(3).unwrap(), Epoch::parse("e.1").unwrap()));
        let at = JoinedAt { truncated, ..at(RoomKind::Public, 3) };
        assert_eq!(scene.answer(Answered::Joined(join.sub, Ok(at))).said, [confirmed(FIRST)]);
        let done = scene.does(|session, _, _, out| session.on_caught_up(join.sub, out));
        assert_eq!(done.said, [json!({"identifier": FIRST, "type": told})]);
    }
}

#[test]
fn who_comes_and_goes_again_and_again_has_the_pace_of_whispers() {
    let mut scene = extended();
    let sub = scene.subscribes(FIRST);
    for n in 0..20 {
        let command = if n % 2 == 0 { "join" } else { "leave" };
        let done = scene.commands(command, FIRST);
        assert_eq!(
            done.attends.iter().map(|(sub, at)| (*sub, at.present)).collect::<Vec<_>>(),
            [(sub, n % 2 == 0)]
        );
        assert_eq!(scene.commands(command, FIRST).attends, [], "nothing has changed by that");
    }
    assert_eq!(scene.commands("join", FIRST).attends, []);
    scene.pass(Duration::from_secs(1));
    assert_eq!(scene.commands("join", FIRST).attends.len(), 1);
}

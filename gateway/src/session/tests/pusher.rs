//! Sessions of Pusher: strangers, who are let into single rooms by whoever has the application's secret.

use std::sync::LazyLock;

use dialect::pusher::{App, Pusher, Settings as Configured};
use dialect::{Alias, From};

use super::*;

static APP: LazyLock<App> = LazyLock::new(|| App::new(&Configured::of_development()).unwrap());
static PUSHER: LazyLock<Pusher> = LazyLock::new(|| Pusher::new(Configured::of_development()).unwrap());

const PRIVATE: &str = "private-room-r";
const PRESENCE: &str = "presence-room-r";

/// A session of Pusher, and the name of its connection.
pub(super) struct Page {
    pub(super) scene: Scene,
    pub(super) socket: String,
}

impl Page {
    pub(super) fn open() -> Self {
        Self::open_with(limits())
    }

    pub(super) fn open_with(limits: Limits) -> Self {
        let mut scene = Scene::with(limits, None);
        let name = scene.env.name_connection();
        scene.session = Session::new(&*PUSHER, name, None, &scene.env, scene.now);
        let said = scene.does(Session::start).said;
        assert_eq!((said.len(), &said[0]["event"]), (1, &json!("pusher:connection_established")));
        let data = data(&said[0]);
        assert_eq!(data["activity_timeout"], 120);
        let socket = data["socket_id"].as_str().unwrap().to_owned();
        Self { scene, socket }
    }

    /// What an application's own endpoint signs: for a user, or for nobody in particular.
    pub(super) fn signed(&self, channel: &str, user: Option<&str>) -> Value {
        let data = user.map(|user| json!({ "user_id": user, "user_info": { "name": "X" } }).to_string());
        let rest = data.as_ref().map(|data| format!(":{data}")).unwrap_or_default();
        let auth = APP.sign(&format!("{}:{channel}{rest}", self.socket));
        json!({ "channel": channel, "auth": auth, "channel_data": data })
    }

    /// What Parlor's own endpoint signs.
    pub(super) fn let_in(&self, channel: &str, access: Access, lives: Duration) -> Value {
        let ana = User::parse("ana", None).unwrap();
        let until = self.scene.env.clock.now().as_seconds() + i64::try_from(lives.as_secs()).unwrap();
        let mut answer = APP.let_in(&self.socket, channel, &ana, access, until).unwrap();
        answer["channel"] = channel.into();
        answer
    }

    pub(super) fn sends(&mut self, event: &str, data: &Value) -> Done {
        self.scene.says(&json!({ "event": event, "data": data }))
    }

    pub(super) fn subscribes(&mut self, data: &Value) -> Done {
        self.sends("pusher:subscribe", data)
    }

    /// Is in a private channel, as this user.
    pub(super) fn enters(&mut self, channel: &str, user: Option<&str>) -> SubId {
        let signed = self.signed(channel, user);
        self.is_let_in(&signed)
    }

    fn is_let_in(&mut self, signed: &Value) -> SubId {
        let sub = self.subscribes(signed).join().sub;
        let done = self.scene.answer(Answered::Joined(sub, Ok(at(RoomKind::Private, 0))));
        assert_eq!(done.said, [succeeded(signed["channel"].as_str().unwrap())]);
        sub
    }

    fn says(&mut self, channel: &str, id: &str) -> Done {
        let data = json!({ "message": "hi", "client_id": id });
        self.scene.says(&json!({ "event": "client-message", "channel": channel, "data": data }))
    }
}

/// A signature of the application.
pub(super) fn sign(text: &str) -> String {
    APP.sign(text)
}

/// What stands in the text of `data`.
pub(super) fn data(frame: &Value) -> Value {
    serde_json::from_str(frame["data"].as_str().expect("a text")).expect("JSON")
}

pub(super) fn succeeded(channel: &str) -> Value {
    json!({ "event": "pusher_internal:subscription_succeeded", "channel": channel, "data": "{}" })
}

/// That a channel was refused, with this status; and nothing else.
#[track_caller]
pub(super) fn assert_refused(done: &Done, channel: &str, status: u16) {
    let [said] = &done.said[..] else { panic!("{done:?}") };
    assert_eq!((&said["event"], &said["channel"]), (&json!("pusher:subscription_error"), &json!(channel)));
    assert_eq!(data(said)["status"], status, "{said}");
    assert!(done.wants.is_empty(), "{done:?}");
}

#[track_caller]
pub(super) fn assert_error(done: &Done, code: u16) {
    let [said] = &done.said[..] else { panic!("{done:?}") };
    assert_eq!((&said["event"], &said["data"]["code"]), (&json!("pusher:error"), &json!(code)));
    assert!(done.wants.is_empty(), "{done:?}");
}

#[track_caller]
pub(super) fn assert_ends(done: &Done, code: u16) {
    assert_eq!(done.said.last().unwrap()["data"]["code"], code, "{done:?}");
    assert!(matches!(done.wants.last(), Some(Action::Close(closing)) if closing.code == code), "{done:?}");
}

#[test]
fn an_application_that_is_not_here_is_told_so_before_anything_else() {
    let mut scene = Scene::with(limits(), None);
    let refusal =
        Credential::Refused(Refusal::new(Code::NotAllowed, "there is no application with this key"));
    let name = scene.env.name_connection();
    scene.session = Session::new(&*PUSHER, name, Some(refusal), &scene.env, scene.now);
    let done = scene.does(Session::start);
    assert_eq!(done.said.len(), 1);
    assert_ends(&done, 4001);
}

#[test]
fn connections_have_names_of_two_numbers_and_none_twice() {
    let names: std::collections::HashSet<_> = (0..100).map(|_| Page::open().socket).collect();
    assert_eq!(names.len(), 1, "one seed, one name");
    let scene = Scene::with(limits(), None);
    let names: std::collections::HashSet<_> =
        (0..100).map(|_| scene.env.name_connection().to_string()).collect();
    assert_eq!(names.len(), 100);
    for name in names {
        let (shard, number) = name.split_once('.').unwrap();
        assert!(shard.parse::<u32>().is_ok() && number.parse::<u64>().is_ok(), "{name}");
    }
}

#[test]
fn whoever_has_the_secret_opens_any_room() {
    let mut page = Page::open();
    let join = page.subscribes(&page.signed(PRIVATE, None)).join();
    assert_eq!((&join.room, &join.alias, &join.from), (&room_id("r"), &Alias::new(PRIVATE), &From::Live));
    let done = page.scene.answer(Answered::Joined(join.sub, Ok(at(RoomKind::Private, 0))));
    assert_eq!(done.said, [succeeded(PRIVATE)]);
}

#[test]
fn nobody_else_opens_one() {
    let mut page = Page::open();
    let mut forged = page.signed(PRIVATE, None);
    forged["auth"] = json!(format!("parlor:{}", "0".repeat(64)));
    assert_refused(&page.subscribes(&forged), PRIVATE, 401);
    let mut other_room = page.signed("private-room-other", None);
    other_room["channel"] = PRIVATE.into();
    assert_refused(&page.subscribes(&other_room), PRIVATE, 401);
    let other_connection = Page { socket: "1.2".to_owned(), ..Page::open() }.signed(PRIVATE, None);
    assert_refused(&page.subscribes(&other_connection), PRIVATE, 401);
    assert_refused(
        &page.subscribes(&json!({ "channel": "private-chat", "auth": "parlor:x" })),
        "private-chat",
        401,
    );
    page.enters(PRIVATE, None);
}

#[test]
fn a_channel_is_confirmed_whenever_it_is_asked_for_and_is_one_subscription() {
    let mut page = Page::open();
    let signed = page.signed(PRIVATE, None);
    let sub = page.subscribes(&signed).join().sub;
    assert!(page.subscribes(&signed).is_nothing(), "it is being opened");
    let done = page.scene.answer(Answered::Joined(sub, Ok(at(RoomKind::Public, 0))));
    assert_eq!(done.said, [succeeded(PRIVATE)]);
    let again = page.subscribes(&signed);
    assert_eq!((again.said, again.wants), (vec![succeeded(PRIVATE)], vec![]));
    let done = page.sends("pusher:unsubscribe", &json!({ "channel": PRIVATE }));
    assert_eq!((done.said, done.wants), (vec![], vec![Action::Leave(sub)]));
}

#[test]
fn two_channels_of_one_room_are_two_subscriptions() {
    let mut page = Page::open();
    let first = page.enters(PRIVATE, Some("ana"));
    let second = page.subscribes(&page.signed(PRESENCE, Some("ana"))).join();
    assert_eq!((second.room, second.alias), (room_id("r"), Alias::new(PRESENCE)));
    assert_ne!(first, second.sub);
    page.sends("pusher:unsubscribe", &json!({ "channel": PRESENCE }));
    assert_eq!(page.says(PRIVATE, "1").submitted(), ["1"], "the other one is open still");
}

#[test]
fn a_message_is_its_users_and_one_of_nobody_is_none() {
    let mut page = Page::open();
    page.enters(PRIVATE, None);
    assert_error(&page.says(PRIVATE, "1"), 4301);
    page.enters("private-room-other", Some("ana"));
    let done = page.says(PRIVATE, "2");
    let Action::Submit { drafts, .. } = &done.wants[0] else { panic!("{done:?}") };
    assert_eq!((drafts[0].by.id.as_str(), &*drafts[0].by.name), ("ana", "X"));
    assert!(page.scene.verdicts("r", [Ok(stored(1))]).is_nothing(), "what comes back is the answer");
    page.says(PRIVATE, "3");
    assert_error(&page.scene.verdicts("r", [Err(lost())]), 4301);
}

#[test]
fn client_events_are_passed_on_in_the_name_of_their_user() {
    let typing =
        |channel: &str| json!({ "event": "client-typing", "channel": channel, "data": { "on": true } });
    let mut page = Page::open();
    page.enters(PRIVATE, Some("ana"));
    let done = page.scene.says(&typing(PRIVATE));
    let [Action::Whisper { room, by, whisper }] = &done.wants[..] else { panic!("{done:?}") };
    assert_eq!((room.as_str(), by.id.as_str()), ("r", "ana"));
    assert_eq!((whisper.name(), whisper.data()), ("typing", r#"{"on":true}"#));
    assert!(done.said.is_empty());
    assert_error(&page.scene.says(&typing("private-room-other")), 4301);
}

#[test]
fn a_presence_channel_is_confirmed_with_the_list_of_those_who_are_there() {
    let mut page = Page::open();
    let sub = page.subscribes(&page.signed(PRESENCE, Some("ana"))).join().sub;
    let done = page.scene.answer(Answered::Joined(sub, Ok(at(RoomKind::Private, 0))));
    assert!(done.said.is_empty(), "{done:?}");
    let roster = chat::Roster { count: chat::Headcount::default(), listed: Some(Vec::new()) };
    let done = page.scene.does(|session, _, _, out| session.on_roster(sub, &roster, out));
    let [said] = &done.said[..] else { panic!("{done:?}") };
    assert_eq!(said["event"], "pusher_internal:subscription_succeeded");
    let members = json!({ "count": 1, "ids": ["ana"], "hash": { "ana": { "name": "X" } } });
    assert_eq!(data(said)["presence"], members);
}

#[test]
fn who_may_only_read_says_nothing_and_neither_does_who_is_not_there() {
    let mut page = Page::open();
    let read_only = page.let_in(PRIVATE, Access::Read, Duration::from_hours(1));
    page.is_let_in(&read_only);
    assert_error(&page.says(PRIVATE, "1"), 4301);
    assert_error(&page.says("private-room-other", "2"), 4301);
    page.sends("pusher:unsubscribe", &json!({ "channel": PRIVATE }));
    assert_error(&page.says(PRIVATE, "3"), 4301);
}

#[test]
fn a_connection_has_one_user() {
    let mut page = Page::open();
    page.enters(PRIVATE, Some("ana"));
    let other = "presence-room-other";
    assert_refused(&page.subscribes(&page.signed(other, Some("ben"))), other, 403);
    page.enters("private-room-other", None);
}

#[test]
fn a_user_has_so_many_seats_whoever_names_it() {
    let limits = Limits { connections_per_user: 1, ..limits() };
    let mut page = Page::open_with(limits);
    page.enters(PRIVATE, Some("ana"));
    page.enters("private-room-other", Some("ana"));
    let seat = page.scene.env.seat(&chat::UserId::parse("ben").unwrap()).unwrap();
    let mut other = Page::open_with(limits);
    std::mem::swap(&mut other.scene.env, &mut page.scene.env);
    assert_refused(&other.subscribes(&other.signed(PRIVATE, Some("ana"))), PRIVATE, 429);
    drop(seat);
}

#[test]
fn what_runs_out_ends_the_connection_so_that_the_endpoint_is_asked_again() {
    let mut page = Page::open();
    let long = page.let_in(PRIVATE, Access::Write, Duration::from_hours(1));
    page.is_let_in(&long);
    let short = page.let_in("private-room-other", Access::Write, Duration::from_secs(60));
    page.is_let_in(&short);
    let done = page.scene.pass(Duration::from_secs(59));
    assert!(done.said.is_empty(), "nobody is warned: {done:?}");
    assert_ends(&page.scene.pass(Duration::from_secs(1)), 4200);

    let mut page = Page::open();
    let over = page.let_in(PRIVATE, Access::Write, Duration::ZERO);
    assert_refused(&page.subscribes(&over), PRIVATE, 401);
}

#[test]
fn what_cannot_be_joined_is_refused_and_what_cannot_be_now_is_tried_again_by_coming_back() {
    let mut page = Page::open();
    let sub = page.subscribes(&page.signed(PRIVATE, None)).join().sub;
    assert_refused(&page.scene.answer(Answered::Joined(sub, Err(not_there()))), PRIVATE, 403);
    let sub = page.subscribes(&page.signed(PRIVATE, None)).join().sub;
    assert_ends(&page.scene.answer(Answered::Joined(sub, Err(lost()))), 4100);
}

#[test]
fn one_channel_too_many_is_refused() {
    let mut page = Page::open_with(Limits { rooms_per_connection: 1, ..limits() });
    page.enters(PRIVATE, None);
    assert_refused(&page.subscribes(&page.signed("private-room-other", None)), "private-room-other", 429);
}

#[test]
fn nothing_is_kept_of_rooms_that_were_left() {
    let mut page = Page::open();
    for n in 0..50 {
        let channel = format!("private-room-{n}");
        page.enters(&channel, None);
        page.sends("pusher:unsubscribe", &json!({ "channel": channel }));
        page.subscribes(&page.signed("presence-room-x", Some("ana"))).join();
        page.sends("pusher:unsubscribe", &json!({ "channel": "presence-room-x" }));
    }
    let State::Open(open) = &page.scene.session.state else { panic!() };
    assert!(!open.has_vouchers());
}

#[test]
fn signs_of_life_go_both_ways() {
    let mut page = Page::open();
    let pong = json!({ "event": "pusher:pong", "data": "{}" });
    assert_eq!(page.sends("pusher:ping", &json!({})).said, [pong]);
    assert!(page.sends("pusher:pong", &json!({})).is_nothing());
    assert_eq!(page.scene.pass(Duration::from_secs(120)).said, [json!("ping")]);
    assert_ends(&page.scene.pass(Duration::from_secs(30)), 4201);
}

#[test]
fn a_stranger_who_asks_for_nothing_may_stay_as_long_as_it_lives() {
    let mut page = Page::open();
    for _ in 0..100 {
        assert!(page.scene.pass(Duration::from_secs(100)).said.is_empty());
        page.sends("pusher:ping", &json!({}));
    }
}

#[test]
fn nonsense_is_told_until_there_is_too_much_of_it() {
    let mut page = Page::open();
    for _ in 0..100 {
        assert_error(&page.scene.says_raw(Frame::Text("nonsense")), 4300);
    }
    assert_ends(&page.scene.says_raw(Frame::Binary(b"{}")), 4100);
}

#[test]
fn a_gateway_that_goes_and_a_room_with_another_history_say_to_come_back() {
    let mut page = Page::open();
    assert_ends(&page.scene.dismiss(Refusal::new(Code::GoingAway, "this server is going away")), 4200);
    let mut page = Page::open();
    let sub = page.enters(PRIVATE, None);
    assert_ends(&page.scene.restarted(sub, &at(RoomKind::Public, 3)), 4200);
}

//! Channels that are no rooms, and who has signed in, by the frames of Pusher.

use chat::{Broadcast, ChannelName, Headcount, Roster};

use super::pusher::{Page, assert_ends, assert_error, assert_refused, data, sign, succeeded};
use super::*;

const SECRET: &str = "private-orders";
const PRESENCE: &str = "presence-lobby";

impl Page {
    /// Asks for a channel, and tells which one the session wants to listen to, and seen as whom.
    fn asks_for(&mut self, signed: &Value) -> (SubId, chat::Channel, Option<String>) {
        let done = self.subscribes(signed);
        match <[Action; 1]>::try_from(done.wants) {
            Ok([Action::TuneIn { sub, channel, member }]) => {
                (sub, channel, member.map(|member| member.user.id.to_string()))
            }
            other => panic!("{other:?} {:?}", done.said),
        }
    }

    fn tuned(&mut self, sub: SubId, tuned: Tuned) -> Done {
        self.scene.answer(Answered::TunedIn(sub, Ok(Arc::new(tuned))))
    }

    /// Listens to a channel that anybody, or whoever has this, may enter.
    fn listens(&mut self, signed: &Value) -> SubId {
        let (sub, ..) = self.asks_for(signed);
        let done = self.tuned(sub, nothing());
        assert_eq!(done.said[0]["event"], "pusher_internal:subscription_succeeded", "{done:?}");
        sub
    }

    fn signs_in(&mut self, user: &str) -> Done {
        let user_data = json!({ "id": user, "user_info": { "role": "x" } }).to_string();
        let auth = sign(&format!("{}::user::{user_data}", self.socket));
        self.sends("pusher:signin", &json!({ "auth": auth, "user_data": user_data }))
    }

    fn whispers(&mut self, channel: &str) -> Done {
        self.scene.says(&json!({ "event": "client-x", "channel": channel, "data": { "a": 1 } }))
    }
}

fn nothing() -> Tuned {
    Tuned { roster: None, kept: None }
}

fn public(channel: &str) -> Value {
    json!({ "channel": channel })
}

#[test]
fn anybody_listens_to_a_public_channel_and_says_nothing_there() {
    let mut page = Page::open();
    let (sub, channel, member) = page.asks_for(&public("news"));
    assert_eq!((channel.name.as_str(), member), ("news", None));
    assert!(page.subscribes(&public("news")).is_nothing(), "it is under way");
    assert_eq!(page.tuned(sub, nothing()).said, [succeeded("news")]);
    assert_eq!(page.subscribes(&public("news")).said, [succeeded("news")], "confirmed once more");
    assert_error(&page.whispers("news"), 4301);
    let left = page.sends("pusher:unsubscribe", &public("news"));
    assert_eq!((left.said, left.wants), (vec![], vec![Action::TuneOut(sub)]));
    assert!(page.sends("pusher:unsubscribe", &public("news")).is_nothing());
    assert!(page.tuned(sub, nothing()).is_nothing(), "an answer that nobody waits for");
}

#[test]
fn only_who_was_let_in_listens_to_a_private_channel() {
    let mut page = Page::open();
    assert_refused(&page.subscribes(&public(SECRET)), SECRET, 401);
    assert_refused(&page.subscribes(&public("private-encrypted-x")), "private-encrypted-x", 401);
    let mut other = page.signed("private-other", None);
    other["channel"] = SECRET.into();
    assert_refused(&page.subscribes(&other), SECRET, 401);
    assert_error(&page.whispers(SECRET), 4301);
    let signed = page.signed(SECRET, None);
    page.listens(&signed);
    let done = page.whispers(SECRET);
    let [Action::Call { channel, by, whisper }] = &done.wants[..] else { panic!("{done:?}") };
    assert_eq!((channel.as_str(), whisper.name(), &*by.name), (SECRET, "x", "guest"));
}

#[test]
fn who_may_only_listen_says_nothing() {
    let mut page = Page::open();
    let signed = page.let_in(SECRET, Access::Read, Duration::from_mins(1));
    page.listens(&signed);
    assert_error(&page.whispers(SECRET), 4301);
    assert_ends(&page.scene.pass(Duration::from_mins(1)), 4200);
}

#[test]
fn client_events_have_a_pace() {
    let mut page = Page::open();
    let signed = page.signed(SECRET, None);
    page.listens(&signed);
    let burst = crate::settings::Presence::default().whispers_burst;
    for _ in 0..burst {
        assert_eq!(page.whispers(SECRET).wants.len(), 1);
    }
    assert_error(&page.whispers(SECRET), 4301);
}

#[test]
fn those_in_a_presence_channel_are_somebody_and_get_the_list() {
    let mut page = Page::open();
    let nobody = page.signed(PRESENCE, None);
    assert_refused(&page.subscribes(&nobody), PRESENCE, 400);
    let signed = page.signed(PRESENCE, Some("ana"));
    let (sub, channel, member) = page.asks_for(&signed);
    assert!(channel.shows_members);
    assert_eq!(member.as_deref(), Some("ana"));
    let roster = Roster { count: Headcount { users: 3, connections: 3 }, listed: None };
    let done = page.tuned(sub, Tuned { roster: Some(Arc::new(roster)), kept: None });
    let [said] = &done.said[..] else { panic!("{done:?}") };
    assert_eq!(data(said)["presence"]["hash"], json!({ "ana": { "name": "X" } }));
    assert_eq!(data(said)["presence"]["count"], 3);
    assert!(page.subscribes(&signed).said.is_empty(), "there is no second list");
    let name = ChannelName::parse(PRESENCE).unwrap();
    assert_eq!(page.scene.session.member(&name).map(|member| member.user.id.as_str()), Some("ana"));
}

#[test]
fn what_was_broadcast_last_follows_where_it_is_kept() {
    let mut page = Page::open();
    let (sub, channel, _) = page.asks_for(&public("cache-x"));
    assert!(channel.keeps_last);
    let broadcast = Broadcast { channel: channel.name, event: "order".into(), data: "7".into() };
    let done = page.tuned(sub, Tuned { roster: None, kept: Some(broadcast) });
    let order = json!({ "event": "order", "channel": "cache-x", "data": "7" });
    assert_eq!(done.said, [succeeded("cache-x"), order]);
    let (sub, ..) = page.asks_for(&public("cache-y"));
    let miss = json!({ "event": "pusher:cache_miss", "channel": "cache-y" });
    assert_eq!(page.tuned(sub, nothing()).said, [succeeded("cache-y"), miss]);
}

#[test]
fn rooms_and_channels_together_are_so_many() {
    let mut page = Page::open_with(Limits { rooms_per_connection: 2, ..limits() });
    page.enters("private-room-r", None);
    page.listens(&public("one"));
    assert_refused(&page.subscribes(&public("two")), "two", 429);
    let room = page.signed("private-room-s", None);
    assert_refused(&page.subscribes(&room), "private-room-s", 429);
    page.sends("pusher:unsubscribe", &public("one"));
    page.listens(&public("two"));
}

#[test]
fn what_cannot_be_had_is_refused_and_what_cannot_be_now_is_tried_again_by_coming_back() {
    let mut page = Page::open();
    let (sub, ..) = page.asks_for(&public("news"));
    let full = Refusal::new(Code::TooMany, "too many channels");
    assert_refused(&page.scene.answer(Answered::TunedIn(sub, Err(full))), "news", 429);
    let (sub, ..) = page.asks_for(&public("news"));
    assert_ends(&page.scene.answer(Answered::TunedIn(sub, Err(lost()))), 4100);
}

#[test]
fn who_has_signed_in_has_a_channel_of_its_own_and_no_other_users() {
    let mut page = Page::open();
    let (mine, others) = ("#server-to-user-7", "#server-to-user-8");
    assert_refused(&page.subscribes(&public(mine)), mine, 401);
    let done = page.signs_in("7");
    assert_eq!(done.said[0]["event"], "pusher:signin_success");
    assert_eq!(data(&done.said[0])["user_data"], r#"{"id":"7","user_info":{"role":"x"}}"#);
    assert_eq!(page.scene.session.user().map(chat::UserId::as_str), Some("7"));
    page.listens(&public(mine));
    assert_refused(&page.subscribes(&public(others)), others, 403);
    assert_eq!(page.signs_in("7").said.len(), 1, "once more is no harm");
}

#[test]
fn a_presence_channel_takes_who_has_signed_in_for_its_member() {
    let mut page = Page::open();
    page.signs_in("7");
    let signed = page.signed(PRESENCE, None);
    let (_, _, member) = page.asks_for(&signed);
    assert_eq!(member.as_deref(), Some("7"));
    let signed = page.signed("presence-room-r", None);
    page.subscribes(&signed).join();
}

#[test]
fn whose_signature_is_none_is_sent_away() {
    let mut page = Page::open();
    let forged = json!({ "auth": format!("parlor:{}", "0".repeat(64)), "user_data": r#"{"id":"7"}"# });
    assert_ends(&page.sends("pusher:signin", &forged), 4009);
    let mut page = Page::open();
    page.signs_in("7");
    assert_ends(&page.signs_in("8"), 4009);
}

//! `pusher-js` and `laravel-echo`, on two gateways, and somebody with Parlor's own protocol in the same room.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};
use town::{Plan, Token, Town};

use super::page::{Page, calls, libraries};

const CHANNEL: &str = "private-room-r7";
const PRESENCE: &str = "presence-room-r7";

/// A town with an application.
pub(super) fn plan() -> Plan {
    Town::new()
        .gateways(2)
        .set("pusher.app_id", 3)
        .set("pusher.key", "town")
        .set("pusher.secret", "town-secret")
        .set("pusher.client_event", "client-message")
}

/// A page with one of the libraries.
pub(super) struct Caller(Page);

impl Caller {
    pub(super) fn open(town: &Town, libraries: &Path, name: &str) -> Self {
        Self(Page::open(town, libraries, "pusher.js", name))
    }

    /// Connects to a gateway, which also signs for it.
    fn comes(&self, at: SocketAddr, token: &Token) {
        self.connects("connect", at, "town", "/pusher/auth", token);
    }

    fn connects(&self, how: &str, at: SocketAddr, key: &str, authorize: &str, token: &Token) {
        self.0.does(&json!({
            "do": how,
            "key": key,
            "host": at.ip().to_string(),
            "port": at.port(),
            "authorize": format!("http://{at}{authorize}"),
            "nameAt": format!("http://{at}{}", authorize.replace("auth", "user-auth")),
            "token": token.sign(),
        }));
    }

    /// Comes to a gateway, and into a channel.
    pub(super) async fn enters(&self, at: SocketAddr, user: &str, channel: &str) {
        self.comes(at, &Token::of(user).claim("name", user.to_uppercase()));
        self.subscribes(channel).await;
    }

    /// Comes to a gateway, and into a channel for which its own application signs.
    pub(super) async fn is_signed_for(&self, at: SocketAddr, channel: &str, user: &Value) {
        self.comes_signed(at, &json!({ "user": user }));
        self.subscribes(channel).await;
    }

    /// Comes to a gateway; its own application signs, for this `user`, and with this `master` key of what is encrypted.
    pub(super) fn comes_signed(&self, at: SocketAddr, application: &Value) {
        let mut signs = json!({ "app": "3", "secret": "town-secret" });
        for (name, value) in application.as_object().into_iter().flatten() {
            signs[name] = value.clone();
        }
        self.0.does(&json!({
            "do": "connect",
            "key": "town",
            "host": at.ip().to_string(),
            "port": at.port(),
            "signs": signs,
        }));
    }

    /// Has it do something else.
    pub(super) fn does(&self, deed: &Value) {
        self.0.does(deed);
    }

    /// Everything that has happened to it.
    pub(super) fn events(&self) -> Vec<Value> {
        self.0.events()
    }

    /// Comes to a gateway by Laravel's library, and into the channel of room `r7`.
    pub(super) async fn enters_by_echo(&self, at: SocketAddr, user: &str) {
        self.connects("echo", at, "town", "/broadcasting/auth", &Token::of(user));
        self.0.does(
            &json!({ "do": "private", "name": "room-r7", "event": ".new_message", "whisper": "typing" }),
        );
        self.is_called("room-r7", "subscribed", 1).await;
    }

    /// Which its connection is, as it says to its backend.
    pub(super) async fn socket(&self) -> String {
        self.0.does(&json!({ "do": "socket" }));
        let told = |event: &Value| event["socket"].as_str().map(str::to_owned);
        self.0.shows("its socket", |events| events.iter().find_map(told)).await
    }

    pub(super) async fn subscribes(&self, channel: &str) {
        let before = self.called(channel, "pusher:subscription_succeeded").len();
        self.asks(channel);
        self.is_called(channel, "pusher:subscription_succeeded", before + 1).await;
    }

    pub(super) fn asks(&self, channel: &str) {
        self.0.does(&json!({ "do": "subscribe", "channel": channel }));
    }

    pub(super) fn triggers(&self, channel: &str, event: &str, data: &Value) {
        self.0.does(&json!({ "do": "trigger", "channel": channel, "event": event, "data": data }));
    }

    pub(super) fn says(&self, text: &str) {
        self.triggers(CHANNEL, "client-message", &json!({ "message": text }));
    }

    /// What the application was called with.
    pub(super) fn called(&self, channel: &str, event: &str) -> Vec<Value> {
        calls(&self.0.events(), channel, event)
    }

    /// Waits until it has been called so often.
    pub(super) async fn is_called(&self, channel: &str, event: &str, times: usize) -> Vec<Value> {
        self.0.is_called(channel, event, times).await
    }

    /// The texts that it was shown in a channel, once they are so many.
    pub(super) async fn sees(&self, channel: &str, count: usize) -> Vec<String> {
        let messages = self.is_called(channel, "new_message", count).await;
        messages.iter().map(|data| data["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub(super) async fn is_told(&self, what: &str, looks: impl Fn(&Value) -> bool) {
        self.0.shows(what, |events| events.iter().any(&looks).then_some(())).await;
    }

    /// Waits until something has happened so often.
    pub(super) async fn is_told_times(&self, what: &str, looks: impl Fn(&Value) -> bool, times: usize) {
        let often = |events: &[Value]| events.iter().filter(|event| looks(event)).count() >= times;
        self.0.shows(what, |events| often(events).then_some(())).await;
    }

    /// How often its connection has been in this state.
    pub(super) fn states(&self, state: &str) -> usize {
        self.0.events().iter().filter(|event| event["state"] == state).count()
    }

    pub(super) async fn is_in_state(&self, state: &str, times: usize) {
        let what = format!("{state} for the {times}th time");
        let states = |events: &[Value]| events.iter().filter(|event| event["state"] == state).count();
        self.0.shows(&what, |events| (states(events) >= times).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_and_a_native_client_talk_in_one_room() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let (ana, ben) = (Caller::open(&town, &libraries, "ana"), Caller::open(&town, &libraries, "ben"));
    ana.enters(town.gateways[0].listen(), "ana", CHANNEL).await;
    ben.enters(town.gateways[1].listen(), "ben", CHANNEL).await;
    let mut said = Vec::new();
    for round in 0..5 {
        // Each waits for the one before, so that there is one order that all must see.
        for (text, speaker) in
            [("ana", &ana), ("ben", &ben)].map(|(name, s)| (format!("{name} {round} 👍"), s))
        {
            speaker.says(&text);
            said.push(text);
            cid.sees("r7", said.len()).await;
        }
        let text = format!("cid {round}");
        cid.says("r7", &text).await;
        said.push(text);
    }
    for caller in [&ana, &ben] {
        assert_eq!(caller.sees(CHANNEL, said.len()).await, said, "once, and in this order, one's own too");
        assert_eq!(caller.called(CHANNEL, "client-message"), Vec::<Value>::new());
        assert_eq!(caller.called(CHANNEL, "pusher:subscription_succeeded").len(), 1);
    }
    let seen = cid.sees("r7", said.len()).await;
    assert_eq!(seen.iter().map(|message| &*message.body).collect::<Vec<_>>(), said);
    let first = &ana.called(CHANNEL, "new_message")[0];
    assert_eq!(first["user"], json!({ "id": "ana", "username": "ANA" }), "nothing more of a user");
    assert_eq!((&first["seq"], &first["room"]), (&json!(1), &json!("r7")));
    let audit = town.audit().await;
    assert_eq!((audit.asked, audit.shown), (5, 15));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_unsubscribes_is_shown_nothing_more_and_may_come_again() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let ana = Caller::open(&town, &libraries, "ana");
    ana.enters(town.gateways[0].listen(), "ana", CHANNEL).await;
    ana.subscribes("private-room-kitchen").await;
    cid.says("r7", "one").await;
    ana.sees(CHANNEL, 1).await;
    ana.0.does(&json!({ "do": "unsubscribe", "channel": CHANNEL }));
    let left = json!({ "out": { "event": "pusher:unsubscribe", "data": { "channel": CHANNEL } } });
    ana.is_told("unsubscribe on the wire", |event| *event == left).await;
    // What is said in the other room behind it shows that it was heard.
    ana.triggers("private-room-kitchen", "client-message", &json!({ "message": "gone" }));
    ana.sees("private-room-kitchen", 1).await;
    cid.says("r7", "two").await;
    ana.subscribes(CHANNEL).await;
    cid.says("r7", "three").await;
    assert_eq!(ana.sees(CHANNEL, 2).await, ["one", "three"]);
    // The library would hide from its page what comes in a channel that it has left.
    let came = |event: &&Value| event["in"]["event"] == "new_message" && event["in"]["channel"] == CHANNEL;
    assert_eq!(ana.0.events().iter().filter(came).count(), 2, "nor is it sent");
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_cut_off_comes_back_to_another_gateway_by_itself() {
    let Some(libraries) = libraries() else { return };
    let mut town = plan().balanced().start().await;
    let address = town.balancer().address();
    let ana = Caller::open(&town, &libraries, "ana");
    ana.enters(address, "ana", CHANNEL).await;
    ana.says("before");
    ana.sees(CHANNEL, 1).await;
    let gateway = usize::from(town.balancer().open(0) == 0);
    town.gateways[gateway].kill9();
    ana.is_called(CHANNEL, "pusher:subscription_succeeded", 2).await;
    ana.says("after");
    assert_eq!(ana.sees(CHANNEL, 2).await, ["before", "after"]);
    assert_eq!(ana.states("connected"), 2);
    town.gateways[gateway].restart().await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_out_sends_pages_away_to_come_back_at_once() {
    let Some(libraries) = libraries() else { return };
    let mut town = plan().balanced().start().await;
    let ana = Caller::open(&town, &libraries, "ana");
    ana.enters(town.balancer().address(), "ana", CHANNEL).await;
    let gateway = usize::from(town.balancer().open(0) == 0);
    town.gateways[gateway].stop().await;
    ana.is_told("a farewell", |event| event["in"]["data"]["code"] == 4200).await;
    ana.is_called(CHANNEL, "pusher:subscription_succeeded", 2).await;
    ana.says("here again");
    assert_eq!(ana.sees(CHANNEL, 1).await, ["here again"]);
    town.gateways[gateway].restart().await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_is_not_here_is_refused_for_good() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let ana = Caller::open(&town, &libraries, "ana");
    ana.connects("connect", town.gateways[0].listen(), "other", "/pusher/auth", &Token::of("ana"));
    ana.is_in_state("disconnected", 1).await;
    ana.is_told("the code", |event| event["error"]["code"] == 4001).await;
    assert_eq!(ana.states("connected"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_enter_a_room_is_told_so_and_the_connection_stays() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let ana = Caller::open(&town, &libraries, "ana");
    let granted = Token::of("ana").claim("rooms", json!({ "news": "r", "team-*": "rw" }));
    ana.comes(town.gateways[0].listen(), &granted);
    for (channel, status) in [("private-room-other", 403), ("private-chat", 403), ("room-news", 400)] {
        ana.asks(channel);
        let errors = ana.is_called(channel, "pusher:subscription_error", 1).await;
        assert_eq!((errors.len(), &errors[0]["status"]), (1, &json!(status)), "{channel} {errors:?}");
    }
    ana.subscribes("private-room-news").await;
    ana.triggers("private-room-news", "client-message", &json!({ "message": "hi" }));
    ana.is_told("4301", |event| event["error"]["code"] == 4301).await;
    ana.subscribes("private-room-team-7").await;
    ana.triggers("private-room-team-7", "client-message", &json!({ "message": "hi" }));
    assert_eq!(ana.sees("private-room-team-7", 1).await, ["hi"]);
    assert_eq!(ana.called("private-room-news", "new_message"), Vec::<Value>::new());
    assert_eq!(ana.states("connected"), 1);

    let late = Caller::open(&town, &libraries, "late");
    late.comes(town.gateways[1].listen(), &Token::of("late").expired_for(std::time::Duration::from_hours(1)));
    late.asks(CHANNEL);
    let errors = late.is_called(CHANNEL, "pusher:subscription_error", 1).await;
    assert_eq!(errors[0]["status"], 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn laravel_echo_hears_what_is_said_and_leaves() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let ana = Caller::open(&town, &libraries, "ana");
    ana.connects("echo", town.gateways[0].listen(), "town", "/broadcasting/auth", &Token::of("ana"));
    let private = json!({ "do": "private", "name": "room-r7", "event": ".new_message", "whisper": "typing" });
    ana.0.does(&private);
    ana.is_called("room-r7", "subscribed", 1).await;
    cid.says("r7", "one").await;
    let said = ana.is_called("room-r7", ".new_message", 1).await;
    assert_eq!((&said[0]["message"], &said[0]["user"]["id"]), (&json!("one"), &json!("cid")));
    let ben = Caller::open(&town, &libraries, "ben");
    ben.connects("echo", town.gateways[1].listen(), "town", "/broadcasting/auth", &Token::of("ben"));
    ben.0.does(&private);
    ben.is_called("room-r7", "subscribed", 1).await;
    ben.0.does(&json!({ "do": "whisper", "name": "room-r7", "event": "typing", "data": { "on": true } }));
    assert_eq!(ana.is_called("room-r7", "typing", 1).await, [json!({ "on": true })]);
    ana.0.does(&json!({ "do": "leave", "name": "room-r7" }));
    let left = json!({ "out": { "event": "pusher:unsubscribe", "data": { "channel": CHANNEL } } });
    ana.is_told("unsubscribe on the wire", |event| *event == left).await;
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_in_a_presence_channel_know_each_other_and_hear_who_is_writing() {
    let Some(libraries) = libraries() else { return };
    let town = plan().start().await;
    let cid = town.person("cid").at(1).joins("r7").await;
    let (ana, ben) = (Caller::open(&town, &libraries, "ana"), Caller::open(&town, &libraries, "ben"));
    ana.enters(town.gateways[0].listen(), "ana", PRESENCE).await;
    ben.enters(town.gateways[1].listen(), "ben", PRESENCE).await;
    let there = &ben.called(PRESENCE, "pusher:subscription_succeeded")[0];
    assert_eq!(there["ben"], json!({ "name": "BEN" }), "oneself is there: {there}");
    let member = json!({ "id": "ben", "info": { "name": "BEN" } });
    let came =
        |events: &[Value]| calls(events, PRESENCE, "pusher:member_added").contains(&member).then_some(());
    ana.0.shows("ben comes", came).await;
    ben.triggers(PRESENCE, "client-typing", &json!({ "on": true }));
    assert_eq!(ana.is_called(PRESENCE, "client-typing", 1).await, [json!({ "on": true })]);
    cid.writes(json!({ "type": "typing", "room": "r7" }).to_string()).await;
    for (caller, times) in [(&ana, 2), (&ben, 1)] {
        caller.is_called(PRESENCE, "client-typing", times).await;
    }
    ana.triggers(PRESENCE, "client-message", &json!({ "message": "hi" }));
    for caller in [&ana, &ben] {
        assert_eq!(caller.sees(PRESENCE, 1).await, ["hi"]);
    }
    ben.0.does(&json!({ "do": "unsubscribe", "channel": PRESENCE }));
    let gone = |events: &[Value]| {
        let gone = calls(events, PRESENCE, "pusher:member_removed");
        gone.iter().any(|member| member["id"] == "ben").then_some(())
    };
    ana.0.shows("ben goes", gone).await;
    town.audit().await;
}

//! Who is told what passes in a channel, from when on and until when.

use std::sync::LazyLock;

use chat::{Attendee, Broadcast, ChannelName, ConnectionName, Moment, Place, PresenceChange, Shift, User};
use dialect::pusher::{App, Pusher, Settings as Application};

use super::*;
use crate::porter::Passing;
use crate::presence::Parting;
use crate::session::Tuned;

static APP: LazyLock<App> = LazyLock::new(|| App::new(&Application::of_development()).unwrap());
static PUSHER: LazyLock<Pusher> = LazyLock::new(|| Pusher::new(Application::of_development()).unwrap());

const PRESENCE: &str = "presence-x";

impl House {
    async fn page(&mut self, buffer: Option<usize>) -> Guest {
        self.guest_of(&*PUSHER, buffer).await
    }

    fn errand(&mut self) -> Errand {
        self.errands.try_recv().expect("an errand").1
    }

    /// A page asks for a channel: the subscription that the porter is to open.
    async fn asks_for(&mut self, page: &mut Guest, channel: &str) -> SubKey {
        let socket = self.named(page);
        let data = json!({ "user_id": "ana" }).to_string();
        let auth = APP.sign(&format!("{socket}:{channel}:{data}"));
        let data = json!({ "channel": channel, "auth": auth, "channel_data": data });
        self.hear(page, &json!({ "event": "pusher:subscribe", "data": data })).await;
        match self.errand() {
            Errand::TuneIn { to, .. } => to,
            other => panic!("{other:?}"),
        }
    }

    fn named(&mut self, page: &Guest) -> ConnectionName {
        self.shard.connection(page.key).unwrap().session.name()
    }

    fn opens(&mut self, to: SubKey, channel: &str) {
        let tuned = Tuned { roster: None, kept: None };
        self.tell(Told::TunedIn { to, channel: name(channel), outcome: Ok(Arc::new(tuned)) });
    }

    async fn listener(&mut self, channel: &str, buffer: Option<usize>) -> Guest {
        let mut page = self.page(buffer).await;
        let to = self.asks_for(&mut page, channel).await;
        self.opens(to, channel);
        page
    }

    fn passes_in(&mut self, channel: &str, moment: Moment, except: Option<ConnectionName>) {
        let place = Place::Channel(name(channel));
        self.tell(Told::Passed(Passing { place, moment: Arc::new(moment), except }));
        self.flush_all();
    }

    fn broadcasts(&mut self, channel: &str, data: &str, except: Option<ConnectionName>) {
        let broadcast = Broadcast { channel: name(channel), event: "order".into(), data: data.into() };
        self.passes_in(channel, Moment::Broadcast(broadcast), except);
    }

    /// The data of the broadcasts that a page has got.
    async fn orders(page: &mut Guest) -> Vec<String> {
        let mut bytes = Vec::new();
        page.reads(&mut bytes).await;
        let orders = words(&mut bytes).into_iter().filter(|word| word["event"] == "order");
        orders.map(|word| word["data"].as_str().unwrap().to_owned()).collect()
    }
}

fn name(channel: &str) -> ChannelName {
    ChannelName::parse(channel).unwrap()
}

fn user(id: &str) -> User {
    User::parse(id, None).unwrap()
}

#[tokio::test]
async fn everybody_who_listens_is_told_but_the_one_who_is_left_out() {
    let mut house = House::new(1 << 20);
    let (mut ana, mut ben) = (house.listener("news", None).await, house.listener("news", None).await);
    let mut other = house.listener("other", None).await;
    house.broadcasts("news", "one", None);
    let except = Some(house.named(&ben));
    house.broadcasts("news", "two", except);
    assert_eq!(House::orders(&mut ana).await, ["one", "two"]);
    assert_eq!(House::orders(&mut ben).await, ["one"]);
    assert_eq!(House::orders(&mut other).await, [""; 0]);
}

#[tokio::test]
async fn a_page_is_told_from_the_answer_on_until_it_leaves() {
    let mut house = House::new(1 << 20);
    let mut page = house.page(None).await;
    let to = house.asks_for(&mut page, "news").await;
    house.broadcasts("news", "early", None);
    house.opens(to, "news");
    house.broadcasts("news", "one", None);
    house.hear(&mut page, &json!({ "event": "pusher:unsubscribe", "data": { "channel": "news" } })).await;
    assert!(matches!(house.errand(), Errand::TuneOut { parting: Parting::Clean, .. }));
    house.broadcasts("news", "late", None);
    assert_eq!(House::orders(&mut page).await, ["one"]);
    assert!(house.shard.channels.is_empty());
}

#[tokio::test]
async fn each_subscription_that_was_granted_is_given_back_once() {
    let mut house = House::new(1 << 20);
    let mut page = house.page(None).await;
    let to = house.asks_for(&mut page, "news").await;
    house.hear(&mut page, &json!({ "event": "pusher:unsubscribe", "data": { "channel": "news" } })).await;
    assert!(house.errands.try_recv().is_err(), "it is not granted yet");
    house.opens(to, "news");
    assert!(matches!(house.errand(), Errand::TuneOut { .. }));
    let to = house.asks_for(&mut page, "news").await;
    house.shard.forget(page.key);
    assert!(house.errands.try_recv().is_err());
    house.opens(to, "news");
    assert!(matches!(house.errand(), Errand::TuneOut { parting: Parting::Broken, .. }));
    let refusal = Err(Refusal::new(Code::TooMany, "no"));
    house.tell(Told::TunedIn { to, channel: name("news"), outcome: refusal });
    assert!(house.errands.try_recv().is_err(), "what was not granted is not given back");
    let page = house.listener("news", None).await;
    house.shard.forget(page.key);
    assert!(matches!(house.errand(), Errand::TuneOut { parting: Parting::Broken, .. }));
    assert!(house.errands.try_recv().is_err() && house.shard.channels.is_empty());
}

#[tokio::test]
async fn nobody_is_told_that_he_has_come_himself() {
    let mut house = House::new(1 << 20);
    let mut page = house.listener(PRESENCE, None).await;
    let came = ["ana", "ben"].map(|id| {
        let stays = vec![];
        Shift { attendee: Attendee { user: user(id), info: None, stays }, whole: true }
    });
    let change = PresenceChange { came: came.into(), ..PresenceChange::default() };
    house.passes_in(PRESENCE, Moment::Presence(change), None);
    let mut bytes = Vec::new();
    page.reads(&mut bytes).await;
    let added = words(&mut bytes).into_iter().filter(|w| w["event"] == "pusher_internal:member_added");
    let added: Vec<_> = added.map(|word| word["data"].as_str().unwrap().to_owned()).collect();
    assert_eq!(added, [r#"{"user_id":"ben","user_info":{"name":"ben"}}"#]);
}

#[tokio::test]
async fn who_is_too_slow_for_what_is_told_once_is_sent_away_and_the_others_hear_all() {
    let mut house = House::new(4096);
    let mut slow = house.listener("news", Some(4096)).await;
    let mut quick = house.listener("news", None).await;
    let mut said = 0;
    while house.end(&slow) == End::Open {
        house.broadcasts("news", &"x".repeat(1000), None);
        said += 1;
        assert!(said < 10_000, "it takes all");
    }
    assert_eq!(House::orders(&mut quick).await.len(), said);
    let mut bytes = Vec::new();
    while !house.shard.connection(slow.key).unwrap().outbox.is_empty() {
        slow.reads(&mut bytes).await;
        house.shard.on_writable(slow.key);
    }
    slow.reads(&mut bytes).await;
    assert_eq!(words(&mut bytes).last(), Some(&json!(4100)), "it comes back in a second");
}

//! Who is let into a channel, and when; who tells what is kept.

use chat::{Broadcast, ChannelName, StayId, Timestamp, User};

use super::*;
use crate::session::SubId;
use crate::switchboard::ConnectionKey;

/// A channel, and what it wants done.
struct Scene {
    channel: Channel,
    now: Instant,
    alone: bool,
    fx: Vec<Effect>,
}

const PLAIN: (bool, bool) = (false, false);
const PRESENCE: (bool, bool) = (true, false);
const CACHE: (bool, bool) = (false, true);

impl Scene {
    fn begin((shows_members, keeps_last): (bool, bool), alone: bool) -> Self {
        let now = Instant::now();
        let at = Beginning { me: 1, incarnation: 1, shards: 2, spread: 0.5 };
        let rules = presence::Rules { list_max: 200, grace: Duration::from_secs(5) };
        let channel = chat::Channel { name: name(), shows_members, keeps_last };
        let mut fx = Vec::new();
        let channel = Channel::begin(at, rules, &channel, alone, now, &mut fx);
        Self { channel, now, alone, fx }
    }

    /// One to which shard 1 listens.
    fn open(kind: (bool, bool), alone: bool) -> Self {
        let mut scene = Self::begin(kind, alone);
        scene.tunes_in(1, None);
        scene.hears_itself();
        scene.fx.clear();
        scene
    }

    fn tunes_in(&mut self, number: u32, user: Option<&str>) {
        let member = user.map(|user| {
            let user = User::parse(user, None).unwrap();
            let id = StayId { gateway: 1, number: u64::from(number) };
            let stay = Stay { id, since: Timestamp::from_micros(0) };
            (Member { user, info: Some(r#"{"a":1}"#.into()) }, stay)
        });
        self.channel.tune_in(Tuner { shard: 1, to: key(number), member }, self.now, &mut self.fx);
    }

    fn tunes_out(&mut self, number: u32) {
        let guest = super::super::guest(1, key(number).connection);
        self.channel.tune_out(guest, Parting::Clean, self.now, &mut self.fx);
    }

    fn hears_itself(&mut self) {
        self.channel.hear_oneself(self.alone, self.now, &mut self.fx);
    }

    fn hears(&mut self, news: News) {
        self.channel.hear(2, news, self.now, &mut self.fx);
    }

    /// Time passes, looked at whenever that was asked for.
    fn passes(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_millis(10);
            self.channel.look(self.alone, self.now, &mut self.fx);
        }
    }

    /// Which subscriptions were opened, and with whom.
    fn opened(&mut self) -> Vec<(u32, Option<Vec<String>>)> {
        let opened = std::mem::take(&mut self.fx).into_iter().filter_map(|effect| match effect {
            Effect::Open { to, roster, .. } => {
                let ids = |roster: Arc<Roster>| {
                    roster.attendees().iter().map(|there| there.user.id.to_string()).collect()
                };
                Some((to.sub.0, roster.map(ids)))
            }
            _ => None,
        });
        opened.collect()
    }

    fn count(&self, is_meant: impl Fn(&Effect) -> bool) -> usize {
        self.fx.iter().filter(|effect| is_meant(effect)).count()
    }
}

fn name() -> ChannelName {
    ChannelName::parse("chat").unwrap()
}

fn key(number: u32) -> SubKey {
    SubKey { connection: ConnectionKey { place: number, generation: 0 }, sub: SubId(number) }
}

fn news() -> News {
    let broadcast = Broadcast { channel: name(), event: "e".into(), data: "x".into() };
    News::Broadcast { broadcast, at: Timestamp::from_micros(1), except: None }
}

#[test]
fn nobody_is_let_in_before_the_bus_brings_what_is_told() {
    let mut scene = Scene::begin(PLAIN, false);
    scene.tunes_in(1, None);
    assert!(matches!(scene.fx[0], Effect::Publish(News::Begun)));
    scene.passes(Duration::from_secs(1));
    assert!(scene.count(|fx| matches!(fx, Effect::Publish(News::Begun))) >= 2, "it is told again");
    assert_eq!(scene.opened(), []);
    scene.hears_itself();
    assert_eq!(scene.opened(), [(1, None)]);
    scene.tunes_in(2, None);
    assert_eq!(scene.opened(), [(2, None)], "the others at once");
    assert_eq!(scene.channel.listeners().collect::<Vec<_>>(), [1]);
}

#[test]
fn who_waits_for_a_bus_that_brings_nothing_is_refused() {
    let mut scene = Scene::begin(PRESENCE, true);
    scene.tunes_in(1, Some("ana"));
    scene.channel.ask(Asker::Caller(7), scene.now, &mut scene.fx);
    scene.passes(BEGINS_WITHIN);
    assert_eq!(scene.count(|fx| matches!(fx, Effect::Refuse { .. })), 1);
    assert_eq!(scene.count(|fx| matches!(fx, Effect::Unanswered(Asker::Caller(7)))), 1);
    scene.passes(Duration::from_mins(1));
    assert!(scene.channel.is_needless());
}

#[test]
fn only_so_long_as_somebody_needs_it_is_it_there() {
    let mut scene = Scene::open(PLAIN, true);
    scene.tunes_in(2, None);
    scene.tunes_out(1);
    assert!(!scene.channel.is_needless());
    scene.tunes_out(2);
    assert!(scene.channel.is_needless());
    scene.channel.keep(true);
    assert!(!scene.channel.is_needless());
}

#[test]
fn those_in_a_presence_channel_come_and_go_with_what_is_said_of_them() {
    let mut scene = Scene::begin(PRESENCE, true);
    scene.hears_itself();
    scene.tunes_in(1, Some("ana"));
    assert_eq!(scene.opened().len(), 1);
    scene.tunes_in(2, Some("ben"));
    scene.passes(Duration::from_millis(500));
    let came = |effect: &Effect| match effect {
        Effect::Pass(Moment::Presence(change), None) => {
            let came = change.came.iter().map(|shift| &shift.attendee);
            came.map(|there| (there.user.id.to_string(), there.info.clone())).collect()
        }
        _ => Vec::new(),
    };
    let came: Vec<_> = scene.fx.iter().flat_map(came).collect();
    let info = Some(r#"{"a":1}"#.into());
    assert_eq!(came, [("ana".to_owned(), info.clone()), ("ben".to_owned(), info)]);
    assert_eq!(scene.channel.users(), Some(2));
    scene.tunes_out(1);
    scene.tunes_out(2);
    assert!(!scene.channel.is_needless(), "the other gateways are not told yet");
    scene.passes(Duration::from_mins(1));
    assert!(scene.channel.is_needless());
}

#[test]
fn a_cache_channel_is_open_once_others_had_a_moment_to_tell_what_they_keep() {
    let mut scene = Scene::begin(CACHE, false);
    scene.tunes_in(1, None);
    scene.hears_itself();
    assert_eq!(scene.opened(), []);
    scene.channel.keep(true);
    scene.channel.find(scene.now, &mut scene.fx);
    assert_eq!(scene.opened(), [(1, None)], "at once when it is found");

    let mut scene = Scene::begin(CACHE, false);
    scene.tunes_in(1, None);
    scene.hears_itself();
    scene.passes(GATHER);
    assert_eq!(scene.opened(), [(1, None)], "and some time later when nobody keeps anything");

    let mut scene = Scene::begin(CACHE, true);
    scene.tunes_in(1, None);
    scene.hears_itself();
    assert_eq!(scene.opened(), [(1, None)], "where nobody else is there is nothing to wait for");
}

#[test]
fn what_is_kept_is_told_to_a_gateway_that_begins_once_whoever_keeps_it() {
    let tells = |scene: &Scene| scene.count(|fx| matches!(fx, Effect::TellKept));
    let mut scene = Scene::open(CACHE, true);
    scene.hears(News::Begun);
    scene.passes(TELL_WITHIN);
    assert_eq!(tells(&scene), 0, "nothing is kept");
    scene.channel.keep(true);
    scene.hears(News::Begun);
    scene.hears(News::Begun);
    scene.passes(TELL_WITHIN);
    assert_eq!(tells(&scene), 1);
    scene.fx.clear();
    scene.hears(News::Begun);
    scene.channel.find(scene.now, &mut scene.fx);
    scene.passes(TELL_WITHIN);
    assert_eq!(tells(&scene), 0, "another gateway has told it");
}

#[test]
fn what_other_gateways_tell_is_passed_on_and_a_broadcast_once() {
    let mut scene = Scene::open(PLAIN, false);
    scene.hears(news());
    scene.hears(news());
    let by = User::parse("ana", None).unwrap();
    scene.hears(News::Whisper { by, whisper: chat::Whisper::typing() });
    assert_eq!(scene.count(|fx| matches!(fx, Effect::Pass(Moment::Broadcast(_), None))), 1);
    assert_eq!(scene.count(|fx| matches!(fx, Effect::Pass(Moment::Whisper { .. }, None))), 1);
}

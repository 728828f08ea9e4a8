//! Two porters on one bus: channels across gateways.

use bus::LocalBus;
use chat::SystemClock;
use tokio::task::LocalSet;
use tokio::time::timeout;

use super::*;
use crate::session::{SubId, Tuned};

/// Only bounds a hang.
const HANG: Duration = Duration::from_secs(30);

/// A porter with one shard, which is the test.
struct Gateway {
    bell: Bell,
    told: mpsc::Receiver<Vec<Told>>,
    waiting: std::collections::VecDeque<Told>,
    next: u32,
    _stop: DropGuard,
}

impl Gateway {
    fn start(bus: &Arc<LocalBus>, channels: ChannelRules) -> Self {
        let (bells, errands) = bells(1);
        let (told_in, told) = mpsc::channel(1024);
        let (bus, clock) = (Arc::clone(bus) as Arc<dyn Bus>, Arc::new(SystemClock));
        let settings = Presence::default();
        let (me, others) = (rand::random(), watch::channel(None).0);
        let parts = Parts { me, others, bus, clock, settings, channels, errands, told: vec![told_in] };
        let stop = CancellationToken::new();
        start(parts, stop.clone(), CancellationToken::new().drop_guard());
        let bell = bells[0].clone();
        Self { bell, told, waiting: [].into(), next: 0, _stop: stop.drop_guard() }
    }

    async fn hears(&mut self) -> Told {
        while self.waiting.is_empty() {
            let told = timeout(HANG, self.told.recv()).await.expect("nothing was told");
            self.waiting.extend(told.expect("the porter works"));
        }
        self.waiting.pop_front().unwrap()
    }

    /// Listens to a channel: what it is told then, and the connection.
    async fn tunes_in(
        &mut self,
        channel: &chat::Channel,
        user: Option<&str>,
    ) -> (ConnectionKey, Result<Arc<Tuned>, Refusal>) {
        self.next += 1;
        let connection = ConnectionKey { place: self.next, generation: 0 };
        let to = SubKey { connection, sub: SubId(0) };
        let member = user.map(|user| Member { user: User::parse(user, None).unwrap(), info: None });
        self.bell.ring(Errand::TuneIn { to, channel: channel.clone(), member }).unwrap();
        loop {
            if let Told::TunedIn { to: told, outcome, .. } = self.hears().await
                && told == to
            {
                return (connection, outcome);
            }
        }
    }

    fn tunes_out(&self, connection: ConnectionKey, channel: &chat::Channel) {
        let (channel, parting) = (channel.name.clone(), Parting::Clean);
        self.bell.ring(Errand::TuneOut { connection, channel, parting }).unwrap();
    }

    async fn broadcasts(&self, channel: &chat::Channel, data: &str, except: Option<ConnectionName>) {
        let (channel, event, data) = (channel.clone(), "order".into(), data.into());
        let broadcasting = Broadcasting { room: None, channel, event, data, except };
        self.bell.broadcast(broadcasting).await.unwrap();
    }

    /// The next broadcast that the shard is to pass on, and who is left out.
    async fn passes(&mut self) -> (String, Option<ConnectionName>) {
        loop {
            if let Told::Passed(Passing { moment, except, .. }) = self.hears().await
                && let Moment::Broadcast(broadcast) = &*moment
            {
                return (broadcast.data.to_string(), except);
            }
        }
    }
}

fn channel(name: &str) -> chat::Channel {
    let name = ChannelName::parse(name).unwrap();
    let (shows_members, keeps_last) =
        (name.as_str().starts_with("presence-"), name.as_str().contains("cache-"));
    chat::Channel { name, shows_members, keeps_last }
}

fn rules() -> ChannelRules {
    ChannelRules::from(&Pusher::default())
}

/// Two gateways that know of each other.
async fn two() -> [Gateway; 2] {
    let bus = Arc::new(LocalBus::new(1024));
    let [mut one, other] = [Gateway::start(&bus, rules()), Gateway::start(&bus, rules())];
    let lobby = channel("presence-lobby");
    one.tunes_in(&lobby, Some("ana")).await.1.unwrap();
    let known = async {
        while other.bell.members(lobby.clone()).await.unwrap().count.users == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(HANG, known).await.expect("they do not know of each other");
    [one, other]
}

#[tokio::test]
async fn what_was_broadcast_last_is_found_through_a_gateway_that_has_not_heard_it() {
    let here = LocalSet::new();
    here.run_until(async {
        let [one, mut other] = two().await;
        let price = channel("cache-price");
        one.broadcasts(&price, "1", None).await;
        one.broadcasts(&price, "2", None).await;
        let tuned = other.tunes_in(&price, None).await.1.unwrap();
        assert_eq!(tuned.kept.as_ref().map(|kept| &*kept.data), Some("2"));
        let nothing = other.tunes_in(&channel("cache-other"), None).await.1.unwrap();
        assert_eq!(nothing.kept, None);
        // Both keep it now, and what the other one is handed is the later one for either.
        other.broadcasts(&price, "3", None).await;
        let kept = one.bell.kept(&price.name);
        assert!(kept.await.unwrap().is_some());
        assert_eq!(&*other.bell.kept(&price.name).await.unwrap().unwrap().broadcast.data, "3");
    })
    .await;
}

#[tokio::test]
async fn a_broadcast_is_passed_on_once_by_each_gateway_where_somebody_listens() {
    let here = LocalSet::new();
    here.run_until(async {
        let [mut one, mut other] = two().await;
        let news = channel("news");
        let (ana, _) = one.tunes_in(&news, None).await;
        other.tunes_in(&news, None).await.1.unwrap();
        let except = ConnectionName::parse("1.2");
        one.broadcasts(&news, "1", None).await;
        for gateway in [&mut one, &mut other] {
            assert_eq!(gateway.passes().await, ("1".to_owned(), None));
        }
        other.broadcasts(&news, "2", except).await;
        for gateway in [&mut one, &mut other] {
            assert_eq!(gateway.passes().await, ("2".to_owned(), except));
        }
        let shown = one.bell.occupied("ne").await.unwrap();
        let occupied = Occupancy { channel: news.name.clone(), subscriptions: 1, users: None };
        assert_eq!(shown, [occupied]);
        one.tunes_out(ana, &news);
        assert_eq!(one.bell.occupied("ne").await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_gateway_has_so_many_channels_and_a_bus_that_is_cut_tells_nobody() {
    let here = LocalSet::new();
    here.run_until(async {
        let bus = Arc::new(LocalBus::new(1024));
        let mut gateway = Gateway::start(&bus, ChannelRules { channels_max: 1, ..rules() });
        let (news, cache) = (channel("news"), channel("cache-price"));
        let (connection, outcome) = gateway.tunes_in(&news, None).await;
        outcome.unwrap();
        let refused = gateway.tunes_in(&channel("other"), None).await.1.unwrap_err();
        assert_eq!(refused.code, chat::Code::TooMany);
        gateway.broadcasts(&cache, "1", None).await;
        assert!(gateway.bell.kept(&cache.name).await.unwrap().is_none(), "there is no place for it");
        gateway.tunes_in(&news, None).await.1.unwrap();
        gateway.tunes_out(connection, &news);
        bus.cut();
        let broadcasting =
            Broadcasting { room: None, channel: news, event: "e".into(), data: "x".into(), except: None };
        assert_eq!(gateway.bell.broadcast(broadcasting).await.unwrap_err().code, chat::Code::Unavailable);
    })
    .await;
}

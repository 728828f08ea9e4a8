//! What is asked about the connections of a shard.

use bus::{Named, Survey, Surveyed, Tally};
use dialect::pusher::{App, Pusher, Settings as Application};
use std::sync::LazyLock;
use tokio::sync::oneshot;

use super::*;
use crate::shard::LocalTally;

static PUSHER: LazyLock<Pusher> = LazyLock::new(|| Pusher::new(Application::of_development()).unwrap());

impl House {
    /// Somebody with `pusher-js`, in a channel of room `r` as this user.
    async fn page_in(&mut self, channel: &str, user: &str) -> Guest {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let (key, _, _) = self.shard.add(server, b"", &*PUSHER, None);
        let mut guest = Guest { key, client };
        self.enters(&mut guest, channel, user).await;
        guest
    }

    async fn enters(&mut self, guest: &mut Guest, channel: &str, user: &str) {
        let name = self.shard.connection(guest.key).unwrap().session.name().to_string();
        let app = App::new(&Application::of_development()).unwrap();
        let data = json!({ "user_id": user }).to_string();
        let auth = app.sign(&format!("{name}:{channel}:{data}"));
        let entry = json!({ "channel": channel, "auth": auth, "channel_data": data });
        let join = self.asks_in(guest, &json!({ "event": "pusher:subscribe", "data": entry })).await;
        self.grant(guest, join, 0, 0);
        while let Ok((_, errand)) = self.errands.try_recv() {
            if let Errand::Roster { to, .. } = errand {
                let count = chat::Headcount { users: 1, connections: 1 };
                let roster = Arc::new(chat::Roster { count, listed: Some(Vec::new()) });
                self.tell(Told::Roster { to, roster });
            }
        }
    }

    fn counts(&mut self, of: Surveyed) -> Vec<LocalTally> {
        let (reply, mut counted) = oneshot::channel();
        let survey = Arc::new(Survey { dialect: "pusher".to_owned(), of });
        self.tell(Told::Survey { survey, reply });
        counted.try_recv().unwrap()
    }

    fn sends_away(&mut self, user: &str, dialect: Option<&str>) -> u32 {
        let (reply, mut count) = oneshot::channel();
        let user = chat::UserId::parse(user).unwrap();
        self.tell(Told::SendAway { user, dialect: dialect.map(Arc::from), reply });
        count.try_recv().unwrap()
    }
}

fn beginning(prefix: &str, after: Option<&str>) -> Surveyed {
    Surveyed::Beginning { prefix: prefix.to_owned(), after: after.map(str::to_owned) }
}

fn names(counted: &[LocalTally]) -> Vec<(&str, u32, bool)> {
    counted.iter().map(|t| (t.alias.as_str(), t.subscriptions, t.seen_in.is_some())).collect()
}

#[tokio::test]
async fn subscriptions_are_counted_by_their_aliases_and_those_of_other_dialects_are_not() {
    let mut house = House::new(1 << 20);
    let mut native = house.guest(None).await;
    house.lets_in(&mut native, "r", 0, 0).await;
    let mut ana = house.page_in("private-room-r", "ana").await;
    house.enters(&mut ana, "presence-room-r", "ana").await;
    let _ben = house.page_in("private-room-r", "ben").await;
    let all = [("presence-room-r", 1, true), ("private-room-r", 2, false)];
    assert_eq!(names(&house.counts(beginning("", None))), all);
    assert_eq!(names(&house.counts(beginning("private-", None))), all[1..]);
    assert_eq!(names(&house.counts(beginning("", Some("presence-room-r")))), all[1..]);
    let named = |alias: &str, room: &str| Named { alias: alias.to_owned(), room: RoomId::parse(room).ok() };
    let asked = vec![named("private-room-r", "r"), named("private-room-x", "x"), named("chat", "")];
    assert_eq!(names(&house.counts(Surveyed::Named(asked))), all[1..]);
}

#[tokio::test]
async fn of_very_many_the_first_are_told() {
    let mut house = House::new(1 << 20);
    let ana = house.page_in("private-room-r", "ana").await;
    for n in 0..2000 {
        let room = LocalRoom::new(state(0));
        house.shard.rooms.insert(room_id(&format!("{n:04}")), room);
        let deliveries = || prometheus::IntCounter::new("deliveries", "deliveries").unwrap();
        let room = house.shard.rooms.get_mut(&room_id(&format!("{n:04}"))).unwrap();
        let alias = dialect::Alias::new(&format!("private-room-{n:04}"));
        room.audience.listen(&*PUSHER, &alias, ana.key.place, deliveries);
    }
    let counted = house.counts(beginning("private-", None));
    assert_eq!(counted.len(), Tally::MAX + 1);
    assert_eq!(counted[0].alias.as_str(), "private-room-0000");
    assert_eq!(counted[Tally::MAX].alias.as_str(), "private-room-1000");
}

#[tokio::test]
async fn the_connections_of_a_user_end_for_good_and_nobody_elses() {
    let mut house = House::new(1 << 20);
    let mut native = house.guest(None).await;
    let mut ana = house.page_in("private-room-r", "ana").await;
    let ben = house.page_in("private-room-r", "ben").await;
    assert_eq!(house.sends_away("ana", Some("pusher")), 1);
    assert_eq!(house.sends_away("ana", Some("pusher")), 0, "it is on its way");
    let mut bytes = Vec::new();
    ana.reads(&mut bytes).await;
    let said = words(&mut bytes);
    assert_eq!(said.last(), Some(&json!(4009)), "{said:?}");
    assert!(matches!(house.end(&ana), End::Closing(_)));
    assert_eq!((house.end(&ben), house.end(&native)), (End::Open, End::Open));
    assert_eq!(house.sends_away("ana", None), 1, "the native one");
    let mut bytes = Vec::new();
    native.reads(&mut bytes).await;
    assert_eq!(words(&mut bytes).last(), Some(&json!(4013)));
}

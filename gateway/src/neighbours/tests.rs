//! Several gateways on one bus, with shards that answer what a test wants.

use bus::{LocalBus, Surveyed};
use dialect::Alias;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::auth::{Reception, Secret, Settings, Verifier};
use crate::porter::{Bell, Errand};
use crate::shard::LocalTally;
use crate::switchboard::Told;

/// Gateways that know of each other.
struct Town {
    bus: Arc<LocalBus>,
    others: watch::Sender<Others>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

/// What a shard has to tell.
#[derive(Clone, Default)]
struct Shard {
    tallies: Vec<LocalTally>,
    sends_away: u32,
}

fn tally(alias: &str, subscriptions: u32, seen_in: Option<&str>) -> LocalTally {
    let seen_in = seen_in.map(|room| chat::RoomId::parse(room).unwrap());
    LocalTally { alias: Alias::new(alias), subscriptions, seen_in }
}

fn survey() -> Survey {
    let of = Surveyed::Beginning { prefix: String::new(), after: None };
    Survey { dialect: "pusher".to_owned(), of }
}

fn user() -> UserId {
    UserId::parse("ana").unwrap()
}

impl Town {
    fn new(others: Option<&[u64]>) -> Self {
        let others = watch::channel(others.map(Arc::from)).0;
        let bus = Arc::new(LocalBus::new(64));
        Self { bus, others, stop: CancellationToken::new(), tasks: Vec::new() }
    }

    /// A gateway with these shards, in whose rooms so many users are.
    fn here(&mut self, shards: Vec<Shard>, users: u32) -> Here {
        let (errands_in, mut errands) = mpsc::channel(8);
        self.tasks.push(tokio::spawn(async move {
            while let Some((_, errand)) = errands.recv().await {
                match errand {
                    Errand::Headcounts { rooms, reply } => drop(reply.send(vec![Some(users); rooms.len()])),
                    Errand::Occupied { reply, .. } => drop(reply.send(Vec::new())),
                    other => panic!("{other:?}"),
                }
            }
        }));
        let auth = Settings { secret: Some(Secret::new("x".repeat(32))), ..Settings::default() };
        let reception = Reception::new(Arc::new(Verifier::new(&auth).unwrap()), 0);
        let told = shards.into_iter().map(|shard| self.work(shard)).collect();
        Here::new(told, Bell::tapped(errands_in), reception)
    }

    fn work(&mut self, shard: Shard) -> mpsc::Sender<Vec<Told>> {
        let (told_in, mut told) = mpsc::channel::<Vec<Told>>(8);
        self.tasks.push(tokio::spawn(async move {
            while let Some(told) = told.recv().await {
                for told in told {
                    match told {
                        Told::Survey { reply, .. } => drop(reply.send(shard.tallies.clone())),
                        Told::SendAway { reply, .. } => {
                            let _gone = reply.send(shard.sends_away);
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
        }));
        told_in
    }

    /// Another gateway.
    async fn gateway(&mut self, number: u64, shards: Vec<Shard>, users: u32) {
        let here = self.here(shards, users);
        let (bus, stop) = (Arc::clone(&self.bus) as Arc<dyn Bus>, self.stop.clone());
        let alive = CancellationToken::new().drop_guard();
        self.tasks.push(tokio::spawn(keep(number, bus, here, stop, alive)));
        // Its door is open once it answers.
        while self.bus.ask(Door::Gateway(number), Ask::Heads(Vec::new()), None).await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    /// A gateway that takes what it is asked and never answers.
    async fn frozen(&mut self, number: u64) -> (bus::Listening, mpsc::Receiver<bus::Asked>) {
        let (into, asked) = mpsc::channel(8);
        (self.bus.serve(Door::Gateway(number), into).await.unwrap(), asked)
    }

    fn neighbours(&mut self, shards: Vec<Shard>, users: u32) -> Neighbours {
        let here = self.here(shards, users);
        Neighbours::new(Arc::clone(&self.bus) as Arc<dyn Bus>, here, self.others.subscribe())
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.stop.cancel();
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn shard(tallies: Vec<LocalTally>, sends_away: u32) -> Shard {
    Shard { tallies, sends_away }
}

/// What was counted, in short.
fn shown(count: &Count) -> Vec<(&str, u32, Option<u32>)> {
    count.tallies.iter().map(|tally| (&*tally.alias, tally.subscriptions, tally.users)).collect()
}

#[tokio::test(start_paused = true)]
async fn all_shards_of_all_gateways_are_counted_together() {
    let mut town = Town::new(Some(&[2, 3]));
    let presence = || tally("presence-room-a", 1, Some("a"));
    town.gateway(2, vec![shard(vec![presence(), tally("private-room-a", 2, None)], 0)], 5).await;
    town.gateway(3, vec![shard(vec![tally("private-room-b", 1, None)], 0)], 9).await;
    let here = vec![shard(vec![presence()], 0), shard(vec![presence(), tally("private-room-b", 1, None)], 0)];
    let neighbours = town.neighbours(here, 4);
    let count = neighbours.survey(survey()).await.unwrap();
    assert_eq!(
        shown(&count),
        [("presence-room-a", 3, Some(5)), ("private-room-a", 2, None), ("private-room-b", 2, None)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_gone_or_silent_holds_up_no_survey() {
    let mut town = Town::new(Some(&[2, 3, 4]));
    let _frozen = town.frozen(3).await;
    town.gateway(4, vec![shard(vec![tally("private-room-a", 1, None)], 0)], 0).await;
    let neighbours = town.neighbours(vec![shard(vec![tally("private-room-a", 2, None)], 0)], 0);
    let begin = Instant::now();
    let count = neighbours.survey(survey()).await.unwrap();
    assert_eq!(shown(&count), [("private-room-a", 3, None)]);
    assert_eq!(begin.elapsed(), SURVEYED_WITHIN);
}

#[tokio::test(start_paused = true)]
async fn a_user_is_sent_away_from_all_gateways_and_one_that_is_silent_is_not_passed_over() {
    let mut town = Town::new(Some(&[2, 3]));
    town.gateway(2, vec![shard(Vec::new(), 1), shard(Vec::new(), 2)], 0).await;
    let neighbours = town.neighbours(vec![shard(Vec::new(), 4)], 0);
    assert_eq!(neighbours.send_away(&user(), Some("pusher")).await, Ok(7), "3 is gone");
    let _frozen = town.frozen(3).await;
    let sent_away = neighbours.send_away(&user(), None).await;
    assert_eq!(sent_away.map_err(|refusal| refusal.code), Err(chat::Code::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn nobody_counts_before_it_is_known_who_there_is() {
    let mut town = Town::new(None);
    town.gateway(2, vec![shard(vec![tally("private-room-a", 1, None)], 0)], 0).await;
    let neighbours = town.neighbours(Vec::new(), 0);
    let refused = neighbours.survey(survey()).await;
    assert_eq!(refused.map_err(|refusal| refusal.code), Err(chat::Code::Unavailable));
    let (count, ()) = tokio::join!(neighbours.survey(survey()), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        town.others.send_replace(Some(Arc::from([2])));
    });
    assert_eq!(shown(&count.unwrap()), [("private-room-a", 1, None)]);
}

#[tokio::test(start_paused = true)]
async fn who_is_cut_off_from_the_others_does_not_count_as_if_there_were_none() {
    let mut town = Town::new(Some(&[2]));
    town.gateway(2, vec![shard(vec![tally("private-room-a", 1, None)], 0)], 0).await;
    let neighbours = town.neighbours(Vec::new(), 0);
    town.bus.cut();
    let refused = neighbours.survey(survey()).await;
    assert_eq!(refused.map_err(|refusal| refusal.code), Err(chat::Code::Unavailable));
    town.bus.restore();
    assert_eq!(shown(&neighbours.survey(survey()).await.unwrap()), [("private-room-a", 1, None)]);
}

#[tokio::test]
async fn whoever_certainly_is_not_connected_costs_the_shards_nothing() {
    let mut town = Town::new(Some(&[]));
    let auth = Settings { secret: Some(Secret::new("x".repeat(32))), ..Settings::default() };
    let reception = Reception::new(Arc::new(Verifier::new(&auth).unwrap()), 50);
    let told = town.work(shard(Vec::new(), 1));
    let here = Here::new(vec![told], Bell::tapped(mpsc::channel(1).0), reception.clone());
    let neighbours = Neighbours::new(Arc::clone(&town.bus) as Arc<dyn Bus>, here, town.others.subscribe());
    assert_eq!(neighbours.send_away(&user(), None).await, Ok(0));
    let _seat = reception.seat(&user()).unwrap();
    assert_eq!(neighbours.send_away(&user(), None).await, Ok(1));
}

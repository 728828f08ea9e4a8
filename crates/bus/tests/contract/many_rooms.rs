//! Many rooms of one partition: over NATS the bus listens to the whole partition then. Whoever listens must not notice.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::{Listening, Note, Options, Partition, Topic};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::road::{HANG, Person, Road};
use crate::words::{room, said};

const SINGLE_MAX: usize = 8;
/// How often the number of rooms crosses the bound, each time to both sides.
const TIMES: usize = 8;

/// So many rooms of one partition.
fn rooms(count: usize) -> Vec<String> {
    let names = (0..).map(|n| if n % 2 == 0 { format!("r{n}") } else { format!("r.{n}") });
    names.filter(|name| Partition::of(&room(name)).index() == 7).take(count).collect()
}

async fn gateway(road: &Road) -> Person {
    road.join_with(&Options { single_rooms_max: SINGLE_MAX, ..Options::default() }).await
}

async fn listen(person: &Person, names: &[String], into: &mpsc::Sender<bus::Heard>) -> Vec<Listening> {
    let mut listening = Vec::new();
    for name in names {
        listening.push(person.0.listen(Topic::Room(room(name)), into.clone()).await.unwrap());
    }
    listening
}

/// Over NATS: waits until the server's subscriptions are as they should be.
async fn until_subscribed(road: &Road, mut so: impl FnMut(&[String]) -> bool) {
    let Road::Nats(nats) = road else { return };
    let changed = async {
        while !so(&nats.subjects().await.unwrap()) {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(HANG, changed).await.expect("the subscriptions do not change");
}

/// Waits until the partition is listened to and no room of it, or the other way round.
async fn until_whole(road: &Road, whole: bool) {
    let of_rooms = |subjects: &[String]| -> Vec<String> {
        subjects.iter().filter(|subject| subject.starts_with("parlor.room.7.")).cloned().collect()
    };
    until_subscribed(road, |subjects| {
        let (all, single): (Vec<_>, Vec<_>) =
            of_rooms(subjects).into_iter().partition(|subject| subject.ends_with('*'));
        all.len() == usize::from(whole) && single.is_empty() == whole
    })
    .await;
}

async fn until_listened(road: &Road, subject: &str) {
    until_subscribed(road, |subjects| subjects.iter().any(|one| one == subject)).await;
}

/// Somebody who talks in rooms all the time, and never has more under way than is bounded.
struct Talker {
    enough: Arc<AtomicBool>,
    said: watch::Receiver<u64>,
    work: JoinHandle<u64>,
}

impl Talker {
    fn start(writer: Person, rooms: Vec<String>) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let (stop, (tell, progress)) = (Arc::clone(&enough), watch::channel(0));
        let work = tokio::spawn(async move {
            let mut seq = 0;
            while !stop.load(Ordering::Relaxed) {
                for _ in 0..5 {
                    seq += 1;
                    for room in &rooms {
                        writer.publish(said(room, seq)).await;
                    }
                }
                writer.0.settle().await.unwrap();
                tell.send_replace(seq);
                // A subscription that is not read while a change is made holds 32 768 notes: some 10 000 a second are
                // far from that.
                sleep(Duration::from_millis(2)).await;
            }
            seq
        });
        Self { enough, said: progress, work }
    }

    async fn says_more(&mut self) {
        let goal = *self.said.borrow() + 1;
        timeout(HANG, self.said.wait_for(|said| *said >= goal)).await.expect("nothing is said").unwrap();
    }

    /// The last that was said in each room.
    async fn ends(self) -> u64 {
        self.enough.store(true, Ordering::Relaxed);
        timeout(HANG, self.work).await.expect("the talker hangs").unwrap()
    }
}

/// What is heard, checked as it comes: each seq follows on the last of its room, or has been heard before.
struct Listener {
    heard: mpsc::Receiver<bus::Heard>,
    last: HashMap<String, u64>,
}

impl Listener {
    fn new(heard: mpsc::Receiver<bus::Heard>, rooms: &[String]) -> Self {
        Self { heard, last: rooms.iter().map(|name| (name.clone(), 0)).collect() }
    }

    /// Hears until each room has come to a seq, which is told later.
    async fn hears_up_to(mut self, mut goal: oneshot::Receiver<u64>) -> Self {
        let mut up_to = u64::MAX;
        while self.last.values().any(|last| *last < up_to) {
            tokio::select! {
                heard = self.heard.recv() => self.hear(heard.unwrap().note),
                goal = &mut goal, if up_to == u64::MAX => up_to = goal.unwrap(),
            }
        }
        self
    }

    fn hear(&mut self, note: Note) {
        let Note::Events(events) = note else { panic!("{note:?}") };
        let (name, seq) = (events.room.as_str(), events.events[0].seq.get());
        let last = self.last.get_mut(name).unwrap_or_else(|| panic!("nobody listens to {name} here"));
        assert!(seq <= *last + 1, "{name}: {seq} came behind {last}");
        *last = seq.max(*last);
    }
}

pub(crate) async fn rooms_that_come_and_go_take_nothing_from_those_that_stay(road: Road) {
    let (writer, gateway) = (road.join().await, gateway(&road).await);
    let rooms = rooms(40);
    let (kept, foreign, others) = (&rooms[..3], &rooms[3..4], &rooms[4..]);
    let (into, heard) = mpsc::channel(32_768);
    let _listening = listen(&gateway, kept, &into).await;
    gateway.0.settle().await.unwrap();
    let (told, goal) = oneshot::channel();
    let listener = tokio::spawn(Listener::new(heard, kept).hears_up_to(goal));
    let mut talker = Talker::start(writer, [kept, foreign].concat());
    for _ in 0..TIMES {
        let (unheard, _nobody) = mpsc::channel(1);
        let many = listen(&gateway, others, &unheard).await;
        until_whole(&road, true).await;
        talker.says_more().await;
        drop(many);
        until_whole(&road, false).await;
        talker.says_more().await;
    }
    let last = talker.ends().await;
    assert!(last >= 50, "only {last} were said");
    told.send(last).unwrap();
    timeout(HANG, listener).await.expect("the last was not heard").unwrap();
    assert_eq!(gateway.0.link().borrow().losses, 0);
}

pub(crate) async fn what_came_before_a_change_is_heard_before_what_comes_after_it(road: Road) {
    const EACH: u64 = 100;
    let (writer, gateway) = (road.join().await, gateway(&road).await);
    let rooms = rooms(40);
    // Its owner does not read yet, so its own subscription has a backlog when the partition is listened to.
    let (into, heard) = mpsc::channel(if matches!(road, Road::Nats(_)) { 1 } else { 1024 });
    let mut listening = listen(&gateway, &rooms[..1], &into).await;
    gateway.0.settle().await.unwrap();
    for seq in 1..=EACH {
        writer.publish(said(&rooms[0], seq)).await;
    }
    writer.0.settle().await.unwrap();
    gateway.0.settle().await.unwrap();
    let (unheard, _nobody) = mpsc::channel(1);
    listening.extend(listen(&gateway, &rooms[1..], &unheard).await);
    until_listened(&road, "parlor.room.7.*").await;
    for seq in EACH + 1..=2 * EACH {
        writer.publish(said(&rooms[0], seq)).await;
    }
    // The change has all the time that it may want before anybody reads: it must wait for the backlog.
    sleep(Duration::from_millis(500)).await;
    let (told, goal) = oneshot::channel();
    told.send(2 * EACH).unwrap();
    let hears = Listener::new(heard, &rooms[..1]).hears_up_to(goal);
    timeout(HANG, hears).await.expect("the last was not heard");
}

pub(crate) async fn a_partition_that_is_listened_to_is_heard_again_after_a_cut(mut road: Road) {
    let (writer, gateway) = (road.join().await, gateway(&road).await);
    let rooms = rooms(40);
    let (into, heard) = mpsc::channel(1024);
    let mut listening = listen(&gateway, &rooms[..20], &into).await;
    until_whole(&road, true).await;
    road.cut();
    gateway.until(|link| !link.connected).await;
    // Those who come and go meanwhile change nothing, and those who come are heard.
    listening.extend(listen(&gateway, &rooms[20..], &into).await);
    listening.drain(..10);
    road.restore().await;
    for person in [&gateway, &writer] {
        person.until(|link| link.connected).await;
        person.0.settle().await.unwrap();
    }
    for name in &rooms {
        writer.publish(said(name, 1)).await;
    }
    let (told, goal) = oneshot::channel();
    told.send(1).unwrap();
    let hears = Listener::new(heard, &rooms[10..]).hears_up_to(goal);
    timeout(HANG, hears).await.expect("a room is not heard");
}

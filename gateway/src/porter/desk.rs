//! The porter's loop: takes errands and news, and hands them to the rooms and channels.

mod channels;
mod rooms;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bus::{GatewayBeat, Heard, Link, LiveNews, News, Note};
use chat::{ChannelName, Clock, ConnectionName, Moment, Place, RoomId, Stay, StayId, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::callers::Callers;
use super::channel::Channel;
use super::post::{self, LETTERS_MAX, Letter};
use super::shelf::Shelf;
use super::{Errand, GOODBYE_WITHIN, Parts, Passing, guest};
use crate::neighbours::Others;
use crate::presence::{Asker, BEAT_EVERY, Beginning, Gateways, Room, Rules};
use crate::switchboard::{Due, Told};

/// How many notes wait between the bus and this loop.
const NEWS_MAX: usize = 8192;
/// How many are taken from a queue at once.
const AT_ONCE: usize = 256;
/// How often it is looked whether other gateways live.
const TICK: Duration = Duration::from_millis(250);

/// The one who works here. Lives in the porter's task.
pub(super) struct Desk {
    me: u64,
    others: watch::Sender<Others>,
    rules: Rules,
    clock: Arc<dyn Clock>,
    link: watch::Receiver<Link>,
    /// Boxed: the table has up to twice as many places as rooms.
    rooms: HashMap<RoomId, Box<Room>>,
    /// How many of the rooms nobody needs.
    lingering: usize,
    channels: HashMap<ChannelName, Box<Channel>>,
    /// The most channels.
    channels_max: usize,
    /// What was broadcast last in them, where that is kept.
    shelf: Shelf,
    /// How many losses of the bus there were when what is kept elsewhere was asked for last.
    losses: u64,
    gateways: Gateways,
    due: Due<Place>,
    /// How many rooms and channels were begun, and how many stays.
    begun: u64,
    stays_begun: u64,
    /// The time of the last broadcast of this gateway: each has a later one.
    last_broadcast: Timestamp,
    callers: Callers,
    beat_at: Instant,
    was_connected: bool,
    shards: Vec<mpsc::Sender<Vec<Told>>>,
    outgoing: Vec<Vec<Told>>,
    letters: Vec<Letter>,
    letter_box: mpsc::Sender<Letter>,
    post: JoinHandle<()>,
    news: mpsc::Receiver<Heard>,
}

impl Desk {
    pub(super) fn new(parts: &Parts, rules: Rules) -> Self {
        let (letter_box, letters) = mpsc::channel(LETTERS_MAX);
        let (news_in, news) = mpsc::channel(NEWS_MAX);
        Self {
            me: parts.me,
            others: parts.others.clone(),
            rules,
            clock: Arc::clone(&parts.clock),
            link: parts.bus.link(),
            rooms: HashMap::new(),
            lingering: 0,
            channels: HashMap::new(),
            channels_max: parts.channels.channels_max,
            shelf: Shelf::new(parts.channels.shelf),
            losses: 0,
            gateways: Gateways::new(rules.grace),
            due: Due::default(),
            begun: 0,
            stays_begun: 0,
            last_broadcast: Timestamp::from_micros(0),
            callers: Callers::default(),
            beat_at: Instant::now(),
            was_connected: false,
            outgoing: parts.told.iter().map(|_| Vec::new()).collect(),
            shards: parts.told.clone(),
            letters: Vec::new(),
            letter_box,
            post: spawn_local(post::work(Arc::clone(&parts.bus), letters, news_in)),
            news,
        }
    }

    /// Works until `shutdown`, or until no shard is left. Runs within a `LocalSet`.
    pub(super) async fn run(
        mut self,
        mut errands: mpsc::Receiver<(usize, Errand)>,
        shutdown: CancellationToken,
    ) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut asked, mut heard) = (Vec::with_capacity(AT_ONCE), Vec::with_capacity(AT_ONCE));
        loop {
            let due = self.due.next().unwrap_or_else(|| Instant::now() + TICK);
            let mut ticked = false;
            // Biased: what is ahead of the queues is rare, and each of them is looked at every time.
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                _ = ticks.tick() => ticked = true,
                count = self.news.recv_many(&mut heard, AT_ONCE) => if count == 0 { break },
                count = errands.recv_many(&mut asked, AT_ONCE) => if count == 0 { break },
                () = sleep_until(due) => {}
            }
            take_more(&mut self.news, &mut heard);
            take_more(&mut errands, &mut asked);
            let now = Instant::now();
            heard.drain(..).for_each(|heard: Heard| self.hear(heard.note, now));
            asked.drain(..).for_each(|(shard, errand)| self.serve(shard, errand, now));
            // What has come is read before anybody is found missing.
            if ticked {
                self.tick(now);
            }
            while let Some(place) = self.due.take(now) {
                self.look(&place, now);
            }
            self.flush().await;
        }
        self.say_goodbye().await;
    }

    async fn flush(&mut self) {
        for letter in self.letters.drain(..) {
            // Its task ends with this one.
            let _gone = self.letter_box.send(letter).await;
        }
        for (shard, outgoing) in self.shards.iter().zip(&mut self.outgoing) {
            if !outgoing.is_empty() {
                // A shard that is gone is a gateway that is going.
                let _gone = shard.send(std::mem::take(outgoing)).await;
            }
        }
    }

    async fn say_goodbye(mut self) {
        self.letters.push(Letter::Tell(self.beat(true)));
        let said = async {
            self.flush().await;
            drop(self.letter_box);
            let _ended = self.post.await;
        };
        let _in_time = timeout(GOODBYE_WITHIN, said).await;
    }

    fn beat(&self, leaving: bool) -> Note {
        Note::Gateway(GatewayBeat { gateway: self.me, leaving })
    }

    fn tick(&mut self, now: Instant) {
        let link = *self.link.borrow_and_update();
        // Whoever was not heard until now is not to be taken for absent for as long as a beat takes.
        if link.connected && !self.was_connected {
            self.beat_at = now;
        }
        self.was_connected = link.connected;
        for gone in self.gateways.tick(link.connected, now) {
            tracing::info!(gateway = gone, "another gateway is gone");
            self.rooms_lose(gone, now);
            self.channels_lose(gone, now);
        }
        let known: Others = self.gateways.known().map(Arc::from);
        self.others.send_if_modified(|others| std::mem::replace(others, known.clone()) != known);
        if self.beat_at <= now {
            self.beat_at = now + BEAT_EVERY;
            self.letters.push(Letter::Tell(self.beat(false)));
        }
        self.tidy_shelf(now);
        if link.connected && std::mem::replace(&mut self.losses, link.losses) != link.losses {
            self.ask_for_kept();
        }
        self.callers.sweep();
    }

    fn look(&mut self, place: &Place, now: Instant) {
        let alone = self.gateways.is_alone();
        match place {
            Place::Room(room) => self.with_room(room, now, |room, now, fx| room.look(alone, now, fx)),
            Place::Channel(channel) => {
                self.with_channel(channel, now, |channel, now, fx| channel.look(alone, now, fx));
            }
        }
    }

    fn hear(&mut self, note: Note, now: Instant) {
        match note {
            Note::Gateway(beat) if beat.gateway == self.me => {}
            Note::Gateway(beat) if beat.leaving => self.gateways.leaves(beat.gateway),
            Note::Gateway(beat) => self.meet(beat.gateway),
            Note::Live(told) if told.gateway == self.me => self.hear_oneself(&told, now),
            Note::Live(told) => {
                self.meet(told.gateway);
                let (gateway, news) = (told.gateway, told.news);
                match told.place {
                    Place::Room(room) => {
                        self.with_room(&room, now, |room, now, fx| room.hear(gateway, news, now, fx));
                    }
                    Place::Channel(channel) => self.hear_of_channel(&channel, gateway, news, now),
                }
            }
            Note::Events(_) | Note::Heads(..) | Note::Beat(_) => {}
        }
    }

    /// Who is new is told at once that this gateway is there, too.
    fn meet(&mut self, gateway: u64) {
        if self.gateways.heard(gateway) {
            self.letters.push(Letter::Tell(self.beat(false)));
        }
    }

    fn serve(&mut self, shard: usize, errand: Errand, now: Instant) {
        match errand {
            Errand::Watch { room, watches: false } => {
                self.with_room(&room, now, |room, now, fx| room.watch(shard, false, now, fx));
            }
            Errand::Watch { room, watches: true } => {
                self.with_opened(&room, now, |room, now, fx| room.watch(shard, true, now, fx));
            }
            Errand::Enter { connection, room, user } => {
                let (guest, stay) = (guest(shard, connection), self.begin_stay());
                self.with_opened(&room, now, |room, now, fx| room.enter(guest, &user, None, stay, now, fx));
            }
            Errand::Exit { connection, room, parting } => {
                let guest = guest(shard, connection);
                self.with_room(&room, now, |room, now, fx| room.exit(guest, parting, now, fx));
            }
            Errand::Roster { to, room } => {
                let asker = Asker::Roster { shard, to };
                self.with_opened(&room, now, |room, now, fx| room.ask(asker, now, fx));
            }
            Errand::Who { connection, ask, room } => {
                let asker = Asker::Who { shard, connection, ask };
                self.with_opened(&room, now, |room, now, fx| room.ask(asker, now, fx));
            }
            Errand::Headcounts { rooms, reply } => {
                let users = |room| self.rooms.get(room).map(|room| room.count().users);
                let _gone = reply.send(rooms.iter().map(users).collect());
            }
            Errand::Whisper { place, by, whisper, except } => {
                if !self.gateways.is_alone() {
                    self.publish(&place, News::Whisper { by: by.clone(), whisper: whisper.clone() });
                }
                self.pass(&place, Moment::Whisper { by, whisper }, Some(except));
            }
            Errand::TuneIn { to, channel, member } => self.tune_in(shard, to, &channel, member, now),
            Errand::TuneOut { connection, channel, parting } => {
                let guest = guest(shard, connection);
                self.with_channel(&channel, now, |channel, now, fx| {
                    channel.tune_out(guest, parting, now, fx);
                });
            }
            Errand::Broadcast { broadcasting, reply } => {
                let _gone = reply.send(self.broadcast(broadcasting, now));
            }
            Errand::Occupied { prefix, reply } => {
                let _gone = reply.send(self.occupied(&prefix));
            }
            Errand::Kept { channel, reply } => {
                let _gone = reply.send(self.shelf.get(&channel, now).cloned());
            }
            Errand::Members { channel, reply } => {
                if let Some(asker) = self.callers.add(reply) {
                    self.ask_in_channel(&channel, asker, now);
                }
            }
            Errand::MembersOfRoom { room, reply } => {
                if let Some(asker) = self.callers.add(reply) {
                    self.with_opened(&room, now, |room, now, fx| room.ask(asker, now, fx));
                }
            }
        }
    }

    fn begin_stay(&mut self) -> Stay {
        self.stays_begun += 1;
        let id = StayId { gateway: self.me, number: self.stays_begun };
        Stay { id, since: self.clock.now() }
    }

    /// What a room or a channel begins with.
    fn beginning(&mut self) -> Beginning {
        self.begun += 1;
        Beginning { me: self.me, incarnation: self.begun, shards: self.shards.len(), spread: rand::random() }
    }

    /// Tells the shards that watch a room, or listen to a channel.
    fn pass(&mut self, place: &Place, moment: Moment, except: Option<ConnectionName>) {
        let passing = Passing { place: place.clone(), moment: Arc::new(moment), except };
        let outgoing = &mut self.outgoing;
        let tell = |shard: usize| outgoing[shard].push(Told::Passed(passing.clone()));
        match place {
            Place::Room(room) => {
                self.rooms.get(room).into_iter().flat_map(|room| room.watchers()).for_each(tell);
            }
            Place::Channel(name) => {
                self.channels.get(name).into_iter().flat_map(|channel| channel.listeners()).for_each(tell);
            }
        }
    }

    fn publish(&mut self, place: &Place, news: News) {
        let told = LiveNews { place: place.clone(), gateway: self.me, news };
        self.letters.push(Letter::Tell(Note::Live(told)));
    }
}

/// Takes what stands in a queue: at most [`AT_ONCE`] in all.
fn take_more<T>(queue: &mut mpsc::Receiver<T>, taken: &mut Vec<T>) {
    while taken.len() < AT_ONCE
        && let Ok(next) = queue.try_recv()
    {
        taken.push(next);
    }
}

#[cfg(test)]
mod tests;

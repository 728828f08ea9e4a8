//! The porter's loop: takes errands and news, and carries out what the rooms want done.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use bus::{GatewayBeat, Heard, Link, News, Note, RoomNews};
use chat::{Clock, Moment, RoomId, Stay, StayId};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::post::{self, LETTERS_MAX, Letter};
use super::{Errand, GOODBYE_WITHIN, Parts, Passing};
use crate::presence::{Asker, BEAT_EVERY, Beginning, Effect, Gateways, Guest, Room, Rules};
use crate::session::ReadAnswer;
use crate::switchboard::{Due, Told};

/// How many notes wait between the bus and this loop.
const NEWS_MAX: usize = 8192;
/// How many are taken from a queue at once.
const AT_ONCE: usize = 256;
/// How often it is looked whether other gateways live.
const TICK: Duration = Duration::from_millis(250);
/// How many rooms that nobody needs any more may linger.
const LINGERING_MAX: usize = 4096;

/// The one who works here. Lives in the porter's task.
pub(super) struct Desk {
    me: u64,
    rules: Rules,
    clock: Arc<dyn Clock>,
    link: watch::Receiver<Link>,
    /// Boxed: the table has up to twice as many places as rooms.
    rooms: HashMap<RoomId, Box<Room>>,
    /// How many of the rooms nobody needs.
    lingering: usize,
    gateways: Gateways,
    due: Due,
    /// How many rooms were begun, and how many stays.
    rooms_begun: u64,
    stays_begun: u64,
    beat_at: Instant,
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
            me: rand::random(),
            rules,
            clock: Arc::clone(&parts.clock),
            link: parts.bus.link(),
            rooms: HashMap::new(),
            lingering: 0,
            gateways: Gateways::new(rules.grace),
            due: Due::default(),
            rooms_begun: 0,
            stays_begun: 0,
            beat_at: Instant::now(),
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
            let alone = self.gateways.is_alone();
            while let Some(room) = self.due.take(now) {
                self.with_room(&room, now, |room, now, fx| room.look(alone, now, fx));
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
        let connected = self.link.borrow_and_update().connected;
        for gone in self.gateways.tick(connected, now) {
            tracing::info!(gateway = gone, "another gateway is gone");
            let rooms: Vec<_> = self.rooms.keys().cloned().collect();
            for room in rooms {
                self.with_room(&room, now, |room, now, fx| room.lose(gone, now, fx));
            }
        }
        if self.beat_at <= now {
            self.beat_at = now + BEAT_EVERY;
            self.letters.push(Letter::Tell(self.beat(false)));
        }
    }

    fn hear(&mut self, note: Note, now: Instant) {
        match note {
            Note::Gateway(beat) if beat.gateway == self.me => {}
            Note::Gateway(beat) if beat.leaving => self.gateways.leaves(beat.gateway),
            Note::Gateway(beat) => self.meet(beat.gateway),
            Note::Live(told) if told.gateway != self.me => {
                self.meet(told.gateway);
                let (gateway, news) = (told.gateway, told.news);
                self.with_room(&told.room, now, |room, now, fx| room.hear(gateway, news, now, fx));
            }
            Note::Live(_) | Note::Events(_) | Note::Heads(..) | Note::Beat(_) => {}
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
                self.stays_begun += 1;
                let id = StayId { gateway: self.me, number: self.stays_begun };
                let stay = Stay { id, since: self.clock.now() };
                let guest = guest(shard, connection);
                self.with_opened(&room, now, |room, now, fx| room.enter(guest, &user, stay, now, fx));
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
            Errand::Whisper { connection, room, by, whisper } => {
                if !self.gateways.is_alone() {
                    let news = News::Whisper { by: by.clone(), whisper: whisper.clone() };
                    self.publish(&room, news);
                }
                self.pass(&room, Moment::Whisper { by, whisper }, Some(guest(shard, connection)));
            }
        }
    }

    /// Lets a room do something that is begun with if it is not there: listened to first, so that nothing that is told
    /// because of it is missed.
    fn with_opened(
        &mut self,
        id: &RoomId,
        now: Instant,
        act: impl FnOnce(&mut Room, Instant, &mut Vec<Effect>),
    ) {
        if let Entry::Vacant(place) = self.rooms.entry(id.clone()) {
            self.rooms_begun += 1;
            let at = Beginning {
                me: self.me,
                incarnation: self.rooms_begun,
                shards: self.shards.len(),
                spread: rand::random(),
            };
            let mut effects = Vec::new();
            let room = Room::open(at, self.rules, self.gateways.is_alone(), now, &mut effects);
            place.insert(Box::new(room));
            self.lingering += 1;
            self.letters.push(Letter::Listen(id.clone()));
            self.carry_out(id, effects);
        }
        self.with_room(id, now, act);
    }

    fn with_room(
        &mut self,
        id: &RoomId,
        now: Instant,
        act: impl FnOnce(&mut Room, Instant, &mut Vec<Effect>),
    ) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        let mut effects = Vec::new();
        let lingered = room.is_needless();
        act(room, now, &mut effects);
        let lingers = room.is_needless();
        self.lingering = self.lingering + usize::from(lingers) - usize::from(lingered);
        // Also one that was asked about and answered at once: it was never needed.
        if lingers && self.lingering > LINGERING_MAX {
            effects.push(Effect::Close);
        }
        self.carry_out(id, effects);
    }

    fn carry_out(&mut self, id: &RoomId, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Tell(moment, except) => self.pass(id, moment, except),
                Effect::Publish(news) => self.publish(id, news),
                Effect::Answer(Asker::Roster { shard, to }, roster) => {
                    self.outgoing[shard].push(Told::Roster { to, roster: Arc::new(roster) });
                }
                Effect::Answer(Asker::Who { shard, connection, ask }, roster) => {
                    let answer = Ok(ReadAnswer::Who(roster));
                    self.outgoing[shard].push(Told::Read { connection, ask, answer });
                }
                Effect::Look(at) => self.due.at(at, id),
                Effect::Close => {
                    if self.rooms.remove(id).is_some() {
                        self.lingering -= 1;
                        self.letters.push(Letter::Ignore(id.clone()));
                    }
                }
            }
        }
    }

    /// Tells the shards that watch a room.
    fn pass(&mut self, id: &RoomId, moment: Moment, except: Option<Guest>) {
        let Some(room) = self.rooms.get(id) else { return };
        let moment = Arc::new(moment);
        for shard in room.watchers() {
            let except = except.filter(|guest| usize::from(guest.shard) == shard);
            let except = except.map(|guest| guest.connection);
            let passing = Passing { room: id.clone(), moment: Arc::clone(&moment), except };
            self.outgoing[shard].push(Told::Passed(passing));
        }
    }

    fn publish(&mut self, room: &RoomId, news: News) {
        let told = RoomNews { room: room.clone(), gateway: self.me, news };
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

fn guest(shard: usize, connection: crate::switchboard::ConnectionKey) -> Guest {
    let shard = u16::try_from(shard).unwrap_or_else(|_| unreachable!("there are fewer cores than that"));
    Guest { shard, connection }
}

#[cfg(test)]
mod tests;

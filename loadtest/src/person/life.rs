//! A person's life: connect, converse, come back.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval_at, sleep, sleep_until};

use super::silence::{Doubt, Silence};
use super::state::{Person, Rejected, Scene};
use crate::crowd::Shared;
use crate::socket::{Read, Socket};
use crate::tally::Tally;

/// How often a sender looks whether something is to be repeated, and others whether they leave or return.
const TICK_OF_SENDERS: Duration = Duration::from_millis(200);
/// How often the others look whether their connection has gone quiet.
const TICK: Duration = Duration::from_secs(5);
/// The first and the longest pause before coming back, where the server names none: as the protocol asks for.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// What the people of one worker thread share. No borrow is held while anything is awaited.
pub(crate) struct Surroundings {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tally: RefCell<Tally>,
    /// What is read from any connection comes here first.
    pub(crate) scratch: RefCell<Vec<u8>>,
}

/// Why a conversation is over.
enum Ending {
    /// The run is over.
    Stopped,
    /// The connection broke, for this reason.
    Broken(String),
    /// The load tester has cut all connections.
    Cut,
    /// There is no way in.
    Rejected(String),
}

/// One client from its first connection to the end of the run.
struct Life {
    person: Rc<RefCell<Person>>,
    number: u32,
    around: Rc<Surroundings>,
    orders: mpsc::Receiver<u32>,
    /// Which target comes next, and how many attempts in a row have failed.
    target: usize,
    failures: u32,
    /// When its first connection was to be opened.
    planned: Instant,
    connected: bool,
    arrived: bool,
    /// Since when it has missed something, if it does: since its connection broke, and until it has come back and
    /// has all that there was then.
    away_since: Option<Instant>,
}

/// Lives until the run is over, or until the connection breaks and nobody wants it back.
pub(crate) async fn live(
    person: Rc<RefCell<Person>>,
    number: u32,
    around: Rc<Surroundings>,
    orders: mpsc::Receiver<u32>,
) {
    let target = number as usize;
    let shared = around.shared.clone();
    let planned = shared.opened + shared.connect.ramp.mul_f64(f64::from(number));
    let mut life = Life {
        person,
        number,
        around,
        orders,
        target,
        failures: 0,
        planned,
        connected: false,
        arrived: false,
        away_since: None,
    };
    tokio::select! {
        () = shared.stop.cancelled() => return,
        () = sleep_until(planned.into()) => {}
    }
    loop {
        let pause = match life.visit().await {
            Ending::Stopped => return,
            Ending::Rejected(why) => {
                shared.fail(why);
                return;
            }
            Ending::Broken(why) => {
                if !life.may_return(&why) {
                    life.person.borrow_mut().give_up();
                    return;
                }
                life.pause()
            }
            Ending::Cut => life.cut(),
        };
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = sleep(pause) => {}
        }
        life.target += 1;
    }
}

impl Life {
    /// One connection, from the handshake to its end.
    async fn visit(&mut self) -> Ending {
        let stop = self.around.shared.stop.clone();
        let socket = tokio::select! {
            () = stop.cancelled() => return Ending::Stopped,
            socket = self.connect() => socket,
        };
        match socket {
            Ok((socket, token)) => {
                if !std::mem::replace(&mut self.connected, true) {
                    self.around.tally.borrow_mut().arrivals.connected.record(self.planned.elapsed());
                }
                self.person.borrow_mut().connect();
                self.around.shared.connections.fetch_add(1, Ordering::Relaxed);
                let ending = self.converse(socket, token).await;
                self.around.shared.connections.fetch_sub(1, Ordering::Relaxed);
                ending
            }
            Err(ending) => ending,
        }
    }

    /// The connection, and the token that it was made with.
    async fn connect(&self) -> Result<(Socket, String), Ending> {
        let shared = &self.around.shared;
        let target = &shared.connect.targets[self.target % shared.connect.targets.len()];
        let token = shared.tokens.of(self.number).await;
        let token = token.map_err(|error| Ending::Rejected(format!("{error:#}")))?;
        let _turn = shared.handshakes.acquire().await.map_err(|_| Ending::Stopped)?;
        let plan = &shared.plan;
        let home = plan.room_name(plan.layout.home(self.number, plan.rooms));
        let target =
            target.filled(&[("{token}", &token), ("{user}", &plan.user(self.number)), ("{room}", &home)]);
        let subprotocols = plan.speech.subprotocols(&token);
        let socket = Socket::connect(&target, &subprotocols, plan.speech.terms().origin).await;
        socket
            .map(|socket| (socket, token))
            .map_err(|error| Ending::Broken(format!("not connected: {error}")))
    }

    async fn converse(&mut self, mut socket: Socket, token: String) -> Ending {
        let shared = self.around.shared.clone();
        let is_active = shared.is_sender(self.number) || self.person.borrow().has_habits();
        let tick = if is_active { TICK_OF_SENDERS } else { TICK };
        let mut tick = interval_at((Instant::now() + tick).into(), tick);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silence = Silence::begin(Instant::now());
        let round = shared.round();
        if let Err(Rejected(why)) =
            self.with_scene(&mut socket.out, |person, scene| person.greet(token, scene))
        {
            return Ending::Rejected(why);
        }
        self.look_around();
        loop {
            if let Err(error) = socket.write() {
                return Ending::Broken(error.kind().to_string());
            }
            tokio::select! {
                () = round.cancelled() => {
                    if !shared.stop.is_cancelled() {
                        return Ending::Cut;
                    }
                    self.around.tally.borrow_mut().unread_bytes += socket.unread_bytes();
                    socket.close().await;
                    return Ending::Stopped;
                }
                ready = socket.ready() => {
                    if let Err(error) = ready {
                        return Ending::Broken(error.kind().to_string());
                    }
                    match self.read(&mut socket) {
                        Ok(Read::Empty) => {}
                        Ok(Read::Some) => silence.end(Instant::now()),
                        Ok(Read::Ended(why)) => return Ending::Broken(why),
                        Err(Rejected(why)) => return Ending::Rejected(why),
                    }
                    self.look_around();
                }
                Some(message) = self.orders.recv() => {
                    self.with_scene(&mut socket.out, |person, scene| person.tell(message, scene));
                }
                _ = tick.tick() => {
                    self.with_scene(&mut socket.out, Person::tick);
                    let ask_after = self.person.borrow().ping_after;
                    match silence.doubt(Instant::now(), ask_after) {
                        Doubt::None => {}
                        Doubt::Ask => {
                            self.with_scene(&mut socket.out, |_, scene| scene.ask_for_a_sign());
                        }
                        Doubt::Dead => return Ending::Broken("silent".to_owned()),
                    }
                }
            }
        }
    }

    fn read(&self, socket: &mut Socket) -> Result<Read, Rejected> {
        let mut rejected = Ok(());
        let mut scratch = self.around.scratch.borrow_mut();
        let read = socket.read(&mut scratch, |text, out| {
            if rejected.is_ok() {
                rejected = self.with_scene(out, |person, scene| person.hear_all(text, scene));
            }
        });
        if std::mem::take(&mut socket.was_read) {
            self.with_scene(&mut socket.out, Person::was_read);
        }
        rejected.map(|()| read)
    }

    fn with_scene<R>(&self, out: &mut Vec<u8>, act: impl FnOnce(&mut Person, &mut Scene<'_>) -> R) -> R {
        let shared = &self.around.shared;
        let mut tally = self.around.tally.borrow_mut();
        let mut scene = Scene {
            plan: &shared.plan,
            ledger: &shared.ledger,
            tally: &mut tally,
            out,
            now: Instant::now(),
            start: shared.start.get().copied(),
        };
        act(&mut self.person.borrow_mut(), &mut scene)
    }

    /// Says when it has arrived, for the first time or back from a broken connection, or why it has not.
    fn look_around(&mut self) {
        if let Some(trouble) = self.person.borrow_mut().trouble.take() {
            self.around.shared.trouble(trouble);
        }
        if !self.person.borrow().is_ready() {
            return;
        }
        if !self.arrived {
            self.around.shared.arrived.fetch_add(1, Ordering::Relaxed);
            self.around.tally.borrow_mut().arrivals.joined.record(self.planned.elapsed());
        } else if self.failures > 0 {
            self.around.tally.borrow_mut().reconnects += 1;
        }
        (self.arrived, self.failures) = (true, 0);
        if let Some(since) = self.away_since.take_if(|_| self.person.borrow().is_current()) {
            self.around.tally.borrow_mut().absences.add(since, Instant::now());
        }
    }

    /// Whoever has not arrived yet tries again in any case; a connection that breaks later is counted.
    fn may_return(&mut self, why: &str) -> bool {
        let shared = &self.around.shared;
        let bye = self.person.borrow().bye.as_ref().map(|(code, _)| code.clone());
        let why = bye.map_or_else(|| why.to_owned(), |code| format!("{why}, {code}"));
        if self.arrived {
            self.around.tally.borrow_mut().broken.count(&why);
            self.away_since.get_or_insert_with(Instant::now);
        } else {
            self.around.tally.borrow_mut().arrivals.failed.count(&why);
        }
        shared.trouble(why);
        self.failures += 1;
        !self.arrived || shared.connect.comeback.is_some()
    }

    /// It was cut off by the load tester itself. Gives how long it stays away.
    fn cut(&mut self) -> Duration {
        self.around.tally.borrow_mut().broken.count("cut by the load tester");
        self.away_since.get_or_insert_with(Instant::now);
        self.failures += 1;
        let within = self.around.shared.connect.comeback.map(|comeback| comeback.after_a_cut_within);
        within.unwrap_or_default().mul_f64(rand::random())
    }

    fn pause(&self) -> Duration {
        let asked = self.person.borrow().bye.as_ref().and_then(|(_, retry)| *retry);
        let (first, longest) = BACKOFF;
        let doubled = first * 2_u32.saturating_pow(self.failures.saturating_sub(1).min(8));
        // Half of it by chance, so that those who were cut off together do not come back together.
        asked.unwrap_or_else(|| doubled.min(longest).mul_f64(0.5 + 0.5 * rand::random::<f64>()))
    }
}

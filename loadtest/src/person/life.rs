//! A person's life: connect, have a conversation, come back.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until};

use super::state::Person;
use crate::socket::Socket;
use crate::surroundings::Surroundings;

/// The first and the longest pause before coming back, where the server names none: as the protocol asks for.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// Why a conversation is over.
pub(super) enum Ending {
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
pub(super) struct Life {
    pub(super) person: Rc<RefCell<Person>>,
    pub(super) number: u32,
    pub(super) around: Rc<Surroundings>,
    pub(super) orders: mpsc::Receiver<u32>,
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

    /// True while something may come on its connection that is more to it than something heard.
    pub(super) fn is_on_its_way(&self) -> bool {
        !self.arrived || self.failures > 0 || self.away_since.is_some()
    }

    /// Says when it has arrived, for the first time or back from a broken connection, or why it has not.
    pub(super) fn look_around(&mut self) {
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

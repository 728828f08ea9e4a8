//! Who a person is: what it knows, and what it does by itself.

use std::time::{Duration, Instant};

use super::habits::Habits;
use super::membership::Membership;
use super::pace::Pace;
use super::scene::{Rejected, Scene};
use super::sends::Sends;
use crate::audit::{Ledger, Trail};
use crate::plan::Plan;
use crate::speech::Who;

/// When a server says that something is not possible now, and not when it will be.
pub(super) const RETRY: Duration = Duration::from_secs(1);
/// After how much silence a client asks for a sign of life, where the server does not say.
pub(super) const PING_AFTER: Duration = Duration::from_secs(25);

/// One client, whatever connection it has.
#[derive(Debug)]
pub(crate) struct Person {
    pub(super) number: u32,
    /// The id under which it is known.
    user: String,
    token: String,
    /// What the server calls its connection, if it says so.
    pub(super) connection_name: String,
    /// When it said last that it is alive, where that is asked for.
    pub(super) last_heartbeat: Option<Instant>,
    /// True once the server has let it in, on the connection that it has.
    pub(super) welcomed: bool,
    /// By the numbers of the rooms.
    pub(super) rooms: Vec<Membership>,
    pub(super) sends: Sends,
    /// The number after that of the last message that it was told to send.
    pub(super) told_up_to: u32,
    pub(super) habits: Option<Habits>,
    pub(super) pace: Pace,
    /// How many messages a second the plan has for it.
    pub(super) sends_per_s: f64,
    /// Counts its connections.
    pub(super) connection: u32,
    /// Whether it comes back and repeats what was not answered.
    pub(super) returns: bool,
    /// True once it has given up: it will see and say nothing more.
    gone: bool,
    /// After how much silence it asks for a sign of life.
    pub(crate) ping_after: Duration,
    /// Why it was not let into a room yet, to be said if it never is.
    pub(crate) trouble: Option<String>,
    /// What the server said when it was about to close: why, and when to come back.
    pub(crate) bye: Option<(String, Option<Duration>)>,
}

impl Person {
    /// A person of the plan that is to send so many messages.
    pub(crate) fn new(plan: &Plan, number: u32, sends: u32, returns: bool) -> Self {
        let mut rooms = plan.rooms_of(number);
        rooms.sort_unstable();
        Self {
            rooms: rooms.into_iter().map(Membership::new).collect(),
            number,
            user: plan.user(number),
            token: String::new(),
            connection_name: String::new(),
            last_heartbeat: None,
            welcomed: false,
            told_up_to: 0,
            habits: plan.customs.map(|customs| Habits::new(customs, number)),
            sends: Sends::planned(sends),
            pace: Pace::new(0, Instant::now()),
            sends_per_s: f64::from(sends) / (plan.warm_up + plan.duration).as_secs_f64().max(1.0),
            connection: 0,
            returns,
            gone: false,
            ping_after: PING_AFTER,
            trouble: None,
            bye: None,
        }
    }

    /// It has a new connection and waits for the welcome.
    pub(crate) fn connect(&mut self) {
        self.connection += 1;
        self.bye = None;
        self.welcomed = false;
        self.last_heartbeat = None;
        self.connection_name.clear();
        for membership in &mut self.rooms {
            membership.disconnected();
        }
    }

    /// It introduces itself on its new connection.
    ///
    /// # Errors
    /// As for [`Self::hear`].
    pub(crate) fn greet(&mut self, token: String, scene: &mut Scene<'_>) -> Result<(), Rejected> {
        self.token = token;
        let greeting = scene.plan.speech.greet(&self.who());
        scene.say(greeting);
        if scene.plan.speech.terms().welcomes { Ok(()) } else { self.welcomed(None, None, scene) }
    }

    pub(super) fn who(&self) -> Who<'_> {
        Who { user: &self.user, token: &self.token, connection: &self.connection_name }
    }

    /// What it is in this room; `None` if the room is none of its own.
    pub(super) fn in_room(&mut self, room: u32) -> Option<&mut Membership> {
        let place = self.rooms.binary_search_by_key(&room, |membership| membership.room).ok()?;
        self.rooms.get_mut(place)
    }

    /// It wants to be in all of its rooms.
    pub(super) fn want_in(&mut self) {
        self.rooms.iter_mut().filter(|membership| !membership.is_inside()).for_each(Membership::want_in);
    }

    /// In how many rooms it is to ask to be let in when it has its turn.
    pub(crate) fn joins_wanted(&self) -> usize {
        self.rooms.iter().filter(|membership| membership.wants_in()).count()
    }

    /// True if it has asked to be let into a room and was not answered yet.
    pub(crate) fn is_joining(&self) -> bool {
        self.rooms.iter().any(Membership::has_asked)
    }

    /// It has its turn: it asks to be let into so many of the rooms where it wants to be.
    pub(crate) fn ask_to_join(&mut self, at_most: usize, scene: &mut Scene<'_>) {
        let who = Who { user: &self.user, token: &self.token, connection: &self.connection_name };
        let mut asked = 0;
        for membership in self.rooms.iter_mut().filter(|membership| membership.wants_in()).take(at_most) {
            membership.ask_to_join(&who, scene);
            asked += 1;
        }
        // Where nobody says that a room is joined, a server that has come to the ping behind has come to the joins.
        if asked > 0 && !scene.plan.speech.terms().answers_joins {
            scene.ping();
        }
    }

    /// It will not come back.
    pub(crate) fn give_up(&mut self) {
        self.gone = true;
    }

    /// True if it has joined all of its rooms on the connection that it has, or was let in and has none.
    pub(crate) fn is_ready(&self) -> bool {
        if self.rooms.is_empty() { self.welcomed } else { self.rooms.iter().all(Membership::is_inside) }
    }

    /// True if it has joined all of its rooms, and has seen all that there was when it did.
    pub(crate) fn is_current(&self) -> bool {
        self.rooms.iter().all(Membership::is_current)
    }

    /// True if nothing more is to be waited for: all is said and answered, and all that was said in its rooms heard.
    pub(crate) fn is_settled(&self, ledger: &Ledger) -> bool {
        let whole = |m: &Membership| m.trail.as_ref().is_some_and(|t| t.is_whole_up_to(ledger.head(m.room)));
        self.gone || (self.sends.are_settled() && self.rooms.iter().all(whole))
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, scene: &mut Scene<'_>) {
        self.rooms.iter_mut().for_each(|membership| membership.tick(scene.now));
        self.keep_alive(scene);
        self.say_what_is_due(scene);
        self.come_and_go(scene);
    }

    /// What each of its subscriptions has seen, with the number of the room.
    pub(crate) fn trails(&self) -> impl Iterator<Item = (u32, Option<&Trail>)> {
        self.rooms.iter().map(|membership| (membership.room, membership.trail.as_ref()))
    }

    /// How many messages it was to send and did not, how many have no final answer, and how many took a place before
    /// one that it had sent earlier.
    pub(crate) fn sends(&self) -> (u64, u64, u64) {
        (self.sends.unsent(), self.sends.unknown(), self.sends.disorder())
    }
}

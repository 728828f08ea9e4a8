//! What a person knows and decides.

use std::time::{Duration, Instant};

use chat::Code;
use websocket::{Opcode, masked_frame_into};

use super::habits::Habits;
use super::membership::Membership;
use super::pace::Pace;
use super::sends::Sends;
use crate::audit::{Ledger, Sight, Trail};
use crate::plan::Plan;
use crate::speech::{Heard, Who};
use crate::stamp::Stamp;
use crate::tally::{Tally, Timed};

/// When a server says that something is not possible now, and not when it will be.
pub(super) const RETRY: Duration = Duration::from_secs(1);
/// After how much silence a client asks for a sign of life, where the server does not say.
const PING_AFTER: Duration = Duration::from_secs(25);

/// One client, whatever connection it has.
#[derive(Debug)]
pub(crate) struct Person {
    pub(super) number: u32,
    /// The id under which it is known.
    user: String,
    token: String,
    /// What the server calls its connection, if it says so.
    connection_name: String,
    /// When it said last that it is alive, where that is asked for.
    pub(super) last_heartbeat: Option<Instant>,
    /// True once the server has let it in, on the connection that it has.
    welcomed: bool,
    pub(super) rooms: Vec<Membership>,
    pub(super) sends: Sends,
    /// The number after that of the last message that it was told to send.
    pub(super) told_up_to: u32,
    pub(super) habits: Option<Habits>,
    pub(super) pace: Pace,
    /// How many messages a second the plan has for it.
    sends_per_s: f64,
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

/// What a person decides with, and where its words go.
pub(crate) struct Scene<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) ledger: &'a Ledger,
    pub(crate) tally: &'a mut Tally,
    /// Frames to be written, masked.
    pub(crate) out: &'a mut Vec<u8>,
    pub(crate) now: Instant,
    /// When the run began, if it has.
    pub(crate) start: Option<Instant>,
}

impl Scene<'_> {
    /// Says this, if there is something to say.
    pub(super) fn say(&mut self, text: Option<String>) {
        if let Some(text) = text {
            masked_frame_into(self.out, Opcode::Text, text.as_bytes(), rand::random());
        }
    }

    /// Asks for a sign of life.
    pub(crate) fn ask_for_a_sign(&mut self) {
        match self.plan.speech.ping() {
            Some(ping) => self.say(Some(ping)),
            None => self.ping(),
        }
    }

    fn ping(&mut self) {
        masked_frame_into(self.out, Opcode::Ping, b"", rand::random());
    }

    /// How late it is for something that was planned for this time of the run, if that is measured.
    pub(super) fn lateness(&self, planned: Duration) -> Option<Duration> {
        let start = self.start.filter(|_| self.plan.is_measured(planned))?;
        Some(self.now.saturating_duration_since(start + planned))
    }

    /// Something has happened to a message that was planned for this time of the run.
    pub(super) fn time(&mut self, what: Timed, planned: Duration) {
        let Some(start) = self.start else { return };
        let at = self.now.saturating_duration_since(start);
        let measured = self.plan.is_measured(planned);
        self.tally.time(what, at, at.saturating_sub(planned), measured);
    }
}

/// The server will never let this person in: the run makes no sense.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejected(pub(crate) String);

impl Person {
    /// A person of the plan that is to send so many messages.
    pub(crate) fn new(plan: &Plan, number: u32, sends: u32, returns: bool) -> Self {
        Self {
            rooms: plan.rooms_of(number).into_iter().map(Membership::new).collect(),
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

    /// It asks to be let into those of its rooms for which this is so.
    pub(super) fn ask_to_join(&mut self, which: impl Fn(&Membership) -> bool, scene: &mut Scene<'_>) {
        let who = Who { user: &self.user, token: &self.token, connection: &self.connection_name };
        let mut asked = 0;
        for membership in self.rooms.iter_mut().filter(|membership| which(membership)) {
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
        let now = scene.now;
        self.ask_to_join(|membership| membership.rejoin.is_some_and(|at| at <= now), scene);
        self.keep_alive(scene);
        self.say_what_is_due(scene);
        self.come_and_go(scene);
    }

    /// It hears a message of WebSocket: a frame, or in some dialects several.
    ///
    /// # Errors
    /// As for [`Self::hear`].
    pub(crate) fn hear_all(&mut self, text: &str, scene: &mut Scene<'_>) -> Result<(), Rejected> {
        if !scene.plan.speech.terms().lines {
            return self.hear(text, scene);
        }
        text.lines().filter(|line| !line.is_empty()).try_for_each(|line| self.hear(line, scene))
    }

    /// It hears a frame.
    ///
    /// # Errors
    /// If the server will never let it into one of its rooms.
    pub(crate) fn hear(&mut self, frame: &str, scene: &mut Scene<'_>) -> Result<(), Rejected> {
        let speech = &scene.plan.speech;
        match speech.hear(frame) {
            Heard::Welcome { ping_s, sends_per_s, connection } => {
                self.connection_name = connection.unwrap_or_default().into_owned();
                return self.welcomed(ping_s, sends_per_s, scene);
            }
            Heard::LetIn { room } => self.let_in(&room, scene),
            Heard::NotLetIn { room, why } => return Err(self.kept_out(&room, &why, scene)),
            Heard::Said { room, text } => self.heard(room.as_deref(), &text, scene),
            Heard::Taken { message } => self.taken(message, scene),
            Heard::NotTaken { message, why } => self.not_taken(message, &why, scene),
            Heard::Ping => scene.say(speech.pong()),
            Heard::Joined { room, seq, epoch, truncated } => {
                self.joined(&room, seq, &epoch, truncated, scene);
            }
            Heard::Event { room, seq, body } => self.saw(&room, seq, body.as_deref(), scene),
            Heard::Sent { id, seq } => self.acknowledged(&id, seq, scene),
            Heard::Refused { id: Some(id), code, retry_ms, .. } => self.refused(&id, &code, retry_ms, scene),
            Heard::Refused { join: Some(room), code, message, retry_ms, .. } => {
                return self.not_let_in(room, &code, &message, retry_ms, scene);
            }
            Heard::Left { room, code: None } if self.habits.is_some() => {
                if let Some(membership) = self.membership(&room, scene.plan) {
                    membership.left();
                }
            }
            Heard::Page { room } => {
                if let Some(asked) = self.membership(&room, scene.plan).and_then(|m| m.history_asked.take()) {
                    scene.tally.history.record(scene.now.saturating_duration_since(asked));
                }
            }
            Heard::Left { room, code } => {
                let code = code.unwrap_or_default();
                return Err(Rejected(format!("thrown out of {room}: {code}")));
            }
            Heard::Bye { code, retry_ms } => {
                self.bye = Some((code.into_owned(), retry_ms.map(Duration::from_millis)));
            }
            Heard::Refused { .. } | Heard::Unreadable => scene.tally.unreadable += 1,
            Heard::Other => {}
        }
        Ok(())
    }

    fn welcomed(
        &mut self,
        ping_s: Option<u64>,
        sends_per_s: Option<u32>,
        scene: &mut Scene<'_>,
    ) -> Result<(), Rejected> {
        let allowed = sends_per_s.unwrap_or(0);
        if allowed > 0 && self.sends_per_s > f64::from(allowed) {
            let planned = self.sends_per_s;
            return Err(Rejected(format!(
                "a sender is to send {planned:.1} messages/s and the server takes {allowed} of one connection: \
                 more --senders, or a higher limits.sends_per_s there"
            )));
        }
        self.welcomed = true;
        self.pace = Pace::new(allowed, scene.now);
        self.ping_after = ping_s.map_or(PING_AFTER, Duration::from_secs);
        self.ask_to_join(|_| true, scene);
        Ok(())
    }

    fn joined(&mut self, room: &str, seq: u64, epoch: &str, truncated: bool, scene: &mut Scene<'_>) {
        let was_ready = self.is_ready();
        let Some(membership) = self.membership(room, scene.plan) else {
            scene.tally.wrong_room += 1;
            return;
        };
        if membership.trail.is_none() {
            membership.trail = Some(Trail::after(seq));
        } else if membership.epoch != epoch {
            scene.tally.other_epoch += 1;
        }
        membership.epoch = epoch.to_owned();
        membership.joined(seq);
        scene.ledger.advance(membership.room, seq);
        scene.tally.truncated += u64::from(truncated);
        if self.habits.is_some()
            && let Some(membership) = self.membership(room, scene.plan)
        {
            membership.ask_for_history(scene);
        }
        self.set_out(was_ready, scene);
    }

    /// It was let in: where that was the last of its rooms, it says what has waited for it.
    pub(super) fn set_out(&mut self, was_ready: bool, scene: &mut Scene<'_>) {
        if self.is_ready() && !was_ready {
            self.sends.reconnected(scene.now);
            self.say_what_is_due(scene);
        }
    }

    fn saw(&mut self, room: &str, seq: u64, body: Option<&str>, scene: &mut Scene<'_>) {
        let membership = self.membership(room, scene.plan).filter(|membership| !membership.has_left());
        let Some((membership, caught_up, trail)) =
            membership.and_then(|m| Some((m.room, m.caught_up_to, m.trail.as_mut()?)))
        else {
            scene.tally.wrong_room += 1;
            return;
        };
        let ours = body.and_then(Stamp::parse);
        let ours = ours.filter(|stamp| stamp.run == scene.plan.run && scene.plan.has(stamp.message));
        if ours.is_some_and(|stamp| scene.plan.message(stamp.message).room != membership) {
            scene.tally.wrong_room += 1;
            return;
        }
        scene.ledger.advance(membership, seq);
        let sight = trail.see(seq);
        scene.tally.astray += u64::from(sight != Sight::New);
        let Some(stamp) = ours else { return };
        scene.ledger.place(stamp.message, seq);
        if sight != Sight::Again {
            scene.ledger.receive();
        }
        // Who was away by choice finds what was said meanwhile, and not late.
        if sight != Sight::Again && seq > caught_up {
            scene.time(Timed::Delivery, scene.ledger.due(stamp.message, stamp.planned));
        }
    }

    fn not_let_in(
        &mut self,
        room: u32,
        code: &str,
        message: &str,
        retry_ms: Option<u64>,
        scene: &Scene<'_>,
    ) -> Result<(), Rejected> {
        let transient =
            matches!(Code::parse(code), Some(Code::Unavailable | Code::TooMany | Code::GoingAway));
        let why = format!("joining {} was refused: {code}: {message}", scene.plan.room_name(room));
        let membership = self.rooms.iter_mut().find(|membership| membership.room == room);
        let Some(membership) = membership.filter(|_| transient) else { return Err(Rejected(why)) };
        membership.rejoin = Some(scene.now + retry_ms.map_or(RETRY, Duration::from_millis));
        self.trouble = Some(why);
        Ok(())
    }

    fn membership(&mut self, room: &str, plan: &Plan) -> Option<&mut Membership> {
        let room = plan.room_of_name(room)?;
        self.rooms.iter_mut().find(|membership| membership.room == room)
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

//! The session, told what happens and asked what it wants done: no socket, no timer, no waiting.

mod any_order;
mod cable;
mod channels;
mod company;
mod door;
mod endings;
mod greeting;
mod history;
mod joining;
mod life;
mod pace;
mod phoenix;
mod pusher;
mod sending;
mod size;
mod tokens;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chat::{
    Access, Clock, Code, Draft, Epoch, Refusal, RoomId, RoomKind, RoomState, Seq, Stored, Timestamp, User,
    Verdict,
};
use dialect::Frame;
use dialect::native::Native;
use serde_json::{Value, json};
use tokio::time::Instant;
use websocket::{Message, Reader, Role};

use super::*;
use crate::auth::{Pass, Reception, Secret, Settings, Signer, Verifier};
use crate::settings::Limits;

/// What a token grants: patterns and access.
type Granted<'a> = &'a [(&'a str, Access)];

/// One session with its surroundings, all of them given.
struct Scene {
    env: Env,
    clock: Arc<Wall>,
    now: Instant,
    session: Session,
}

/// What a session did upon one input.
#[derive(Debug, Default)]
struct Done {
    /// What it wrote: text frames as JSON, a ping as `"ping"`.
    said: Vec<Value>,
    /// The codes of refusals that it had counted.
    counted: Vec<Code>,
    /// What its subscriptions were to do with the others.
    attends: Vec<(SubId, dialect::Attendance)>,
    /// Everything else.
    wants: Vec<Action>,
}

struct Wall(AtomicI64);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

static AUTH: LazyLock<Settings> = LazyLock::new(|| Settings {
    secret: Some(Secret::new("a secret of thirty-two bytes, ok")),
    leeway: Duration::ZERO,
    ..Settings::default()
});

fn limits() -> Limits {
    Limits { sends_per_s: 0, joins_per_s: 0, ..Limits::default() }
}

impl Scene {
    /// A connection that has not said anything yet.
    fn with(limits: Limits, token: Option<String>) -> Self {
        let clock = Arc::new(Wall(AtomicI64::new(1_795_150_800_000_000)));
        let parts = EnvParts {
            limits,
            presence: crate::settings::Presence::default(),
            auto_create: true,
            reception: Reception::new(Arc::new(Verifier::new(&AUTH).unwrap()), limits.connections_per_user),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            sampling: crate::sampling::Sampling::NONE,
        };
        let env = parts.into_env_with_seed(7);
        let now = Instant::now();
        let session = Session::new(&Native, env.name_connection(), token.map(Credential::Token), &env, now);
        Self { env, clock, now, session }
    }

    /// Ana, identified, with a token that grants nothing in particular.
    fn open() -> Self {
        Self::open_with(limits())
    }

    fn open_with(limits: Limits) -> Self {
        Self::granted(limits, None)
    }

    fn granted(limits: Limits, rooms: Option<Granted<'_>>) -> Self {
        let mut scene = Self::with(limits, None);
        let token = scene.token("ana", rooms, Duration::from_hours(1));
        assert_eq!(scene.says(&json!({"type": "hello", "token": token})).said[0]["type"], "welcome");
        scene
    }

    /// A token that is good from now on.
    fn token(&self, user: &str, rooms: Option<Granted<'_>>, lives: Duration) -> String {
        let rooms =
            rooms.map(|rooms| rooms.iter().map(|(room, access)| ((*room).to_owned(), *access)).collect());
        let pass = Pass { user: User::parse(user, None).unwrap(), lives, rooms, admin: false };
        Signer::new(&AUTH).unwrap().sign(&pass, self.clock.now()).unwrap()
    }

    /// The client says something.
    fn says(&mut self, frame: &Value) -> Done {
        self.says_raw(Frame::Text(&frame.to_string()))
    }

    fn says_raw(&mut self, frame: Frame<'_>) -> Done {
        self.session.on_heard(self.now);
        self.does(|session, env, now, out| session.on_frame(env, now, frame, out))
    }

    fn answer(&mut self, answered: Answered) -> Done {
        self.does(|session, env, now, out| session.on_answer(env, now, answered, out))
    }

    fn restarted(&mut self, sub: SubId, at: &JoinedAt) -> Done {
        self.does(|session, env, now, out| session.on_restarted(env, now, sub, at, out))
    }

    fn dismiss(&mut self, refusal: Refusal) -> Done {
        self.does(|session, env, _, out| session.dismiss(env, refusal, out))
    }

    /// Time passes, looked at every second as a shard does.
    fn pass(&mut self, time: Duration) -> Done {
        let mut done = Done::default();
        let end = self.now + time;
        while self.now < end {
            self.now = (self.now + Duration::from_secs(1)).min(end);
            let tick = self.does(Session::on_tick);
            done.said.extend(tick.said);
            done.counted.extend(tick.counted);
            done.wants.extend(tick.wants);
        }
        done
    }

    fn does(&mut self, act: impl FnOnce(&mut Session, &Env, Instant, &mut Vec<Action>)) -> Done {
        let mut out = Vec::new();
        act(&mut self.session, &self.env, self.now, &mut out);
        let mut done = Done::default();
        for action in out {
            match action {
                Action::Write(frames) => done.said.extend(read(&frames)),
                Action::Ping => done.said.push(json!("ping")),
                Action::Count(code) => done.counted.push(code),
                Action::Attend { sub, attendance, .. } => done.attends.push((sub, attendance)),
                other => done.wants.push(other),
            }
        }
        done
    }

    /// Joins a room at once, and tells the number of the subscription.
    fn joins(&mut self, room: &str) -> SubId {
        let sub = self.says(&json!({"type": "join", "room": room})).join().sub;
        let done = self.answer(Answered::Joined(sub, Ok(at(RoomKind::Public, 0))));
        assert_eq!(done.said[0]["type"], "joined");
        sub
    }

    /// Sends a message with an id that is also its `ref`.
    fn sends(&mut self, room: &str, id: &str) -> Done {
        self.says(&json!({"type": "send", "ref": id, "room": room, "id": id, "body": "hi"}))
    }

    /// The verdicts of the submission under way.
    fn verdicts(&mut self, room: &str, verdicts: impl Into<Vec<Verdict>>) -> Done {
        self.answer(Answered::Verdicts(room_id(room), verdicts.into()))
    }
}

impl Done {
    /// The one join that is wanted.
    fn join(self) -> Join {
        match <[Action; 1]>::try_from(self.wants) {
            Ok([Action::Join(join)]) => join,
            other => panic!("{other:?}"),
        }
    }

    /// The one submission that is wanted: its ids.
    fn submitted(&self) -> Vec<&str> {
        match &self.wants[..] {
            [Action::Submit { drafts, .. }] => ids(drafts),
            other => panic!("{other:?}"),
        }
    }

    /// The one question that is wanted.
    fn read(&self) -> (AskId, &Read) {
        match &self.wants[..] {
            [Action::Read(ask, read)] => (*ask, read),
            other => panic!("{other:?}"),
        }
    }

    /// `ref` and type or code of each frame, such as `1 sent` or `2 not_allowed`.
    fn answers(&self) -> Vec<String> {
        self.said.iter().map(answer).collect()
    }

    /// How the connection ends: the code of the bye and the close code; `None` if it does not.
    fn end(&self) -> Option<(&str, u16)> {
        let Some(Action::Close(closing)) = self.wants.last() else { return None };
        let bye = self.said.last().filter(|said| said["type"] == "bye").expect("a bye");
        Some((bye["code"].as_str().unwrap(), closing.code))
    }

    fn is_nothing(&self) -> bool {
        self.said.is_empty() && self.wants.is_empty()
    }
}

fn answer(said: &Value) -> String {
    let code = said["code"].as_str().or(said["type"].as_str()).unwrap_or("ping");
    match &said["ref"] {
        Value::Null => code.to_owned(),
        Value::String(reference) => format!("{reference} {code}"),
        reference => format!("{reference} {code}"),
    }
}

fn read(frames: &[u8]) -> Vec<Value> {
    let mut bytes = frames.to_vec();
    let mut reader = Reader::new(Role::Client, 1 << 20);
    let mut messages = reader.read(&mut bytes);
    let mut said = Vec::new();
    while let Some(message) = messages.next() {
        said.push(match message.unwrap() {
            Message::Text(text) => serde_json::from_str(text).unwrap(),
            other => panic!("{other:?}"),
        });
    }
    said
}

fn ids(drafts: &[Draft]) -> Vec<&str> {
    drafts.iter().map(|draft| draft.id.as_str()).collect()
}

fn room_id(room: &str) -> RoomId {
    RoomId::parse(room).unwrap()
}

fn state(kind: RoomKind, seq: u64) -> RoomState {
    let (first_seq, seq) = (Seq::new(1).unwrap(), Seq::new(seq).unwrap());
    RoomState { kind, epoch: Epoch::parse("e.1").unwrap(), first_seq, seq }
}

fn at(kind: RoomKind, seq: u64) -> JoinedAt {
    JoinedAt { state: state(kind, seq), start: Seq::new(seq).unwrap(), truncated: false }
}

fn stored(seq: u64) -> Stored {
    let at = Timestamp::from_micros(1_795_150_800_000_000);
    Stored { seq: Seq::new(seq).unwrap(), at, target: None, repeat: false }
}

fn lost() -> Refusal {
    Refusal::unavailable("the writer is silent")
}

fn not_there() -> Refusal {
    Refusal::new(Code::NotAllowed, "no such room")
}

//! A shard with real sockets, told what a switchboard would tell it, one step at a time.

mod cable;
mod channels;
mod company;
mod dismissal;
mod falling_behind;
mod history;
mod left_out;
mod looking_after;
mod surveyed;

use std::sync::Arc;
use std::time::Duration;

use chat::{
    Body, Code, Epoch, Event, EventKind, HistoryPage, Refusal, RequestId, RoomId, RoomKind, RoomState, Seq,
    StandingMessage, SystemClock, Timestamp, User,
};
use dialect::Dialect;
use dialect::native::Native;
use serde_json::{Value, json};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use websocket::{Message, Opcode, Reader, Role, masked_frame};

use super::*;
use crate::auth::{Pass, Reception, Secret, Settings, Signer, Verifier};
use crate::connection::End;
use crate::porter::{Bell, Errand};
use crate::session::{AskId, Credential, EnvParts, Join, JoinedAt, Read, ReadAnswer};
use crate::settings::Limits;
use crate::switchboard::{Live, SubKey, Told};

/// `limits.stalled`
const STALLED: Duration = Duration::from_secs(10);

struct House {
    shard: Shard,
    wants: mpsc::Receiver<(usize, Want)>,
    errands: mpsc::Receiver<(usize, Errand)>,
    token: String,
}

/// Somebody with a connection.
struct Guest {
    key: ConnectionKey,
    client: TcpStream,
}

impl House {
    fn new(outbox_bytes: usize) -> Self {
        let limits = Limits::default();
        let auth = Settings { secret: Some(Secret::new("x".repeat(32))), ..Settings::default() };
        let env = EnvParts {
            limits,
            presence: crate::settings::Presence::default(),
            auto_create: false,
            reception: Reception::new(Arc::new(Verifier::new(&auth).unwrap()), 0),
            clock: Arc::new(SystemClock),
            sampling: crate::sampling::Sampling::NONE,
        };
        let user = User::parse("ana", None).unwrap();
        let pass = Pass { user, lives: Duration::from_hours(1), rooms: None, admin: false };
        let token = Signer::new(&auth).unwrap().sign(&pass, chat::Clock::now(&SystemClock)).unwrap();
        let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
        let (wants_in, wants) = mpsc::channel(1024);
        let (errands_in, errands) = mpsc::channel(1024);
        let bell = Bell::tapped(errands_in);
        let limits = ShardLimits { frame_bytes: limits.frame_bytes, outbox_bytes, stalled: STALLED };
        let shard = Shard::new(env.into_env(), Line::tapped(wants_in), bell, metrics, limits);
        Self { shard, wants, errands, token }
    }

    /// Somebody connects; `buffer` bounds what the kernel keeps on either side.
    async fn guest(&mut self, buffer: Option<usize>) -> Guest {
        self.guest_of(&Native, buffer).await
    }

    async fn guest_of(&mut self, dialect: &'static dyn Dialect, buffer: Option<usize>) -> Guest {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        if let Some(bytes) = buffer {
            SockRef::from(&server).set_send_buffer_size(bytes).unwrap();
            SockRef::from(&client).set_recv_buffer_size(bytes).unwrap();
        }
        let (key, _, _) = self.shard.add(server, b"", dialect, Some(Credential::Token(self.token.clone())));
        Guest { key, client }
    }

    /// A guest says something, and the shard reads it.
    async fn hear(&mut self, guest: &mut Guest, words: &Value) {
        let frame = masked_frame(Opcode::Text, words.to_string().as_bytes(), [7; 4]);
        guest.client.write_all(&frame).await.unwrap();
        let stream = Rc::clone(&self.shard.connection(guest.key).unwrap().stream);
        stream.readable().await.unwrap();
        self.shard.on_readable(guest.key);
    }

    fn next_want(&mut self) -> Want {
        self.wants.try_recv().expect("something is wanted").1
    }

    /// A guest asks to join a room.
    async fn asks_in(&mut self, guest: &mut Guest, words: &Value) -> Join {
        self.hear(guest, words).await;
        let Want::Join { join, .. } = self.next_want() else { panic!("no join was wanted") };
        join
    }

    /// A guest joins a room, fed after `start`.
    async fn lets_in(&mut self, guest: &mut Guest, room: &str, start: u64, seq: u64) {
        let join = self.asks_in(guest, &json!({"type": "join", "room": room})).await;
        self.grant(guest, join, start, seq);
    }

    fn grant(&mut self, guest: &Guest, join: Join, start: u64, seq: u64) {
        let (to, room) = (SubKey { connection: guest.key, sub: join.sub }, join.room);
        let at = JoinedAt { state: state(seq), start: Seq::new(start).unwrap(), truncated: false };
        self.tell(Told::Joined { to, room, at });
    }

    fn tell(&mut self, told: Told) {
        self.shard.take(told, Instant::now());
    }

    /// Everybody in room `r` is told of an event with so many letters.
    fn says(&mut self, seq: u64, letters: usize) {
        self.tells(&[Arc::new(message(seq, letters))]);
    }

    /// Everybody in room `r` is told of these events.
    fn tells(&mut self, events: &[Arc<Event>]) {
        let (room, epoch, events) = (room_id("r"), epoch(), Arc::from(events));
        self.tell(Told::Events(Live { room, epoch, events, heard: Instant::now(), trace: None }));
    }

    /// Looks after everybody.
    fn tick(&mut self, now: Instant) {
        let mut from = Some(0);
        while let Some(place) = from {
            from = self.shard.tick(place, now);
        }
    }

    fn flush_all(&mut self) {
        while self.shard.flush_touched(Instant::now() + Duration::from_secs(1)) {}
    }

    fn end(&mut self, guest: &Guest) -> End {
        self.shard.connection(guest.key).expect("it is here").end
    }
}

impl Guest {
    /// Reads what is there.
    fn takes(&mut self, bytes: &mut Vec<u8>) {
        let mut buffer = [0; 16 * 1024];
        if let Ok(count) = self.client.try_read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..count]);
        }
    }

    /// Reads until nothing has come for a moment.
    async fn reads(&mut self, bytes: &mut Vec<u8>) {
        let moment = Duration::from_millis(50);
        while let Ok(Ok(1..)) = tokio::time::timeout(moment, self.client.read_buf(bytes)).await {}
    }
}

fn room_id(room: &str) -> RoomId {
    RoomId::parse(room).unwrap()
}

fn epoch() -> Epoch {
    Epoch::parse("e.1").unwrap()
}

fn state(seq: u64) -> RoomState {
    let (first_seq, seq) = (Seq::new(1).unwrap(), Seq::new(seq).unwrap());
    RoomState { kind: RoomKind::Public, epoch: epoch(), first_seq, seq }
}

fn message(seq: u64, letters: usize) -> Event {
    Event {
        room: room_id("r"),
        seq: Seq::new(seq).unwrap(),
        id: RequestId::parse(&format!("id-{seq}")).unwrap(),
        by: User::parse("ben", None).unwrap(),
        at: Timestamp::from_micros(0),
        kind: EventKind::Message { body: Some(Body::trusted(&"x".repeat(letters))), reply_to: None },
        except: None,
    }
}

/// What a client was told, as JSON; a close frame as its code.
fn words(bytes: &mut [u8]) -> Vec<Value> {
    let mut reader = Reader::new(Role::Client, 1 << 20);
    let mut messages = reader.read(bytes);
    let mut words = Vec::new();
    while let Some(message) = messages.next() {
        match message.unwrap() {
            Message::Text(text) => words.push(serde_json::from_str(text).unwrap()),
            Message::Close(frame) => words.push(json!(frame.unwrap().code)),
            other => panic!("{other:?}"),
        }
    }
    words
}

#[tokio::test]
async fn one_page_is_on_its_way_for_a_connection_that_is_behind_in_several_rooms() {
    let mut house = House::new(256 * 1024);
    let mut guest = house.guest(None).await;
    let mut joins = Vec::new();
    for room in ["r", "s", "t"] {
        joins.push(house.asks_in(&mut guest, &json!({"type": "join", "room": room})).await);
    }
    joins.into_iter().for_each(|join| house.grant(&guest, join, 0, 9));
    let Want::Page { to, room, .. } = house.next_want() else { panic!("no page was wanted") };
    assert_eq!(room, room_id("r"));
    assert!(house.wants.try_recv().is_err(), "one at a time");
    // It brings nothing: the next one's turn. And it is gone: the next one's turn.
    let nothing = |to| Told::Page { to, first: Seq::new(1).unwrap(), events: Arc::from([]) };
    house.tell(nothing(to));
    let Want::Page { to, room, .. } = house.next_want() else { panic!("no page was wanted") };
    assert_eq!(room, room_id("s"));
    house.hear(&mut guest, &json!({"type": "leave", "room": "s"})).await;
    let Want::Quit { .. } = house.next_want() else { panic!("the shard is in there still") };
    house.tell(nothing(to));
    let Want::Page { room, .. } = house.next_want() else { panic!("no page was wanted") };
    assert_eq!(room, room_id("t"));
}

#[tokio::test]
async fn who_is_closed_while_being_dismissed_stays_closed() {
    let mut house = House::new(256 * 1024);
    let mut guest = house.guest(None).await;
    house.lets_in(&mut guest, "r", 0, 0).await;
    let join = house.asks_in(&mut guest, &json!({"type": "join", "room": "s"})).await;
    house.hear(&mut guest, &json!({"type": "send", "room": "r", "id": "1", "body": "hi"})).await;
    for _ in 0..100 {
        house.hear(&mut guest, &json!({"type": "nonsense"})).await;
    }
    let now = Instant::now();
    house.shard.dismiss(guest.key, now, now + Duration::from_secs(5));
    assert!(matches!(house.end(&guest), End::Leaving(_)), "its send has no verdict yet");
    // One refusal more than our patience has.
    let to = SubKey { connection: guest.key, sub: join.sub };
    house.tell(Told::NotJoined { to, refusal: Refusal::new(Code::NotAllowed, "no") });
    assert!(matches!(house.end(&guest), End::Closing(_)));
}

//! What is asked over HTTP, with a switchboard, a shard and a porter that answer what a test wants.

mod announcing;
mod looking;
mod naming;

use std::sync::Mutex;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONNECTION, COOKIE, ORIGIN, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, Request, StatusCode};
use bus::{LocalBus, Survey, Surveyed};
use chat::{
    Access, Attendee, Broadcast, Change, ChannelName, Clock, Code, Draft, Epoch, Headcount, Refusal,
    RoomKind, RoomState, Roster, Seq, Stored, SystemClock, Timestamp, User, Verdict,
};
use dialect::Dialect;
use dialect::pusher::{Pusher, body_md5};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tower::ServiceExt;

use super::*;
use crate::auth::{Pass, Reception, Secret, Signer, Verifier};
use crate::http::{Load, router};
use crate::neighbours::Here;
use crate::porter::{Bell, Broadcasting, Errand, Kept, Occupancy, Stamp};
use crate::shard::LocalTally;
use crate::switchboard::{Told, Want};

const CHANNEL: &str = "private-room-r7";
const SOCKET: &str = "1234.1234";

/// What the switchboard answers.
#[derive(Clone)]
struct Switchboard {
    room: Result<RoomKind, Refusal>,
    /// To the drafts that come, in turn; the last one for all that follow.
    verdicts: Vec<Verdict>,
    /// What was asked: rooms that were looked for, and drafts.
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Look { create: bool },
    Append(Draft),
}

impl Switchboard {
    fn new(room: Result<RoomKind, Refusal>, verdicts: Vec<Verdict>) -> Self {
        Self { room, verdicts, asked: Arc::default() }
    }

    async fn answer(self, mut wants: mpsc::Receiver<(usize, Want)>) {
        let mut verdicts = self.verdicts.clone();
        while let Some((_, want)) = wants.recv().await {
            match want {
                Want::Look { create, reply, .. } => {
                    self.asked.lock().unwrap().push(Asked::Look { create });
                    let _gone = reply.send(self.room.clone().map(state));
                }
                Want::Append { draft, reply, .. } => {
                    self.asked.lock().unwrap().push(Asked::Append(*draft));
                    let verdict = if verdicts.len() > 1 { verdicts.remove(0) } else { verdicts[0].clone() };
                    let _gone = reply.send(verdict);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

fn state(kind: RoomKind) -> RoomState {
    let (epoch, first_seq) = (Epoch::parse("e.1").unwrap(), Seq::new(1).unwrap());
    RoomState { kind, epoch, first_seq, seq: Seq::ZERO }
}

fn stored(seq: u64) -> Stored {
    Stored { seq: Seq::new(seq).unwrap(), at: Timestamp::from_micros(0), target: None, repeat: false }
}

fn not_there() -> Refusal {
    Refusal::new(Code::NotAllowed, "there is no such room")
}

/// What was broadcast.
type Broadcasts = Arc<Mutex<Vec<Broadcasting>>>;

/// Who was sent away, and from which dialect.
type SentAway = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A shard: what is subscribed there, and who was sent away.
#[derive(Clone, Default)]
struct Shard {
    tallies: Vec<LocalTally>,
    sent_away: SentAway,
}

impl Shard {
    async fn answer(self, mut told: mpsc::Receiver<Vec<Told>>) {
        while let Some(told) = told.recv().await {
            for told in told {
                match told {
                    Told::Survey { survey, reply } => drop(reply.send(self.count(&survey))),
                    Told::SendAway { user, dialect, reply } => {
                        let sent_away = (user.as_str().to_owned(), dialect.as_deref().map(str::to_owned));
                        self.sent_away.lock().unwrap().push(sent_away);
                        let _gone = reply.send(1);
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    fn count(&self, survey: &Survey) -> Vec<LocalTally> {
        let is_asked = |tally: &&LocalTally| {
            let alias = tally.alias.as_str();
            match &survey.of {
                Surveyed::Named(named) => named.iter().any(|named| named.alias == alias),
                Surveyed::Beginning { prefix, after } => {
                    alias.starts_with(&**prefix) && after.as_ref().is_none_or(|after| alias > &**after)
                }
            }
        };
        assert_eq!(survey.dialect, "pusher");
        self.tallies.iter().filter(is_asked).cloned().collect()
    }
}

/// A porter: three users in each room, one in each channel, where one connection listens; and what was broadcast.
async fn answer_errands(mut errands: mpsc::Receiver<(usize, Errand)>, broadcast: Broadcasts) {
    let attendee =
        |user: &str| Attendee { user: User::parse(user, None).unwrap(), info: None, stays: Vec::new() };
    let roster = |users: &[&str]| {
        let listed = users.iter().copied().map(attendee).collect();
        Roster { count: Headcount { users: 1, connections: 1 }, listed: Some(listed) }
    };
    while let Some((_, errand)) = errands.recv().await {
        match errand {
            Errand::Headcounts { rooms, reply } => drop(reply.send(vec![Some(3); rooms.len()])),
            Errand::Broadcast { broadcasting, reply } if broadcasting.channel.name.as_str() == "cut-off" => {
                drop(reply.send(Err(Refusal::unavailable("cut off"))));
            }
            Errand::Broadcast { broadcasting, reply } => {
                broadcast.lock().unwrap().push(broadcasting);
                drop(reply.send(Ok(())));
            }
            Errand::Occupied { prefix, reply } => {
                let channels = [("chat", None), ("presence-x", Some(1))];
                let channels = channels.into_iter().filter(|(name, _)| name.starts_with(&*prefix));
                let occupancy = |(name, users)| {
                    let channel = ChannelName::parse(name).unwrap();
                    Occupancy { channel, subscriptions: 1, users }
                };
                drop(reply.send(channels.map(occupancy).collect()));
            }
            Errand::Kept { channel, reply } => {
                let broadcast = Broadcast { channel, event: "news".into(), data: "{}".into() };
                let stamp = Stamp { at: Timestamp::from_micros(0), by: 1 };
                let until = tokio::time::Instant::now() + Duration::from_mins(1);
                drop(reply.send(Some(Kept { broadcast, stamp, until })));
            }
            Errand::Members { reply, .. } => drop(reply.send(roster(&["ana"]))),
            Errand::MembersOfRoom { room, reply } if room.as_str() == "crowd" => {
                drop(reply.send(Roster { listed: None, ..roster(&[]) }));
            }
            Errand::MembersOfRoom { reply, .. } => drop(reply.send(roster(&["ana", "ben", "cid"]))),
            other => panic!("{other:?}"),
        }
    }
}

/// The only gateway there is, with one shard.
fn alone(shard: Shard, bell: &Bell, reception: &Reception) -> Neighbours {
    let (told_in, told) = mpsc::channel(8);
    tokio::spawn(shard.answer(told));
    let here = Here::new(vec![told_in], bell.clone(), reception.clone());
    Neighbours::new(Arc::new(LocalBus::new(1)), here, watch::channel(Some(Arc::from([]))).1)
}

/// A gateway's paths, and who signs tokens for it.
struct House {
    router: Router,
    signer: Signer,
    app: App,
    switchboard: Switchboard,
    shard: Shard,
    broadcast: Broadcasts,
}

/// An answer.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

impl House {
    fn new(switchboard: Switchboard) -> Self {
        Self::with_shard(switchboard, Shard::default())
    }

    fn with_shard(switchboard: Switchboard, shard: Shard) -> Self {
        let (wants_in, wants) = mpsc::channel(8);
        tokio::spawn(switchboard.clone().answer(wants));
        let auth = crate::auth::Settings { secret: Some(Secret::new("x".repeat(32))), ..Default::default() };
        let mut settings = crate::Settings { pusher: Settings::of_development(), ..Default::default() };
        settings.rooms.auto_create = true;
        settings.limits.body_bytes = 100;
        let reception = Reception::new(Arc::new(Verifier::new(&auth).unwrap()), 0);
        let (errands_in, errands) = mpsc::channel(8);
        let broadcast = Broadcasts::default();
        tokio::spawn(answer_errands(errands, Arc::clone(&broadcast)));
        let bell = Bell::tapped(errands_in);
        let neighbours = alone(shard.clone(), &bell, &reception);
        let office = Office::new(&settings, Line::tapped(wants_in), bell, neighbours).unwrap();
        let desk = Desk {
            arrivals: mpsc::channel(1).0,
            load: Load::default(),
            origins: Arc::new(Origins::new(&["https://pages.example".to_owned()])),
            query_token: false,
            dev_tokens: None,
            loopback: true,
            reception,
            clock: Arc::new(SystemClock),
            pusher: Some(Arc::new(office)),
        };
        let app = App::new(&settings.pusher).unwrap();
        let signer = Signer::new(&auth).unwrap();
        Self { router: router(desk, &[]), signer, app, switchboard, shard, broadcast }
    }

    fn of_room(room: Result<RoomKind, Refusal>) -> Self {
        Self::new(Switchboard::new(room, vec![Ok(stored(1))]))
    }

    fn with_verdicts(verdicts: Vec<Verdict>) -> Self {
        Self::new(Switchboard::new(Ok(RoomKind::Public), verdicts))
    }

    fn token(&self, rooms: Option<&[(&str, Access)]>) -> String {
        let rooms =
            rooms.map(|rooms| rooms.iter().map(|(room, access)| ((*room).to_owned(), *access)).collect());
        let user = User::parse("ana", Some("Ana")).unwrap();
        let pass = Pass { user, lives: Duration::from_hours(1), rooms, admin: false };
        self.signer.sign(&pass, SystemClock.now()).unwrap()
    }

    async fn asks(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// Asks to be let into a channel.
    async fn lets_in(&self, channel: &str, headers: &[(HeaderName, String)]) -> Answer {
        let mut request = Request::post("/pusher/auth").header("host", "chat.example");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let form = format!("socket_id={SOCKET}&channel_name={channel}");
        self.asks(request.body(form.into()).unwrap()).await
    }

    async fn lets_bearer_in(&self, channel: &str, token: &str) -> Answer {
        self.lets_in(channel, &[(AUTHORIZATION, format!("Bearer {token}"))]).await
    }

    /// Publishes with a good signature.
    async fn publishes(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let query = format!("{}&body_md5={}", Self::credentials(), body_md5(body.as_bytes()));
        let uri = self.signed("POST", path, &query);
        self.asks(Request::post(uri).body(body.into()).unwrap()).await
    }

    /// Asks about something with a good signature.
    async fn looks_at(&self, path: &str, query: &str) -> Answer {
        let query = format!("{}&{query}", Self::credentials());
        let uri = self.signed("GET", path, query.trim_end_matches('&'));
        self.asks(Request::get(uri).body(Body::empty()).unwrap()).await
    }

    fn credentials() -> String {
        format!("auth_key=parlor&auth_timestamp={}&auth_version=1.0", SystemClock.now().as_seconds())
    }

    /// A path with a query, whose parameters stand in their order, and its signature.
    fn signed(&self, method: &str, path: &str, query: &str) -> String {
        let mut parameters: Vec<_> = query.split('&').collect();
        parameters.sort_unstable();
        let signature = self.app.sign(&format!("{method}\n{path}\n{}", parameters.join("&")));
        let signature = signature.split_once(':').unwrap().1;
        format!("{path}?{query}&auth_signature={signature}")
    }

    fn asked(&self) -> Vec<Asked> {
        self.switchboard.asked.lock().unwrap().clone()
    }
}

fn message(text: &str) -> Value {
    json!({ "name": "new_message", "channel": CHANNEL, "data": { "message": text, "client_id": "d-1" } })
}

/// Whether the dialect takes what was signed, and as whom.
fn taken(answer: &Answer, channel: &str) -> (String, Access) {
    let pusher = Pusher::new(Settings::of_development()).unwrap();
    let signed = answer.json();
    let claim = dialect::Claim {
        signature: signed["auth"].as_str().unwrap().into(),
        data: signed["channel_data"].as_str().map(Into::into),
    };
    let voucher = pusher.vouch(SOCKET, &dialect::Alias::new(channel), &claim).unwrap();
    (voucher.user.unwrap().id.as_str().to_owned(), voucher.access)
}

#[tokio::test]
async fn a_bearer_is_let_into_rooms_that_are_open_to_it() {
    let house = House::of_room(Ok(RoomKind::Public));
    let token = house.token(None);
    for channel in [CHANNEL, "presence-room-r7"] {
        let answer = house.lets_bearer_in(channel, &token).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(taken(&answer, channel), ("ana".to_owned(), Access::Write));
    }
    assert_eq!(house.asked(), [Asked::Look { create: true }, Asked::Look { create: true }]);

    let house = House::of_room(Ok(RoomKind::Private));
    assert_eq!(house.lets_bearer_in(CHANNEL, &house.token(None)).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_a_token_grants_needs_no_look_and_is_the_whole_truth() {
    let house = House::of_room(Err(not_there()));
    for (pattern, access, status) in [
        ("r*", Access::Write, StatusCode::OK),
        ("r7", Access::Read, StatusCode::OK),
        ("other", Access::Write, StatusCode::FORBIDDEN),
    ] {
        let token = house.token(Some(&[(pattern, access)]));
        let answer = house.lets_bearer_in(CHANNEL, &token).await;
        assert_eq!(answer.status, status, "{pattern}");
        if status == StatusCode::OK {
            assert_eq!(taken(&answer, CHANNEL), ("ana".to_owned(), access));
        }
    }
    assert_eq!(house.asked(), []);
}

#[tokio::test]
async fn nobody_else_is_let_in() {
    let house = House::of_room(Ok(RoomKind::Public));
    let token = house.token(None);
    assert_eq!(house.lets_in(CHANNEL, &[]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.lets_bearer_in(CHANNEL, "nonsense").await.status, StatusCode::UNAUTHORIZED);
    for (channel, status) in [
        ("private-chat", StatusCode::FORBIDDEN),
        ("chat", StatusCode::FORBIDDEN),
        ("private-encrypted-room-r7", StatusCode::FORBIDDEN),
        ("room-r7", StatusCode::BAD_REQUEST),
        ("", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(house.lets_bearer_in(channel, &token).await.status, status, "{channel}");
    }
    let request = Request::post("/pusher/auth").header(AUTHORIZATION, format!("Bearer {token}"));
    let answer = house.asks(request.body("channel_name=private-room-r7".into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["code"], "malformed");
}

#[tokio::test]
async fn a_room_that_cannot_be_looked_at_just_now_is_to_be_asked_for_again() {
    let house = House::of_room(Err(Refusal::unavailable("the writer is silent")));
    let answer = house.lets_bearer_in(CHANNEL, &house.token(None)).await;
    assert_eq!(
        (answer.status, &answer.headers[RETRY_AFTER]),
        (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
    );
}

#[tokio::test]
async fn pages_of_known_origins_may_ask_with_their_cookie() {
    let house = House::of_room(Ok(RoomKind::Public));
    let cookie = (COOKIE, format!("theme=dark; parlor_token={}", house.token(None)));
    for (origin, status) in [
        (None, StatusCode::OK),
        (Some("https://pages.example"), StatusCode::OK),
        (Some("http://chat.example"), StatusCode::OK),
        (Some("https://evil.example"), StatusCode::FORBIDDEN),
    ] {
        let mut headers = vec![cookie.clone()];
        headers.extend(origin.map(|origin| (ORIGIN, origin.to_owned())));
        let answer = house.lets_in(CHANNEL, &headers).await;
        assert_eq!(answer.status, status, "{origin:?}");
        let allowed = answer.headers.get("access-control-allow-origin").and_then(|value| value.to_str().ok());
        assert_eq!(allowed, origin.filter(|_| status == StatusCode::OK));
    }
}

#[tokio::test]
async fn browsers_may_find_out_beforehand_what_a_page_may_ask() {
    let house = House::of_room(Ok(RoomKind::Public));
    for (origin, allowed) in [("https://pages.example", true), ("https://evil.example", false)] {
        let request = Request::options("/broadcasting/auth")
            .header("host", "chat.example")
            .header(ORIGIN, origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,x-csrf-token");
        let answer = house.asks(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers.contains_key("access-control-allow-origin"), allowed, "{origin}");
        assert_eq!(answer.headers.contains_key("access-control-allow-credentials"), allowed, "{origin}");
        assert_eq!(answer.headers["access-control-allow-headers"], "authorization,x-csrf-token");
    }
}

#[tokio::test]
async fn what_is_published_is_answered_once_it_is_stored() {
    let house = House::with_verdicts(vec![Ok(stored(7))]);
    let answer = house.publishes("/apps/1/events", &message("hi")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json(), json!({ "seq": 7, "channels": { CHANNEL: { "seq": 7 } } }));
    let [Asked::Append(draft)] = &house.asked()[..] else { panic!() };
    assert_eq!((draft.room.as_str(), draft.id.as_str(), draft.by.id.as_str()), ("r7", "d-1", "server"));
    assert!(matches!(&draft.change, Change::Message { body, .. } if body.as_str() == "hi"));
    let answer =
        house.publishes("/apps/1/batch_events", &json!({ "batch": [message("a"), message("b")] })).await;
    assert_eq!(answer.json()["batch"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn the_page_that_a_backend_speaks_for_is_left_out() {
    let house = House::with_verdicts(vec![Ok(stored(7))]);
    let mut event = message("hi");
    for (socket_id, except) in [("12.34", Some((12, 34))), ("99999999999.34", None)] {
        event["socket_id"] = socket_id.into();
        assert_eq!(house.publishes("/apps/1/events", &event).await.status, StatusCode::OK);
        let Some(Asked::Append(draft)) = house.asked().pop() else { panic!() };
        assert_eq!(draft.except.map(|name| (name.shard, name.number)), except);
    }
    event["socket_id"] = "nobody".into();
    assert_eq!(house.publishes("/apps/1/events", &event).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_room_that_is_not_there_is_made_and_published_in() {
    let house = House::with_verdicts(vec![Err(not_there()), Ok(stored(1))]);
    let answer = house.publishes("/apps/1/events", &message("hi")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let asked = house.asked();
    assert!(
        matches!(&asked[..], [Asked::Append(a), Asked::Look { create: true }, Asked::Append(b)] if a == b)
    );
}

#[tokio::test]
async fn what_is_not_stored_is_not_answered_as_if_it_were() {
    let unknown = Refusal::unavailable("nobody knows");
    for (refusal, status) in [
        (unknown.clone(), StatusCode::SERVICE_UNAVAILABLE),
        (Refusal::malformed("the id is taken"), StatusCode::BAD_REQUEST),
        (Refusal::new(Code::TooLarge, "too long"), StatusCode::PAYLOAD_TOO_LARGE),
        (not_there(), StatusCode::FORBIDDEN),
    ] {
        let house = House::with_verdicts(vec![Err(refusal)]);
        assert_eq!(house.publishes("/apps/1/events", &message("hi")).await.status, status);
    }
    let house = House::with_verdicts(vec![Ok(stored(1)), Err(unknown)]);
    let batch = json!({ "batch": [message("a"), message("b")] });
    assert_eq!(house.publishes("/apps/1/batch_events", &batch).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn who_has_not_the_secret_publishes_nothing() {
    let house = House::with_verdicts(vec![Ok(stored(1))]);
    assert_eq!(house.publishes("/apps/2/events", &message("hi")).await.status, StatusCode::NOT_FOUND);
    let request = Request::post("/apps/1/events").body(message("hi").to_string().into()).unwrap();
    let answer = house.asks(request).await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::UNAUTHORIZED, "auth_signature is missing\n"));
    assert_eq!(house.asked(), []);
}

#[tokio::test]
async fn nothing_is_read_of_a_body_that_was_not_signed() {
    let house = House::with_verdicts(vec![Ok(stored(1))]);
    let never_ends = futures::stream::pending::<Result<axum::body::Bytes, std::io::Error>>();
    let request =
        Request::post("/apps/1/events?auth_key=parlor").body(Body::from_stream(never_ends)).unwrap();
    assert_eq!(house.asks(request).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nothing_is_stored_of_what_is_too_much_or_makes_no_sense() {
    let house = House::with_verdicts(vec![Ok(stored(1))]);
    let long = message(&"x".repeat(101));
    for (body, status) in [
        (json!({}), StatusCode::BAD_REQUEST),
        (json!({ "batch": [message("a"), long.clone()] }), StatusCode::PAYLOAD_TOO_LARGE),
        (json!({ "batch": vec![message("a"); 11] }), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(house.publishes("/apps/1/batch_events", &body).await.status, status);
    }
    assert_eq!(house.publishes("/apps/1/events", &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let huge = json!({ "x": "x".repeat(BODY_BYTES_MAX) });
    let answer = house.publishes("/apps/1/events", &huge).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.headers[CONNECTION], "close");
    assert!(answer.body.contains("bytes"), "{answer:?}");
    assert_eq!(house.asked(), []);
}

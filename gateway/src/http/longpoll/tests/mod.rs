//! Long polling by requests as the library makes them, with connections that do what a test wants, on gateways that share a
//! bus.

mod sessions;
mod strangers;

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use bus::LocalBus;
use bytes::Bytes;
use chat::{Clock, SystemClock, User};
use futures::stream;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use websocket::{Message, Opcode, Reader, Role};

use super::*;
use crate::auth::{Admitted, Pass, Reception, Secret, Settings, Signer, Verifier};
use crate::http::{Load, Slot, Upgraded};
use crate::longpoll::WINDOW;
use crate::session::Credential;

const PATH: &str = "/socket/longpoll";
const NDJSON: &str = "application/x-ndjson";
const PAGES: &str = "https://pages.example";
/// Nothing here takes this long unless it hangs.
const HANG: Duration = Duration::from_secs(30);

fn auth() -> Settings {
    Settings { secret: Some(Secret::new("x".repeat(32))), ..Settings::default() }
}

/// A user's token.
fn token() -> String {
    let user = User::parse("ana", None).unwrap();
    let pass = Pass { user, lives: Duration::from_hours(1), rooms: None, admin: false };
    Signer::new(&auth()).unwrap().sign(&pass, SystemClock.now()).unwrap()
}

/// A gateway without shards.
struct Gateway {
    router: Router,
    arrivals: mpsc::Receiver<Arrival>,
    load: Load,
    stop: CancellationToken,
}

impl Gateway {
    async fn new(bus: &Arc<LocalBus>) -> Self {
        let (arrivals_in, arrivals) = mpsc::channel(8);
        let load = Load::default();
        let desk = Desk {
            arrivals: arrivals_in,
            load: load.clone(),
            origins: Arc::new(Origins::new(&[PAGES.to_owned()])),
            query_token: true,
            dev_tokens: None,
            loopback: true,
            reception: Reception::new(Arc::new(Verifier::new(&auth()).unwrap()), 3),
            clock: Arc::new(SystemClock),
            pusher: None,
        };
        let polls = Polls::new(auth().secret.as_ref(), Arc::clone(bus) as Arc<dyn bus::Bus>);
        let stop = CancellationToken::new();
        tokio::spawn(Arc::clone(&polls).serve(stop.clone(), CancellationToken::new().drop_guard()));
        tokio::task::yield_now().await;
        let router = routes(&desk, &polls, &dialect::dialects(dialect::Settings::default()));
        Self { router, arrivals, load, stop }
    }

    async fn asks(&self, request: Request) -> Response {
        timeout(HANG, self.router.clone().oneshot(request)).await.expect("an answer").unwrap()
    }

    /// What the library reads of the answer to a request.
    async fn hears(&self, request: Request) -> Value {
        let response = self.asks(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    async fn polls(&self, session: &str) -> Value {
        self.hears(get(&format!("vsn=2.0.0&token={session}"))).await
    }

    async fn posts(&self, session: &str, body: impl Into<Body>) -> Value {
        let request = Request::post(format!("{PATH}?vsn=2.0.0&token={session}")).header(CONTENT_TYPE, NDJSON);
        self.hears(request.body(body.into()).unwrap()).await
    }

    /// Somebody who was let in: the session's token, and its connection.
    async fn opens(&mut self) -> (String, Connection) {
        self.opens_with(get(&format!("token={}&vsn=2.0.0&", token()))).await
    }

    async fn opens_with(&mut self, request: Request) -> (String, Connection) {
        let opened = self.hears(request).await;
        assert_eq!((&opened["status"], &opened["messages"]), (&json!(410), &json!([])), "{opened}");
        let upgraded = self.arrivals.try_recv().unwrap().upgraded().await.unwrap();
        (opened["token"].as_str().unwrap().to_owned(), Connection::new(upgraded))
    }
}

/// A session's connection, as its shard has it.
struct Connection {
    stream: TcpStream,
    reader: Reader,
    dialect: &'static str,
    /// With the seat.
    user: Box<Admitted>,
    _slot: Slot,
}

impl Connection {
    fn new(upgraded: Upgraded) -> Self {
        let Upgraded { stream, credential, dialect, slot, .. } = upgraded;
        let Some(Credential::Admitted(admitted)) = credential else { panic!("nobody was let in") };
        Self {
            stream,
            reader: Reader::new(Role::Server, 1 << 20),
            dialect: dialect.name(),
            user: admitted,
            _slot: slot,
        }
    }

    /// So many frames as they come, but no signs of life.
    async fn hears(&mut self, count: usize) -> Vec<String> {
        let mut heard = Vec::new();
        while heard.len() < count {
            let mut chunk = vec![0; 64 * 1024];
            let bytes = timeout(HANG, self.stream.read(&mut chunk)).await;
            let bytes = bytes.expect("nothing comes").expect("it has failed");
            if bytes == 0 {
                heard.push("the end".to_owned());
                break;
            }
            let mut messages = self.reader.read(&mut chunk[..bytes]);
            while let Some(message) = messages.next() {
                match message.expect("a frame") {
                    Message::Text(text) => heard.push(text.to_owned()),
                    Message::Binary(bytes) => heard.push(format!("{bytes:?}")),
                    Message::Close(frame) => heard.push(format!("closed {}", frame.unwrap().code)),
                    Message::Ping(_) | Message::Pong(_) => {}
                }
            }
        }
        heard
    }

    async fn says(&mut self, frames: &[&str]) {
        for frame in frames {
            self.stream.write_all(&websocket::frame(Opcode::Text, frame.as_bytes())).await.unwrap();
        }
    }

    async fn closes(&mut self, code: u16) {
        self.stream.write_all(&websocket::close_frame(code, "")).await.unwrap();
    }
}

fn get(query: &str) -> Request {
    Request::get(format!("{PATH}?{query}")).body(Body::empty()).unwrap()
}

/// Two gateways on one bus.
async fn two() -> (Gateway, Gateway) {
    let bus = Arc::new(LocalBus::new(100));
    (Gateway::new(&bus).await, Gateway::new(&bus).await)
}

fn status(answer: &Value) -> &Value {
    &answer["status"]
}

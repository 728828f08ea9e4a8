//! A server of any dialect: rooms in memory, and a script that says what a frame asks for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use websocket::handshake::accept_key;
use websocket::{Message, Opcode, Reader, Role, frame};

/// More than any test has.
const OUTBOX_FRAMES: usize = 1 << 16;

/// Stands for an answer to a ping, which has no text.
const PONG: &str = "\0pong";

/// What a frame of a client asks for.
pub(super) enum Act {
    /// This is answered.
    Answer(String),
    /// The client is in the room from now on.
    Join(String),
    /// Everybody in the room is told this; the client itself only if it says so.
    Tell { room: String, frame: String, echo: bool },
}

/// A dialect: what a server says first, and what it does with a frame.
#[derive(Clone, Copy)]
pub(super) struct Script {
    pub(super) hello: &'static str,
    pub(super) act: fn(&str) -> Vec<Act>,
}

/// What goes wrong, of the deliveries; 0 is never.
#[derive(Clone, Copy, Default)]
pub(super) struct Defects {
    pub(super) drop_every: u64,
    pub(super) double_every: u64,
}

/// A running server. It ends with the test's runtime.
pub(super) struct Server {
    hub: Arc<Mutex<Hub>>,
    pub(super) target: String,
}

#[derive(Default)]
struct Hub {
    defects: Defects,
    rooms: HashMap<String, Vec<(u64, mpsc::Sender<String>)>>,
    connections: u64,
    deliveries: u64,
    dropped: u64,
    doubled: u64,
    heads: Vec<String>,
}

impl Server {
    pub(super) async fn start(script: Script, path: &str, defects: Defects) -> Self {
        let hub = Arc::new(Mutex::new(Hub { defects, ..Hub::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = format!("ws://{}{path}", listener.local_addr().unwrap());
        let shared = hub.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script, shared.clone()));
            }
        });
        Self { hub, target }
    }

    /// How many deliveries there were, how many were dropped and how many made twice.
    pub(super) fn planted(&self) -> (u64, u64, u64) {
        let hub = self.hub.lock().unwrap();
        (hub.deliveries, hub.dropped, hub.doubled)
    }

    /// What the clients have asked for with their handshakes.
    pub(super) fn heads(&self) -> Vec<String> {
        self.hub.lock().unwrap().heads.clone()
    }
}

async fn serve(mut stream: TcpStream, script: Script, hub: Arc<Mutex<Hub>>) -> Option<()> {
    let head = shake_hands(&mut stream).await?;
    let (outbox, mut frames) = mpsc::channel::<String>(OUTBOX_FRAMES);
    let me = {
        let mut hub = hub.lock().unwrap();
        hub.heads.push(head);
        hub.connections += 1;
        hub.connections
    };
    if !script.hello.is_empty() {
        outbox.try_send(script.hello.to_owned()).unwrap();
    }
    let (mut from, mut to) = stream.into_split();
    tokio::spawn(async move {
        while let Some(text) = frames.recv().await {
            let opcode = if text == PONG { Opcode::Pong } else { Opcode::Text };
            let payload = if text == PONG { "" } else { text.as_str() };
            to.write_all(&frame(opcode, payload.as_bytes())).await.ok()?;
        }
        Some(())
    });
    let mut reader = Reader::new(Role::Server, 65_536);
    let mut chunk = vec![0; 65_536];
    loop {
        let read = from.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        let mut messages = reader.read(&mut chunk[..read]);
        while let Some(message) = messages.next() {
            let acts = match message {
                Ok(Message::Text(text)) => (script.act)(text),
                Ok(Message::Ping(_)) => vec![Act::Answer(PONG.to_owned())],
                _ => Vec::new(),
            };
            for act in acts {
                hub.lock().unwrap().act(act, me, &outbox);
            }
        }
    }
}

impl Hub {
    fn act(&mut self, act: Act, me: u64, outbox: &mpsc::Sender<String>) {
        match act {
            // A connection that has just ended takes nothing more.
            Act::Answer(text) => drop(outbox.try_send(text)),
            Act::Join(room) => self.rooms.entry(room).or_default().push((me, outbox.clone())),
            Act::Tell { room, frame, echo } => {
                let there = self.rooms.get(&room).cloned().unwrap_or_default();
                for (_, outbox) in there.iter().filter(|(who, _)| echo || *who != me) {
                    self.deliver(outbox, &frame);
                }
            }
        }
    }

    fn deliver(&mut self, outbox: &mpsc::Sender<String>, frame: &str) {
        self.deliveries += 1;
        let every = |n: u64| n > 0 && self.deliveries.is_multiple_of(n);
        let (drop, double) = (every(self.defects.drop_every), every(self.defects.double_every));
        self.dropped += u64::from(drop);
        self.doubled += u64::from(double && !drop);
        for _ in 0..(if drop { 0 } else { 1 + usize::from(double) }) {
            outbox.try_send(frame.to_owned()).unwrap();
        }
    }
}

/// The first subprotocol that is offered is taken.
async fn shake_hands(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_buf(&mut head).await.ok().filter(|read| *read > 0)?;
    }
    let head = String::from_utf8(head).ok()?;
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    let accept = accept_key(value("Sec-WebSocket-Key: ")?);
    let offered = value("Sec-WebSocket-Protocol: ").and_then(|offered| offered.split(", ").next());
    let protocol = offered.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n")).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{protocol}\r\n"
    );
    stream.write_all(answer.as_bytes()).await.ok()?;
    Some(head)
}

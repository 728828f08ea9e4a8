//! One connection: the handshake, commands in, frames out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dialect::native::Native;
use dialect::{Command, DecodeLimits, Dialect as _, Frame};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use websocket::handshake::accept_key;
use websocket::{Message, Reader, Role};

use super::lock;
use super::rooms::Rooms;
use super::words::{self, BODY_BYTES, FRAME_BYTES};

/// More than any run against it has.
const OUTBOX_FRAMES: usize = 1 << 18;

/// A frame, and when it is due.
pub(super) type Outbox = mpsc::Sender<(Instant, words::Frame)>;

pub(super) async fn serve(mut stream: TcpStream, address: usize, rooms: Arc<Mutex<Rooms>>) {
    if shake_hands(&mut stream).await.is_none() {
        return;
    }
    let (outbox, mut frames) = mpsc::channel::<(Instant, words::Frame)>(OUTBOX_FRAMES);
    let (connection, delay) = lock(&rooms).connect(address, outbox.clone());
    push(&outbox, Duration::ZERO, words::welcome());
    drop(outbox);
    let (mut from, mut to) = stream.into_split();
    let writing = async {
        while let Some((due, frame)) = frames.recv().await {
            sleep_until(due).await;
            to.write_all(&frame).await.ok()?;
        }
        Some(())
    };
    let reading = async {
        let mut reader = Reader::new(Role::Server, FRAME_BYTES);
        let mut chunk = vec![0; FRAME_BYTES];
        loop {
            let read = from.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
            let mut commands = Vec::new();
            let mut messages = reader.read(&mut chunk[..read]);
            while let Some(message) = messages.next() {
                match message.ok()? {
                    Message::Text(text) => {
                        let limits = DecodeLimits { body_bytes: BODY_BYTES };
                        Native.decode(Frame::Text(text), &limits, &mut commands).ok()?;
                    }
                    Message::Close(_) => return Some(()),
                    _ => {}
                }
            }
            for command in commands {
                act(command, connection, delay, &rooms);
            }
        }
    };
    tokio::select! {
        _ = writing => {}
        _ = reading => {}
    }
    lock(&rooms).disconnect(connection);
}

fn act(command: Command, connection: u64, delay: Duration, rooms: &Mutex<Rooms>) {
    let mut rooms = lock(rooms);
    match command {
        Command::Join { mark, alias, room, from } => rooms.join(connection, &mark, &alias, &room, &from),
        Command::Send { mark, within: _, room, id, change } => {
            let (Some(id), chat::Change::Message { body, .. }) = (id, change) else { return };
            rooms.send(connection, &mark, &room, &id, body);
        }
        Command::Leave { mark, alias, room } => rooms.leave(connection, &mark, &alias, &room),
        Command::History { mark, room, .. } => rooms.history(connection, &mark, &room),
        Command::Ping { mark } => {
            if let Some(outbox) = rooms.outbox(connection) {
                push(outbox, delay, words::pong(&mark));
            }
        }
        _ => {}
    }
}

pub(super) fn push(outbox: &Outbox, delay: Duration, frame: words::Frame) {
    // A connection that has just ended takes nothing more.
    let _ = outbox.try_send((Instant::now() + delay, frame));
}

async fn shake_hands(stream: &mut TcpStream) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_buf(&mut head).await.ok().filter(|read| *read > 0)?;
    }
    let head = String::from_utf8(head).ok()?;
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    value("Sec-WebSocket-Protocol: ")?.strip_prefix("parlor.v1, parlor.token.")?;
    let accept = accept_key(value("Sec-WebSocket-Key: ")?);
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: parlor.v1\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.ok()
}

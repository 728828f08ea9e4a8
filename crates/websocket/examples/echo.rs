//! A server that sends every message back, for outside conformance suites such as Autobahn's:
//!
//! ```text
//! cargo run --release -p websocket --example echo -- 127.0.0.1:9001
//! wstest -m fuzzingclient -s crates/websocket/examples/autobahn.json
//! ```
//!
//! `wstest` is part of `autobahntestsuite`, which needs Python 2.7 (or the image `crossbario/autobahn-testsuite`);
//! it leaves its report in `target/autobahn`. Cases 12 and 13 are about compression, which is not negotiated here.

use std::env;
use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use websocket::handshake::{BadRequest, Request};
use websocket::{Message, Opcode, Reader, Role, close_frame, close_payload, frame_into};

/// The largest message of the suite is 16 MiB.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
const HEAD_BYTES_MAX: usize = 16_384;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("ws://{}", listener.local_addr()?);
    loop {
        let (socket, peer) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(error) = converse(socket).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn converse(mut socket: TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let Some(mut chunk) = shake_hands(&mut socket).await? else { return Ok(()) };
    let mut reader = Reader::new(Role::Server, MESSAGE_BYTES_MAX);
    loop {
        let answer = answer(&mut reader, &mut chunk);
        socket.write_all(&answer).await?;
        if reader.has_ended() {
            return socket.shutdown().await;
        }
        chunk.resize(65_536, 0);
        let read = socket.read(&mut chunk).await?;
        if read == 0 {
            return Ok(());
        }
        chunk.truncate(read);
    }
}

/// What a chunk of the client's bytes is answered with.
fn answer(reader: &mut Reader, chunk: &mut [u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut messages = reader.read(chunk);
    while let Some(message) = messages.next() {
        match message {
            Ok(Message::Text(text)) => frame_into(&mut out, Opcode::Text, text.as_bytes()),
            Ok(Message::Binary(bytes)) => frame_into(&mut out, Opcode::Binary, bytes),
            Ok(Message::Ping(bytes)) => frame_into(&mut out, Opcode::Pong, bytes),
            Ok(Message::Pong(_)) => {}
            Ok(Message::Close(None)) => frame_into(&mut out, Opcode::Close, &[]),
            Ok(Message::Close(Some(close))) => {
                frame_into(&mut out, Opcode::Close, &close_payload(close.code, close.reason));
            }
            Err(violation) => out.extend_from_slice(&close_frame(violation.code, violation.reason)),
        }
    }
    out
}

/// Answers the request. Gives what came behind it, or nothing if it was refused.
async fn shake_hands(socket: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut received = Vec::new();
    let end = loop {
        if let Some(at) = received.windows(4).position(|at| at == b"\r\n\r\n") {
            break at + 4;
        }
        if socket.read_buf(&mut received).await? == 0 || received.len() > HEAD_BYTES_MAX {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&received[..end]);
    let (answer, accepted) = match accept(&head) {
        Ok(key) => (
            format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {key}\r\n\r\n"
            ),
            true,
        ),
        Err(error) => (format!("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n{error}\n"), false),
    };
    socket.write_all(answer.as_bytes()).await?;
    Ok(accepted.then(|| received.split_off(end)))
}

fn accept(head: &str) -> Result<String, BadRequest> {
    let named = |name: &str| {
        let mut pairs = head.lines().filter_map(|line| line.split_once(':'));
        pairs.find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let request = Request {
        upgrade: named("Upgrade"),
        connection: named("Connection"),
        version: named("Sec-WebSocket-Version"),
        key: named("Sec-WebSocket-Key"),
    };
    request.accept()
}

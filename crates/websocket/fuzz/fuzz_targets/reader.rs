//! Whatever comes in, and however it is cut: no panic, no message over the limit, and the same messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket::{Message, Reader, Role, Violation};

const LIMIT: usize = 1000;

fuzz_target!(|input: (bool, u8, &[u8])| {
    let (server, piece, stream) = input;
    let role = if server { Role::Server } else { Role::Client };
    let whole = read(role, stream, stream.len().max(1));
    let cut = read(role, stream, usize::from(piece).max(1));
    assert_eq!(whole, cut);
});

fn read(role: Role, stream: &[u8], piece: usize) -> Vec<Result<(u8, Vec<u8>), Violation>> {
    let mut reader = Reader::new(role, LIMIT);
    let mut seen = Vec::new();
    for piece in stream.chunks(piece) {
        let mut piece = piece.to_vec();
        let mut messages = reader.read(&mut piece);
        while let Some(message) = messages.next() {
            seen.push(message.map(keep));
        }
    }
    seen
}

fn keep(message: Message<'_>) -> (u8, Vec<u8>) {
    let (kind, payload) = match message {
        Message::Text(text) => (1, text.as_bytes().to_vec()),
        Message::Binary(bytes) => (2, bytes.to_vec()),
        Message::Ping(bytes) => (9, bytes.to_vec()),
        Message::Pong(bytes) => (10, bytes.to_vec()),
        Message::Close(close) => (8, close.map(|c| format!("{} {}", c.code, c.reason)).unwrap_or_default().into()),
    };
    assert!(payload.len() <= LIMIT);
    (kind, payload)
}

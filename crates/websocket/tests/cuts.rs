//! However a stream of frames is cut, the same comes out, and nothing that comes in does any harm.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use websocket::{Message, Opcode, Reader, Role, Violation, frame, masked_frame};

const LIMIT: usize = 300;

/// A message, or a violation, on its own feet.
type Seen = Result<(&'static str, Vec<u8>), Violation>;

fn keep(message: Result<Message<'_>, Violation>) -> Seen {
    Ok(match message? {
        Message::Text(text) => ("text", text.as_bytes().to_vec()),
        Message::Binary(bytes) => ("binary", bytes.to_vec()),
        Message::Ping(bytes) => ("ping", bytes.to_vec()),
        Message::Pong(bytes) => ("pong", bytes.to_vec()),
        Message::Close(None) => ("close", vec![]),
        Message::Close(Some(close)) => ("close", format!("{} {}", close.code, close.reason).into_bytes()),
    })
}

/// Reads a stream in pieces of these lengths, over and over.
fn read(role: Role, stream: &[u8], pieces: &[usize]) -> Vec<Seen> {
    let mut reader = Reader::new(role, LIMIT);
    let mut seen = Vec::new();
    let mut rest = stream;
    for piece in pieces.iter().cycle() {
        let (piece, after) = rest.split_at((*piece).min(rest.len()));
        rest = after;
        let mut piece = piece.to_vec();
        let mut messages = reader.read(&mut piece);
        while let Some(message) = messages.next() {
            seen.push(keep(message));
        }
        if rest.is_empty() {
            return seen;
        }
    }
    seen
}

#[derive(Debug, Clone)]
struct Fragment {
    first_byte: u8,
    payload: Vec<u8>,
    key: [u8; 4],
}

/// A frame that may be right or wrong in any way that two bytes can express.
fn fragment() -> impl Strategy<Value = Fragment> {
    let first = prop_oneof![
        6 => prop::sample::select(vec![0x01u8, 0x81, 0x82, 0x80, 0x00, 0x02, 0x89, 0x8a]),
        1 => Just(0x88u8),
        1 => any::<u8>(),
    ];
    let text = "\\PC{0,40}".prop_map(String::into_bytes);
    let close = (any::<u16>(), "\\PC{0,10}")
        .prop_map(|(code, why)| [&(1000 + code % 4000).to_be_bytes(), why.as_bytes()].concat());
    let payload = prop_oneof![6 => text, 1 => close, 1 => vec(any::<u8>(), 0..=150)];
    (first, payload, any::<[u8; 4]>()).prop_map(|(first_byte, payload, key)| Fragment {
        first_byte,
        payload,
        key,
    })
}

fn stream(fragments: &[Fragment]) -> Vec<u8> {
    let mut stream = Vec::new();
    for Fragment { first_byte, payload, key } in fragments {
        let mut frame = masked_frame(Opcode::Binary, payload, *key);
        frame[0] = *first_byte;
        stream.extend(frame);
    }
    stream
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_cutting_gives_the_same(fragments in vec(fragment(), 0..12), pieces in vec(1usize..40, 1..8)) {
        let stream = stream(&fragments);
        let whole = read(Role::Server, &stream, &[usize::MAX]);
        prop_assert_eq!(&read(Role::Server, &stream, &pieces), &whole);
        prop_assert_eq!(&read(Role::Server, &stream, &[1]), &whole);
    }

    #[test]
    fn what_one_side_writes_the_other_reads(
        payload in vec(any::<u8>(), 0..=LIMIT), text in "\\PC{0,60}", key in any::<[u8; 4]>(),
        piece in 1usize..400,
    ) {
        let expected = vec![Ok(("binary", payload.clone())), Ok(("text", text.clone().into_bytes()))];
        let to_server =
            [masked_frame(Opcode::Binary, &payload, key), masked_frame(Opcode::Text, text.as_bytes(), key)];
        prop_assert_eq!(&read(Role::Server, &to_server.concat(), &[piece]), &expected);
        let to_client = [frame(Opcode::Binary, &payload), frame(Opcode::Text, text.as_bytes())];
        prop_assert_eq!(&read(Role::Client, &to_client.concat(), &[piece]), &expected);
    }

    #[test]
    fn a_reader_that_is_left_in_the_middle_says_where(fragments in vec(fragment(), 0..12), stops in 1usize..4) {
        let stream = stream(&fragments);
        let mut reader = Reader::new(Role::Server, LIMIT);
        let (mut seen, mut rest) = (Vec::new(), stream.clone());
        while !rest.is_empty() && !reader.has_ended() {
            let mut messages = reader.read(&mut rest);
            for _ in 0..stops {
                seen.extend(messages.next().map(keep));
            }
            let read = messages.bytes_read();
            drop(messages);
            rest = rest.split_off(read);
        }
        prop_assert_eq!(seen, read(Role::Server, &stream, &[usize::MAX]));
    }
}

/// The fuzz target is the thorough one; this is what every run of the tests affords.
#[test]
fn random_bytes_do_no_harm() {
    let end = Instant::now() + Duration::from_millis(700);
    // xorshift: no seed to remember, as the state is printed when something fails.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    while Instant::now() < end {
        let begin = state;
        let mut bytes = Vec::new();
        for _ in 0..32 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend(state.to_le_bytes());
        }
        // Most random first bytes are violations: begin with a frame that is none.
        (bytes[0], bytes[1]) = (bytes[0] & 0x83, 0x80 | (bytes[1] & 0x0f));
        for role in [Role::Server, Role::Client] {
            let whole = read(role, &bytes, &[usize::MAX]);
            assert_eq!(read(role, &bytes, &[1, 2, 3, 50]), whole, "from the state {begin:#x}");
        }
    }
}

#[test]
fn an_idle_reader_holds_nothing() {
    assert!(size_of::<Reader>() <= 64);
    let mut reader = Reader::new(Role::Server, 1000);
    let stream = [
        masked_frame(Opcode::Text, &[b'a'; 900], [1; 4]),
        masked_frame(Opcode::Ping, b"p", [2; 4]),
        masked_frame(Opcode::Binary, b"b", [3; 4]),
    ];
    let mut count = 0;
    for byte in stream.concat() {
        let mut byte = [byte];
        let mut messages = reader.read(&mut byte);
        if let Some(message) = messages.next() {
            message.unwrap();
            count += 1;
            drop(messages);
            assert!(!reader.is_inside_message(), "after message {count}");
        }
    }
    assert_eq!(count, 3);
}

#[test]
fn what_is_whole_in_the_chunk_is_lent_from_it() {
    let mut chunk = masked_frame(Opcode::Text, b"right here", [9; 4]);
    let place = chunk.as_ptr_range();
    let mut reader = Reader::new(Role::Server, 1000);
    let mut messages = reader.read(&mut chunk);
    let Some(Ok(Message::Text(text))) = messages.next() else { panic!("no text") };
    assert_eq!(text, "right here");
    assert!(place.contains(&text.as_ptr()));
}

//! The rules of RFC 6455, case by case, grouped and numbered as in the Autobahn test suite. Each case is read
//! three times on each side: at once, byte by byte, and in pieces of seven bytes.

use websocket::{Message, Opcode, Reader, Role, close_payload, masked_frame};

/// Large enough for all of Autobahn's messages.
const LIMIT: usize = 16 << 20;

/// What a reader says, in words: `text …`, `binary …`, `ping …`, `pong …`, `close …`, or the code of a violation.
fn said(role: Role, stream: &[u8], piece: usize) -> Vec<String> {
    let mut reader = Reader::new(role, LIMIT);
    let mut said = Vec::new();
    for piece in stream.chunks(piece) {
        let mut piece = piece.to_vec();
        let mut messages = reader.read(&mut piece);
        while let Some(message) = messages.next() {
            said.push(match message {
                Ok(Message::Text(text)) => format!("text {text}"),
                Ok(Message::Binary(bytes)) => format!("binary {}", bytes.escape_ascii()),
                Ok(Message::Ping(bytes)) => format!("ping {}", bytes.escape_ascii()),
                Ok(Message::Pong(bytes)) => format!("pong {}", bytes.escape_ascii()),
                Ok(Message::Close(None)) => "close".to_owned(),
                Ok(Message::Close(Some(close))) => format!("close {} {}", close.code, close.reason),
                Err(violation) => violation.code.to_string(),
            });
        }
    }
    said
}

fn check(case: &str, frames: &[Vec<u8>], expected: &[&str]) {
    let from_client = frames.concat();
    let from_server: Vec<u8> = frames.iter().flat_map(|frame| unmasked(frame)).collect();
    for (role, stream) in [(Role::Server, from_client), (Role::Client, from_server)] {
        for piece in [usize::MAX, 1, 7] {
            assert_eq!(said(role, &stream, piece), expected, "case {case}, {role:?}, in pieces of {piece}");
        }
    }
}

/// The same frame as a server would write it.
fn unmasked(frame: &[u8]) -> Vec<u8> {
    let header = match frame[1] & 0x7f {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    let (header, rest) = frame.split_at(header);
    let (key, payload) = rest.split_at(4);
    let payload = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
    let mut frame: Vec<u8> = header.iter().copied().chain(payload).collect();
    frame[1] &= 0x7f;
    frame
}

/// A frame with this first byte: FIN, RSV1–3 and the opcode.
fn raw(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = masked_frame(Opcode::Text, payload, [0x11, 0x22, 0x33, 0x44]);
    frame[0] = first_byte;
    frame
}

fn text(payload: &str) -> Vec<u8> {
    raw(0x81, payload.as_bytes())
}

fn first(payload: &str) -> Vec<u8> {
    raw(0x01, payload.as_bytes())
}

fn middle(payload: &str) -> Vec<u8> {
    raw(0x00, payload.as_bytes())
}

fn last(payload: &str) -> Vec<u8> {
    raw(0x80, payload.as_bytes())
}

fn ping(payload: &str) -> Vec<u8> {
    raw(0x89, payload.as_bytes())
}

fn pong(payload: &str) -> Vec<u8> {
    raw(0x8a, payload.as_bytes())
}

fn close(code: u16, reason: &str) -> Vec<u8> {
    raw(0x88, &close_payload(code, reason))
}

#[test]
fn group_1_messages_of_every_size() {
    for size in [0, 125, 126, 127, 128, 65_535, 65_536] {
        let payload = "*".repeat(size);
        check(&format!("1.1, {size} bytes"), &[text(&payload)], &[&format!("text {payload}")]);
        let bytes = vec![0xfe; size];
        let said = format!("binary {}", bytes.escape_ascii());
        check(&format!("1.2, {size} bytes"), &[raw(0x82, &bytes)], &[&said]);
    }
}

#[test]
fn group_2_pings_and_pongs() {
    let longest = "p".repeat(125);
    check("2.1", &[ping("")], &["ping "]);
    check("2.2", &[ping("Hello, world!")], &["ping Hello, world!"]);
    check("2.3", &[raw(0x89, b"\x00\xff\xfe\xfd")], &[r"ping \x00\xff\xfe\xfd"]);
    check("2.4", &[ping(&longest)], &[&format!("ping {longest}")]);
    check("2.5", &[ping(&"p".repeat(126))], &["1002"]);
    check("2.7", &[pong("")], &["pong "]);
    check("2.8", &[pong("unsolicited")], &["pong unsolicited"]);
    check("2.9", &[pong("unsolicited"), ping("asked")], &["pong unsolicited", "ping asked"]);
    let pings: Vec<_> = (0..10).map(|n| ping(&n.to_string())).collect();
    let said: Vec<_> = (0..10).map(|n| format!("ping {n}")).collect();
    check("2.10", &pings, &said.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn group_3_reserved_bits_are_refused() {
    for bits in 1..=7u8 {
        let reserved = bits << 4;
        for opcode in [0x1, 0x2, 0x8, 0x9, 0xa] {
            let frames = [text("before"), raw(0x80 | reserved | opcode, b"*"), ping("after")];
            check(&format!("3.{bits}, opcode {opcode}"), &frames, &["text before", "1002"]);
        }
    }
}

#[test]
fn group_4_reserved_opcodes_are_refused() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        check(
            &format!("4, opcode {opcode}"),
            &[text("before"), raw(0x80 | opcode, b"")],
            &["text before", "1002"],
        );
        check(&format!("4, opcode {opcode} with payload"), &[raw(0x80 | opcode, b"x"), ping("")], &["1002"]);
    }
}

#[test]
fn group_5_fragments() {
    check("5.1", &[raw(0x09, b"fragment1"), last("fragment2")], &["1002"]);
    check("5.2", &[raw(0x0a, b"fragment1"), last("fragment2")], &["1002"]);
    check("5.3", &[first("fragment1"), last("fragment2")], &["text fragment1fragment2"]);
    check("5.6", &[first("a"), ping("between"), last("b")], &["ping between", "text ab"]);
    check("5.9", &[last("non-continuation"), text("never read")], &["1002"]);
    check("5.12", &[middle("non-continuation"), text("never read")], &["1002"]);
    check("5.15", &[first("a"), last("b"), middle("c"), text("d")], &["text ab", "1002"]);
    check("5.18", &[first("fragment1"), text("fragment2")], &["1002"]);
    check("5.18 with bytes", &[first("fragment1"), raw(0x82, b"fragment2")], &["1002"]);
    check(
        "5.19",
        &[first("a"), middle("b"), ping("one"), middle("c"), middle("d"), ping("two"), last("e")],
        &["ping one", "ping two", "text abcde"],
    );
    check("empty fragments", &[first(""), middle(""), last("")], &["text "]);
    check("a pong between", &[first("a"), pong("p"), last("b"), text("c")], &["pong p", "text ab", "text c"]);
    check("bytes", &[raw(0x02, b"\xff"), raw(0x80, b"\xfe")], &[r"binary \xff\xfe"]);
    check("a close between", &[first("a"), close(1000, ""), last("b")], &["close 1000 "]);
}

/// Byte sequences that are UTF-8 (Autobahn 6.5, 6.7, 6.9, 6.11, 6.22 and 6.23).
const UTF8: [&str; 13] = [
    "κόσμε",
    "Hello-µ@ßöäüàá-UTF-8!!",
    "\u{0}",
    "\u{80}",
    "\u{800}",
    "\u{10000}",
    "\u{7f}",
    "\u{7ff}",
    "\u{ffff}",
    "\u{10ffff}",
    "\u{d7ff}\u{e000}\u{fffd}",
    "\u{fffe}",
    "\u{1fffe}\u{10fffe}",
];

/// Byte sequences that are not (Autobahn 6.8, 6.10, 6.12–6.21).
const NOT_UTF8: [&[u8]; 19] = [
    b"\xfe",
    b"\xff",
    b"\x80",
    b"\xbf",
    b"\x80\xbf\x80",
    b"\xc0 \xc1 ",
    b"\xe0 \xef ",
    b"\xf0 \xf7 ",
    b"\xf8 ",
    b"\xc0\xaf",
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xfc\x80\x80\x80\x80\xaf",
    b"\xc1\xbf",
    b"\xed\xa0\x80",
    b"\xed\xbf\xbf",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xf4\x90\x80\x80",
    b"\xf7\xbf\xbf\xbf",
];

#[test]
fn group_6_text_is_utf8() {
    for good in UTF8 {
        check(&format!("6, {good:?}"), &[text(good)], &[&format!("text {good}")]);
        let letters: Vec<u8> = good.bytes().collect();
        let mut fragments: Vec<_> = letters.iter().map(|byte| raw(0x00, &[*byte])).collect();
        fragments[0][0] = 0x01;
        fragments.push(last(""));
        check(&format!("6, {good:?} in fragments of a byte"), &fragments, &[&format!("text {good}")]);
    }
    for bad in NOT_UTF8 {
        let name = format!("6, {}", bad.escape_ascii());
        check(&name, &[raw(0x81, bad)], &["1007"]);
        check(&name, &[raw(0x81, &[b"Hello ", bad, b" world"].concat())], &["1007"]);
        check(&name, &[raw(0x82, bad)], &[&format!("binary {}", bad.escape_ascii())]);
    }
    check("6.1", &[text("")], &["text "]);
    check("6.6, cut inside a character", &[raw(0x81, b"\xce\xba\xe1\xbd")], &["1007"]);
    check("6.6, the same in fragments", &[first("κ"), raw(0x80, b"\xe1\xbd")], &["1007"]);
}

#[test]
fn group_6_4_bad_text_is_refused_before_it_is_complete() {
    let bad = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80";
    let fragments = [first("κ"), raw(0x00, b"\xf4\x90"), ping("never read"), last("edited")];
    check("6.4.1, in a fragment", &fragments, &["1007"]);
    // 6.4.3: inside a frame, before the rest of it has come.
    let frame = raw(0x81, &[bad, &b"x".repeat(100)[..]].concat());
    let header = 6;
    assert_eq!(said(Role::Server, &frame[..header + 12], usize::MAX), [""; 0], "it may still become UTF-8");
    assert_eq!(
        said(Role::Server, &frame[..header + 13], usize::MAX),
        ["1007"],
        "no continuation makes it UTF-8"
    );
}

#[test]
fn group_7_closes() {
    check("7.1.1", &[text("Hello"), close(1000, "")], &["text Hello", "close 1000 "]);
    check("7.1.2", &[close(1000, ""), close(1000, "")], &["close 1000 "]);
    check("7.1.3", &[close(1000, ""), ping("never read")], &["close 1000 "]);
    check("7.1.4", &[close(1000, ""), text("never read")], &["close 1000 "]);
    check("7.1.5", &[first("a"), close(1000, ""), last("b")], &["close 1000 "]);
    check("7.3.1", &[raw(0x88, b"")], &["close"]);
    check("7.3.2", &[raw(0x88, b"a")], &["1002"]);
    check("7.3.3", &[raw(0x88, &1000u16.to_be_bytes())], &["close 1000 "]);
    check("7.3.4", &[close(1000, "Hello World!")], &["close 1000 Hello World!"]);
    let longest = "*".repeat(123);
    check("7.3.5", &[close(1000, &longest)], &[&format!("close 1000 {longest}")]);
    check("7.3.6", &[raw(0x88, &[&1000u16.to_be_bytes()[..], &[b'*'; 124]].concat())], &["1002"]);
    check("7.5.1", &[raw(0x88, b"\x03\xe8\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited")], &["1007"]);
    check("a fragmented close", &[raw(0x08, b""), last("")], &["1002"]);
}

#[test]
fn group_7_7_and_7_9_codes_of_closes() {
    for good in
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
    {
        check(&format!("7.7, {good}"), &[close(good, "why")], &[&format!("close {good} why")]);
    }
    for bad in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        check(&format!("7.9, {bad}"), &[close(bad, "")], &["1002"]);
        check(&format!("7.9, {bad} with a reason"), &[close(bad, "why")], &["1002"]);
    }
}

#[test]
fn masks_are_required_of_clients_and_forbidden_to_servers() {
    let read = |role, mut frame: Vec<u8>| match Reader::new(role, LIMIT).read(&mut frame).next() {
        Some(Err(violation)) => Some(violation.code),
        _ => None,
    };
    let unmasked = websocket::frame(Opcode::Text, b"hi").to_vec();
    assert_eq!(read(Role::Server, unmasked.clone()), Some(1002));
    assert_eq!(read(Role::Client, unmasked), None);
    assert_eq!(read(Role::Server, text("hi")), None);
    assert_eq!(read(Role::Client, text("hi")), Some(1002));
}

#[test]
fn lengths_are_written_in_the_shortest_way() {
    let header = |bytes: &[u8]| [&[0x82], bytes, &[0; 4]].concat();
    check("125 in two bytes", &[header(&[0xfe, 0, 125]), ping("")], &["1002"]);
    check("65535 in eight bytes", &[header(&[0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff]), ping("")], &["1002"]);
    check("the topmost bit", &[header(&[0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]), ping("")], &["1002"]);
}

#[test]
fn what_is_too_large_is_refused_by_its_header() {
    let header_only = |payload: &str, first_byte: u8| {
        let mut frame = raw(first_byte, payload.as_bytes());
        frame.truncate(frame.len() - payload.len());
        frame
    };
    let read = |frames: &[Vec<u8>]| {
        let mut reader = Reader::new(Role::Server, 200);
        let mut said = Vec::new();
        for byte in frames.concat() {
            let mut byte = [byte];
            let mut messages = reader.read(&mut byte);
            said.extend(messages.next().map(|message| message.map_or_else(|v| v.code, |_| 0)));
        }
        said
    };
    let (just, over) = ("x".repeat(200), "x".repeat(201));
    assert_eq!(read(&[text(&just)]), [0]);
    assert_eq!(read(&[header_only(&over, 0x81)]), [1009]);
    assert_eq!(read(&[header_only(&over, 0x01)]), [1009]);
    assert_eq!(
        read(&[first(&"x".repeat(100)), ping("control frames do not count"), last(&"x".repeat(100))]),
        [0, 0]
    );
    assert_eq!(read(&[first(&"x".repeat(100)), header_only(&"x".repeat(101), 0x80)]), [1009]);
    let endless = [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0].to_vec();
    assert_eq!(read(&[endless]), [1009]);
}

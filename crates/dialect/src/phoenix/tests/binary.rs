//! Binary pushes.

use super::*;
use crate::Say;

/// A push as the library writes it.
fn push(join_ref: &str, reference: &str, topic: &str, event: &str, data: &[u8]) -> Vec<u8> {
    let parts = [join_ref, reference, topic, event];
    let lengths = parts.map(|part| u8::try_from(part.len()).unwrap());
    [&[0], &lengths[..], parts.concat().as_bytes(), data].concat()
}

#[test]
fn a_binary_push_is_refused_politely() {
    let push = push("1", "2", "room:42", "message:add", b"\xffhi");
    let Ok(Command::Refuse { mark, alias: None, id: None, refusal }) =
        read(Serializer::V2, Frame::Binary(&push))
    else {
        panic!("it is refused");
    };
    assert_eq!(mark, place("\"2\""));
    let mut out = Vec::new();
    let (mark, refusal) = (&mark, &refusal);
    assert!(phoenix(Serializer::V2).say(&Say::Refused { mark, alias: None, id: None, refusal }, &mut out));
    let reason =
        r#"["1","2","room:42","phx_reply",{"status":"error","response":{"reason":"binary not supported"}}]"#;
    assert_eq!(String::from_utf8(out).unwrap(), reason);
}

#[test]
fn lengths_that_are_wrong_and_other_kinds_end_the_connection() {
    let good = push("1", "2", "room:42", "message:add", b"");
    for length in 0..good.len() {
        assert!(read(Serializer::V2, Frame::Binary(&good[..length])).is_err(), "{length}");
    }
    for kind in 1..=255 {
        let other = [&[kind], &good[1..]].concat();
        assert!(read(Serializer::V2, Frame::Binary(&other)).is_err(), "{kind}");
    }
    let not_utf8 = [&[0, 1, 1, 7, 1], &b"12room:4\xffe"[..]].concat();
    assert!(read(Serializer::V2, Frame::Binary(&not_utf8)).is_err());
    assert!(read(Serializer::V1, Frame::Binary(&good)).is_err(), "the first version has none");
}

#[test]
fn a_push_of_the_largest_lengths_is_refused_where_it_belongs() {
    let long = "\u{1}".repeat(255);
    let push = push(&long, &long, &long, &long, b"");
    let Ok(Command::Refuse { mark, .. }) = read(Serializer::V2, Frame::Binary(&push)) else {
        panic!("refused")
    };
    let json = serde_json::Value::from(long).to_string();
    assert_eq!(mark, super::mark(&json, &json, &json));
}

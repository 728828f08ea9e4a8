//! What clients ask for: real frames, and what they mean.

use chat::{Change, PageFrom};

use super::*;
use crate::{Alias, From};

#[test]
fn each_frame_means_what_the_contract_says() {
    let mark = Mark::new("1");
    let alias = Alias::new("r");
    let hi = || Change::Message { body: body("hi"), reply_to: None };
    for (name, command) in [
        ("ask-hello", Command::Hello { mark: Mark::default(), token: "a.b.c".into() }),
        (
            "ask-join",
            Command::Join { mark: mark.clone(), alias: alias.clone(), room: room(), from: From::Live },
        ),
        (
            "ask-join-after",
            Command::Join {
                mark: mark.clone(),
                alias: alias.clone(),
                room: room(),
                from: From::After(seq(41), Some(epoch())),
            },
        ),
        ("ask-leave", Command::Leave { mark: mark.clone(), alias, room: room() }),
        (
            "ask-send",
            Command::Send {
                mark: mark.clone(),
                within: None,
                room: room(),
                id: Some(id("d-1")),
                change: Change::Message { body: body("hi"), reply_to: Some(seq(12)) },
            },
        ),
        (
            "ask-send-bare",
            Command::Send { mark: Mark::default(), within: None, room: room(), id: None, change: hi() },
        ),
        (
            "ask-history",
            Command::History {
                mark: mark.clone(),
                room: room(),
                from: PageFrom::Before(seq(58)),
                limit: Some(50),
            },
        ),
        ("ask-rooms", Command::Rooms { mark: mark.clone() }),
        ("ask-ping", Command::Ping { mark }),
    ] {
        assert_eq!(decode(&golden(name)), Ok(command), "{name}");
    }
}

#[test]
fn a_page_of_history_begins_where_it_is_asked_for() {
    let page = |frame: &str| match decode(frame).unwrap() {
        Command::History { from, limit, .. } => (from, limit),
        other => panic!("{other:?}"),
    };
    assert_eq!(page(r#"{"type":"history","room":"r"}"#), (PageFrom::Before(Seq::MAX), None));
    assert_eq!(page(r#"{"type":"history","room":"r","after":0}"#), (PageFrom::After(Seq::ZERO), None));
    assert_eq!(page(r#"{"type":"history","room":"r","limit":70000}"#).1, Some(u16::MAX));
}

#[test]
fn a_reference_is_kept_as_the_client_wrote_it() {
    for reference in
        ["1", "-0", "1.50e+3", "123456789012345678901234567890", r#""a""#, r#""""#, r#""\u0041\n""#]
    {
        let command = decode(&format!(r#"{{ "ref" : {reference} , "type":"ping"}}"#)).unwrap();
        assert_eq!(command, Command::Ping { mark: Mark::new(reference) });
    }
}

#[test]
fn sixty_four_bytes_of_reference_are_taken() {
    let longest = format!("\"{}\"", "x".repeat(64));
    let command = decode(&format!(r#"{{"type":"ping","ref":{longest}}}"#)).unwrap();
    assert_eq!(command, Command::Ping { mark: Mark::new(&longest) });
}

#[test]
fn null_is_a_field_that_is_not_there() {
    let frame = r#"{"type":"send","ref":null,"id":null,"room":"r","body":"hi","reply_to":null}"#;
    let bare = decode(&golden("ask-send-bare"));
    assert_eq!(decode(frame), bare);
}

#[test]
fn what_nobody_knows_is_passed_over() {
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let frame = format!(r#"{{"type":"ping","x":{deep},"y":{{"type":1}},"x":1e99999}}"#);
    assert_eq!(decode(&frame), Ok(Command::Ping { mark: Mark::default() }));
}

#[test]
fn names_of_fields_may_be_written_with_escapes() {
    assert_eq!(decode(r#"{"t\u0079pe":"p\u0069ng"}"#), Ok(Command::Ping { mark: Mark::default() }));
}

#[test]
fn text_arrives_byte_for_byte() {
    let frame = r#"{"type":"send","room":"r","body":"\u00e9\ud83d\udc4d\"\n"}"#;
    let Ok(Command::Send { change: Change::Message { body, .. }, .. }) = decode(frame) else { panic!() };
    assert_eq!(body.as_str(), "é👍\"\n");
}

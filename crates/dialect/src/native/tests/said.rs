//! What the server says, byte for byte as in `golden/native`.

use std::time::Duration;

use chat::{Event, EventKind, HistoryPage, RoomKind, RoomState, RoomSummary, StandingMessage, Stored};

use super::*;
use crate::{Alias, LimitsShown, Say};

const SHOWN: LimitsShown = LimitsShown {
    frame_bytes: 65_536,
    body_bytes: 16_384,
    rooms_per_connection: 100,
    replay: 1000,
    page: 200,
    sends_per_s: 20,
};

#[track_caller]
fn assert_said(say: &Say<'_>, name: &str) {
    let mut out = b"before".to_vec();
    assert!(Native.say(say, &mut out));
    assert_eq!(std::str::from_utf8(&out).unwrap(), format!("before{}", golden(name)));
}

#[test]
fn a_connection_begins_and_is_kept() {
    let user = &ana();
    let mark = &Mark::new("1");
    let welcome = |mark| Say::Welcome { mark, user, connection: "c1", limits: &SHOWN };
    assert_said(&welcome(None), "welcome");
    assert_said(&welcome(Some(mark)), "welcome-marked");
    assert_said(&Say::Renewed { mark, user }, "renewed");
    assert_said(&Say::Pong { mark }, "pong");
    assert_said(&Say::Status { degraded: true }, "status-degraded");
    assert_said(&Say::Status { degraded: false }, "status-ok");
    assert_said(&Say::TokenExpiring { left: Duration::from_millis(59_999) }, "token_expiring");
}

#[test]
fn a_subscription_begins_and_ends() {
    let (opening, alias, room, user) = (&Mark::new("1"), &Alias::new("r"), &room(), &ana());
    let state = &RoomState { kind: RoomKind::Public, epoch: epoch(), first_seq: seq(1), seq: seq(57) };
    let joined = |mark, truncated| Say::Joined { mark, opening, alias, room, state, user, truncated };
    assert_said(&joined(Some(opening), false), "joined");
    assert_said(&joined(None, true), "joined-again");
    let mark = &Mark::new("2");
    assert_said(&Say::Left { mark, opening: Some(opening), alias, room }, "left");
    let refusal = &Refusal::new(Code::Removed, "this room is no longer open to you");
    assert_said(&Say::Removed { opening, alias, room, refusal }, "left-removed");
}

#[test]
fn a_send_is_answered() {
    let (mark, room, asked) = (&Mark::new("3"), &room(), &id("d-1"));
    let stored = Stored { seq: seq(58), at: at(), target: None, repeat: false };
    assert_said(&Say::Sent { mark, room, id: asked, stored: &stored }, "sent");
    let edited = Stored { seq: seq(60), target: Some(seq(58)), ..stored };
    assert_said(&Say::Sent { mark, room, id: &id("e-1"), stored: &edited }, "sent-edit");
    let refusal = &Refusal::new(Code::TooMany, "slower").retry_in(Duration::from_micros(1500));
    assert_said(&Say::Refused { mark, alias: None, id: Some(asked), refusal }, "refused");
    let bare = &Refusal::malformed("no");
    assert_said(
        &Say::Refused { mark: &Mark::default(), alias: None, id: None, refusal: bare },
        "refused-bare",
    );
}

#[test]
fn pages_and_lists_are_answered() {
    let (mark, room) = (&Mark::new("5"), &room());
    let first = StandingMessage {
        seq: seq(56),
        id: id("d-0"),
        by: ana(),
        at: at(),
        body: Some(body("hello")),
        reply_to: Some(seq(12)),
        edited_at: Some(at()),
    };
    let gone = StandingMessage { seq: seq(57), body: None, reply_to: None, edited_at: None, ..first.clone() };
    let page = &HistoryPage { messages: vec![first, gone], more: true };
    assert_said(&Say::History { mark, room, page }, "history");
    let news = RoomSummary { room: room.clone(), name: "News".into(), kind: RoomKind::Public, seq: seq(57) };
    assert_said(&Say::Rooms { mark, rooms: &[news] }, "rooms");
}

#[test]
fn what_has_no_words_here_writes_nothing() {
    let mut out = Vec::new();
    assert!(!Native.say(
        &Say::CaughtUp { opening: &Mark::default(), alias: &Alias::new("r"), truncated: false },
        &mut out
    ));
    assert!(!Native.say(&Say::Beat { at: at() }, &mut out));
    assert!(out.is_empty());
}

fn event(kind: EventKind) -> Option<String> {
    let event = Event { room: room(), seq: seq(58), id: id("d-1"), by: ana(), at: at(), kind, except: None };
    let mut out = Vec::new();
    let shown = Native.event(&Alias::new("r"), &epoch(), &event, &mut out);
    assert_eq!(shown, !out.is_empty());
    shown.then(|| String::from_utf8(out).unwrap())
}

#[test]
fn events_are_shown() {
    let target = seq(57);
    for (name, kind) in [
        ("message", EventKind::Message { body: Some(body("hi")), reply_to: Some(seq(12)) }),
        ("message-plain", EventKind::Message { body: Some(body("a \"b\"\n\u{2028}é👍")), reply_to: None }),
        ("message-deleted", EventKind::Message { body: None, reply_to: Some(seq(12)) }),
        ("edited", EventKind::Edited { target, body: Some(body("hi!")) }),
        ("edited-deleted", EventKind::Edited { target, body: None }),
        ("deleted", EventKind::Deleted { target }),
    ] {
        assert_eq!(event(kind), Some(golden(name)), "{name}");
    }
}

#[test]
fn an_event_of_a_newer_version_shows_nothing() {
    assert_eq!(event(EventKind::Unknown), None);
}

//! What the server says, byte for byte as in `golden/phoenix`.

use std::time::Duration;

use chat::{Event, EventKind, HistoryPage, RoomKind, RoomState, Roster, Stored};

use super::*;
use crate::{LimitsShown, Say};

const SHOWN: LimitsShown = LimitsShown {
    frame_bytes: 65_536,
    body_bytes: 16_384,
    rooms_per_connection: 100,
    replay: 1000,
    page: 200,
    sends_per_s: 20,
};

fn said(serializer: Serializer, say: &Say<'_>) -> Option<String> {
    let mut out = b"before".to_vec();
    let spoken = phoenix(serializer).say(say, &mut out);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(spoken, text != "before", "{say:?}");
    spoken.then(|| text.strip_prefix("before").unwrap().to_owned())
}

#[track_caller]
fn assert_said(say: &Say<'_>, name: &str) {
    assert_eq!(said(serializer(name), say), Some(golden(name)), "{name}");
}

fn state() -> RoomState {
    RoomState { kind: RoomKind::Public, epoch: epoch(), first_seq: seq(1), seq: seq(57) }
}

#[test]
fn a_membership_begins_and_ends() {
    let (opening, alias, room, state, user) = (&place("\"1\""), &alias(), &room(), &state(), &ana());
    let joined =
        |truncated| Say::Joined { mark: Some(opening), opening, alias, room, state, user, truncated };
    assert_said(&joined(false), "joined");
    assert_said(&joined(false), "v1-joined");
    assert_said(&joined(true), "joined-gap");
    let left = Say::Left { mark: &place("\"2\""), opening: Some(opening), alias, room };
    assert_said(&left, "done");
    assert_said(&Say::Ended { opening, alias }, "close");
    assert_said(&Say::Ended { opening, alias }, "v1-close");
}

#[test]
fn a_membership_that_the_server_ends_is_for_good_or_to_come_back() {
    let (opening, alias, room) = (&place("\"1\""), &alias(), &room());
    let thrown_out = &Refusal::new(Code::Removed, "this room is no longer open to you");
    assert_said(&Say::Removed { opening, alias, room, refusal: thrown_out }, "close");
    let anew = &Refusal::new(Code::GoingAway, "the room has another history now");
    assert_said(&Say::Removed { opening, alias, room, refusal: anew }, "error");
}

#[test]
fn a_request_is_answered_where_it_belongs() {
    let (mark, room, asked) = (&place("\"2\""), &room(), &id("d-1"));
    let stored = &Stored { seq: seq(58), at: at(), target: None, repeat: false };
    assert_said(&Say::Sent { mark, room, id: asked, stored }, "sent");
    assert_said(&Say::Sent { mark, room, id: asked, stored }, "v1-sent");
    assert_said(&Say::Done { mark }, "done");
    assert_said(&Say::Pong { mark: &mark_of_heartbeat() }, "heartbeat");
    let refusal = &Refusal::malformed("you have not joined this");
    assert_said(&Say::Outside { mark, id: Some(asked), refusal }, "unmatched");
    let refusal = &Refusal::new(Code::TooLarge, "the text is longer than 16 bytes");
    assert_said(&Say::Refused { mark, alias: None, id: Some(asked), refusal }, "not-sent");
    let (mark, alias) = (&place("\"1\""), &alias());
    let refusal = &Refusal::new(Code::NotAllowed, "there is no such room, or it is not open to you");
    assert_said(&Say::Refused { mark, alias: Some(alias), id: None, refusal }, "not-joined");
}

fn mark_of_heartbeat() -> Mark {
    mark("", "\"3\"", "\"phoenix\"")
}

#[test]
fn reasons_are_words_that_applications_look_for() {
    let (mark, alias) = (&place("\"1\""), &alias());
    let later = Duration::from_secs(1);
    for (refusal, joining, reason) in [
        (Refusal::malformed("unknown event"), false, "unknown event"),
        (Refusal::new(Code::NotAllowed, "no"), false, "unauthorized"),
        (Refusal::new(Code::TooLarge, "no"), false, "too_long"),
        (Refusal::new(Code::TooMany, "no"), true, "too many channels joined"),
        (Refusal::new(Code::TooMany, "no").retry_in(later), true, "rate_limited"),
        (Refusal::new(Code::TooMany, "no").retry_in(later), false, "rate_limited"),
        (Refusal::unavailable("no"), true, "unavailable"),
    ] {
        let refusal = &refusal;
        let refused = Say::Refused { mark, alias: joining.then_some(alias), id: None, refusal };
        let said = said(Serializer::V2, &refused).unwrap();
        let frame: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(frame[4]["response"]["reason"], reason, "{refusal:?}");
    }
}

#[test]
fn who_waits_for_no_answer_gets_none() {
    for mark in [&Mark::default(), &mark("\"1\"", "", "\"room:42\"")] {
        assert_eq!(said(Serializer::V2, &Say::Done { mark }), None, "{mark:?}");
    }
}

#[test]
fn what_has_no_words_here_writes_nothing() {
    let (mark, alias, room, state, user) = (&place("\"1\""), &alias(), &room(), &state(), &ana());
    let refusal = &Refusal::malformed("no");
    let page = &HistoryPage { messages: vec![], more: false };
    let roster = &Roster { count: chat::Headcount::default(), listed: None };
    for say in [
        Say::Welcome { mark: None, user, connection: "c1", limits: &SHOWN },
        Say::Joined { mark: None, opening: mark, alias, room, state, user, truncated: true },
        Say::StillJoined { mark, alias },
        Say::Overtaken { opening: mark, alias, refusal },
        Say::CaughtUp { opening: mark, alias, truncated: false },
        Say::Renewed { mark, user },
        Say::Who { mark, room, roster },
        Say::History { mark, room, page },
        Say::Rooms { mark, rooms: &[] },
        Say::Beat { at: at() },
        Say::Status { degraded: true },
        Say::TokenExpiring { left: Duration::from_secs(60) },
    ] {
        assert_eq!(said(Serializer::V2, &say), None, "{say:?}");
    }
}

fn event(phoenix: &Phoenix, topic: &str, kind: EventKind) -> Option<String> {
    let event = Event { room: room(), seq: seq(58), id: id("d-1"), by: ana(), at: at(), kind, except: None };
    let mut out = Vec::new();
    let shown = phoenix.event(&Alias::new(topic), &epoch(), &event, &mut out);
    assert_eq!(shown, !out.is_empty());
    shown.then(|| String::from_utf8(out).unwrap())
}

#[test]
fn a_message_is_the_same_for_every_member() {
    let hi = || EventKind::Message { body: Some(body("hi")), reply_to: Some(seq(12)) };
    assert_eq!(event(&phoenix(Serializer::V2), "room:42", hi()), Some(golden("message")));
    assert_eq!(event(&phoenix(Serializer::V1), "room:42", hi()), Some(golden("v1-message")));
    let settings = Settings {
        new_message: "new_msg".into(),
        text: "body".into(),
        topic: "chat:".into(),
        ..Settings::default()
    };
    let theirs = Phoenix::new(settings, Serializer::V2);
    assert_eq!(event(&theirs, "chat:42", hi()), Some(golden("message-named")));
}

#[test]
fn what_a_page_would_take_for_a_new_message_is_not_shown() {
    for kind in [
        EventKind::Message { body: None, reply_to: None },
        EventKind::Edited { target: seq(57), body: Some(body("hi!")) },
        EventKind::Deleted { target: seq(57) },
        EventKind::Unknown,
    ] {
        assert_eq!(event(&phoenix(Serializer::V2), "room:42", kind), None);
    }
}

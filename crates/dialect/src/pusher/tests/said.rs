//! What the server says.

use std::time::Duration;

use chat::{Event, EventKind, HistoryPage, RoomKind, RoomState, Stored};

use super::*;
use crate::LimitsShown;

const SHOWN: LimitsShown = LimitsShown {
    frame_bytes: 1,
    body_bytes: 1,
    rooms_per_connection: 1,
    replay: 1,
    page: 1,
    sends_per_s: 1,
};

fn state() -> RoomState {
    RoomState { kind: RoomKind::Public, epoch: epoch(), first_seq: seq(1), seq: seq(57) }
}

#[test]
fn a_connection_begins_and_is_kept() {
    let user = &user("123456.7890", "guest");
    let welcome = Say::Welcome { mark: None, user, connection: "123456.7890", limits: &SHOWN };
    assert_eq!(said(&welcome), Some(golden("connection_established")));
    assert_eq!(said(&Say::Pong { mark: &Mark::default() }), Some(golden("pong")));
}

#[test]
fn a_private_channel_is_entered_at_once_and_confirmed_whenever_it_is_asked_for() {
    let (mark, alias, room, state) = (&Mark::default(), &Alias::new(CHANNEL), &room(), &state());
    let user = &ana();
    let joined = Say::Joined { mark: Some(mark), opening: mark, alias, room, state, user, truncated: false };
    assert_eq!(said(&joined), Some(golden("subscription_succeeded")));
    assert_eq!(said(&Say::StillJoined { mark, alias }), Some(golden("subscription_succeeded")));
}

#[test]
fn a_channel_that_is_not_open_is_named() {
    let (mark, alias) = (&Mark::default(), &Alias::new(CHANNEL));
    let refusal = &Refusal::new(Code::NotIdentified, "no");
    let refused = Say::Refused { mark, alias: Some(alias), id: None, refusal };
    assert_eq!(said(&refused), Some(golden("subscription_error")));
    let removed = Say::Removed { opening: mark, alias, room: &room(), refusal };
    assert_eq!(said(&removed), Some(golden("subscription_error")));
}

#[test]
fn a_client_event_that_is_refused_has_a_number_of_its_own() {
    let refusal = &Refusal::malformed("no");
    let mark = &Mark::new("client event");
    assert_eq!(said(&Say::Refused { mark, alias: None, id: None, refusal }), Some(golden("error")));
    assert_eq!(said(&Say::Outside { mark, id: None, refusal }), Some(golden("error")));
    let other = said(&Say::Refused { mark: &Mark::default(), alias: None, id: None, refusal });
    assert_eq!(other, Some(golden("error").replace("4301", "4300")));
}

#[test]
fn what_has_no_words_here_writes_nothing() {
    let (mark, alias, room, state) = (&Mark::default(), &Alias::new(CHANNEL), &room(), &state());
    let (user, refusal) = (&ana(), &Refusal::malformed("no"));
    let stored = &Stored { seq: seq(58), at: at(), target: None, repeat: false };
    let page = &HistoryPage { messages: vec![], more: false };
    for say in [
        Say::Joined { mark: None, opening: mark, alias, room, state, user, truncated: true },
        Say::Overtaken { opening: mark, alias, refusal },
        Say::Ended { opening: mark, alias },
        Say::CaughtUp { opening: mark, alias, truncated: false },
        Say::Left { mark, opening: Some(mark), alias, room },
        Say::Sent { mark, room, id: &id("d-1"), stored },
        Say::Done { mark },
        Say::Renewed { mark, user },
        Say::History { mark, room, page },
        Say::Rooms { mark, rooms: &[] },
        Say::Beat { at: at() },
        Say::Status { degraded: true },
        Say::TokenExpiring { left: Duration::from_secs(60) },
    ] {
        assert_eq!(said(&say), None, "{say:?}");
    }
}

fn event(channel: &str, kind: EventKind) -> Option<String> {
    let event = Event { room: room(), seq: seq(58), id: id("d-1"), by: ana(), at: at(), kind, except: None };
    let mut out = Vec::new();
    let shown = pusher().event(&Alias::new(channel), &epoch(), &event, &mut out);
    assert_eq!(shown, !out.is_empty());
    shown.then(|| String::from_utf8(out).unwrap())
}

#[test]
fn a_message_is_an_event_of_the_channel() {
    let said = |text: &str| EventKind::Message { body: Some(body(text)), reply_to: None };
    assert_eq!(event(CHANNEL, said("hi")), Some(golden("message")));
    assert_eq!(event(CHANNEL, said("a \"b\"\n\u{2028}é👍")), Some(golden("message-escaped")));
    assert_eq!(event(PRESENCE, said("hi")), Some(golden("message").replace(CHANNEL, PRESENCE)));
}

#[test]
fn what_a_page_would_take_for_a_new_message_is_not_shown() {
    for kind in [
        EventKind::Message { body: None, reply_to: None },
        EventKind::Edited { target: seq(57), body: Some(body("hi!")) },
        EventKind::Deleted { target: seq(57) },
        EventKind::Unknown,
    ] {
        assert_eq!(event(CHANNEL, kind), None);
    }
}

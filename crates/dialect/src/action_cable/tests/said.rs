//! What the server says, byte for byte as in `golden/action_cable`.

use std::time::Duration;

use chat::{Event, EventKind, HistoryPage, RoomKind, RoomState, Stored};

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

fn said(say: &Say<'_>) -> Option<String> {
    let mut out = b"before".to_vec();
    let spoken = ActionCable::default().say(say, &mut out);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(spoken, text != "before", "{say:?}");
    spoken.then(|| text.strip_prefix("before").unwrap().to_owned())
}

fn state() -> RoomState {
    RoomState { kind: RoomKind::Public, epoch: epoch(), first_seq: seq(1), seq: seq(57) }
}

#[test]
fn a_connection_begins_and_is_kept() {
    let welcome = Say::Welcome { mark: None, user: &ana(), connection: "c1", limits: &SHOWN };
    assert_eq!(said(&welcome), Some(golden("welcome")));
    assert_eq!(said(&Say::Beat { at: at() }), Some(golden("ping")));
}

#[test]
fn a_subscription_is_confirmed_or_rejected() {
    let (mark, alias, room, state) = (&Mark::default(), &alias(), &room(), &state());
    let joined =
        Say::Joined { mark: Some(mark), opening: mark, alias, room, state, user: &ana(), truncated: false };
    assert_eq!(said(&joined), Some(golden("confirm_subscription")));
    let refusal = &Refusal::new(Code::NotAllowed, "no");
    let refused = Say::Refused { mark, alias: Some(alias), id: None, refusal };
    assert_eq!(said(&refused), Some(golden("reject_subscription")));
    let removed = Say::Removed { opening: mark, alias, room, refusal };
    assert_eq!(said(&removed), Some(golden("reject_subscription")));
}

#[test]
fn what_will_pass_is_no_rejection_as_the_library_asks_again() {
    let (mark, alias) = (&Mark::default(), &alias());
    let slower = Refusal::new(Code::TooMany, "slower").retry_in(Duration::from_millis(50));
    for refusal in [&Refusal::unavailable("the bus is away"), &slower] {
        assert_eq!(said(&Say::Refused { mark, alias: Some(alias), id: None, refusal }), None);
    }
}

#[test]
fn a_message_that_was_not_taken_is_told_to_its_author() {
    let mark = &Mark::new(IDENTIFIER);
    let refusal = &Refusal::new(Code::TooLarge, "the text is longer than 16 bytes");
    let refused = Say::Refused { mark, alias: None, id: Some(&id("d-1")), refusal };
    assert_eq!(said(&refused), Some(golden("not-sent")));
    let bare = Say::Refused { mark, alias: None, id: None, refusal: &Refusal::malformed("no") };
    assert_eq!(said(&bare), Some(golden("not-sent-bare")));
}

#[test]
fn what_has_no_words_here_writes_nothing() {
    let (mark, alias, room, state) = (&Mark::new(IDENTIFIER), &alias(), &room(), &state());
    let refusal = &Refusal::malformed("no");
    let stored = &Stored { seq: seq(58), at: at(), target: None, repeat: false };
    let page = &HistoryPage { messages: vec![], more: false };
    for say in [
        Say::Joined { mark: None, opening: mark, alias, room, state, user: &ana(), truncated: true },
        Say::Overtaken { opening: mark, alias, refusal },
        Say::Ended { opening: mark, alias },
        Say::Outside { mark, id: Some(&id("d-1")), refusal },
        Say::CaughtUp { opening: mark, alias, truncated: false },
        Say::Left { mark, opening: Some(mark), alias, room },
        Say::Sent { mark, room, id: &id("d-1"), stored },
        Say::Renewed { mark, user: &ana() },
        Say::History { mark, room, page },
        Say::Rooms { mark, rooms: &[] },
        Say::Pong { mark },
        Say::Status { degraded: true },
        Say::TokenExpiring { left: Duration::from_secs(60) },
    ] {
        assert_eq!(said(&say), None, "{say:?}");
    }
}

fn event(identifier: &str, kind: EventKind) -> Option<String> {
    let event = Event { room: room(), seq: seq(58), id: id("d-1"), by: ana(), at: at(), kind, except: None };
    let mut out = Vec::new();
    let shown = ActionCable::default().event(&Alias::new(identifier), &epoch(), &event, &mut out);
    assert_eq!(shown, !out.is_empty());
    shown.then(|| String::from_utf8(out).unwrap())
}

#[test]
fn a_message_comes_as_the_tutorials_read_it() {
    let said = |text: &str| EventKind::Message { body: Some(body(text)), reply_to: Some(seq(12)) };
    assert_eq!(event(IDENTIFIER, said("hi")), Some(golden("message")));
    let theirs = "{\"room\":42, \"channel\":\"RoomChannel\",\"é\":\"\\n\"}";
    assert_eq!(event(theirs, said("a \"b\"\n\u{2028}é👍")), Some(golden("message-escaped")));
}

#[test]
fn what_a_page_would_take_for_a_new_message_is_not_shown() {
    for kind in [
        EventKind::Message { body: None, reply_to: None },
        EventKind::Edited { target: seq(57), body: Some(body("hi!")) },
        EventKind::Deleted { target: seq(57) },
        EventKind::Unknown,
    ] {
        assert_eq!(event(IDENTIFIER, kind), None);
    }
}

//! Who is in a room, and what passes there, byte for byte as in `golden/native`.

use chat::{Attendee, Headcount, Moment, PresenceChange, Roster, Shift, Stay, StayId, Whisper};

use super::*;
use crate::{Alias, Payloads, Say};

fn attendee(id: &str, name: Option<&str>, stays: u64) -> Attendee {
    let stay = |number| Stay { id: StayId { gateway: 1, number }, since: at() };
    Attendee { user: User::parse(id, name).unwrap(), info: None, stays: (0..stays).map(stay).collect() }
}

fn roster() -> Roster {
    let count = Headcount { users: 2, connections: 3 };
    Roster { count, listed: Some(vec![attendee("ana", Some("Ana"), 2), attendee("ben", None, 1)]) }
}

const MANY: Headcount = Headcount { users: 300, connections: 400 };

fn passed(moment: &Moment) -> Vec<String> {
    let mut payloads = Payloads::default();
    Native.moment(&Alias::new("r"), &room(), moment, &mut payloads);
    payloads.iter().map(|payload| String::from_utf8(payload.to_vec()).unwrap()).collect()
}

#[test]
fn what_is_asked_about_others_is_understood() {
    let (mark, within) = (Mark::new("1"), None);
    let whisper = Whisper::new("draw", r#"{"x":[1, 2]}"#, 16).unwrap();
    for (name, command) in [
        ("ask-who", Command::Who { mark: mark.clone(), within: None, room: room() }),
        ("ask-typing", Command::Typing { mark: Mark::default(), within: None, room: room() }),
        ("ask-whisper", Command::Whisper { mark, within, room: room(), whisper }),
    ] {
        assert_eq!(decode(&golden(name)), Ok(command), "{name}");
    }
}

#[test]
fn a_whisper_has_a_name_and_may_have_data() {
    let bare = decode(r#"{"type":"whisper","room":"r","name":"x"}"#);
    let Ok(Command::Whisper { whisper, .. }) = bare else { panic!("{bare:?}") };
    assert_eq!(whisper.data(), "null");
    let code = |frame: &str| refused(frame).0;
    assert_eq!(code(r#"{"type":"whisper","room":"r","data":1}"#), Code::Malformed);
    assert_eq!(
        code(r#"{"type":"whisper","room":"r","name":"x","data":"more than sixteen"}"#),
        Code::TooLarge
    );
    for name in ["", "a\\u0000b"] {
        let frame = format!(r#"{{"type":"whisper","room":"r","name":"{name}"}}"#);
        assert_eq!(code(&frame), Code::Malformed, "{frame}");
    }
}

#[test]
fn who_is_there_is_answered() {
    let (mark, room) = (&Mark::new("6"), &room());
    let said = |roster: &Roster| {
        let mut out = Vec::new();
        assert!(Native.say(&Say::Who { mark, room, roster }, &mut out));
        String::from_utf8(out).unwrap()
    };
    assert_eq!(said(&roster()), golden("who"));
    assert_eq!(said(&Roster { count: MANY, listed: None }), golden("who-many"));
}

#[test]
fn users_come_and_go_and_their_further_connections_show_nothing() {
    let shift = |attendee, whole| Shift { attendee, whole };
    let (ana, ben) = (attendee("ana", Some("Ana"), 1), attendee("ben", None, 1));
    let change = |came, went, count| Moment::Presence(PresenceChange { came, went, count });
    let count = Headcount { users: 1, connections: 2 };
    let moved = change(
        vec![shift(ana.clone(), true), shift(ben.clone(), false)],
        vec![shift(ben.clone(), true), shift(ana, false)],
        count,
    );
    assert_eq!(passed(&moved), [golden("presence")]);
    assert_eq!(passed(&change(vec![shift(ben, false)], vec![], count)), Vec::<String>::new());
    assert_eq!(passed(&change(vec![], vec![], MANY)), [golden("presence-many")]);
    assert_eq!(passed(&Moment::Relisted { before: vec![], now: roster() }), [golden("who-anew")]);
}

#[test]
fn typing_and_whispers_are_told() {
    let whispered = |whisper| passed(&Moment::Whisper { by: ana(), whisper });
    assert_eq!(whispered(Whisper::typing()), [golden("typing")]);
    assert_eq!(whispered(Whisper::new("draw", r#"{"x":[1, 2]}"#, 16).unwrap()), [golden("whisper")]);
    let no_json = Whisper::new("draw", "{", 16).unwrap();
    assert_eq!(whispered(no_json), Vec::<String>::new(), "what is no JSON is not passed on");
}

#[test]
fn what_has_no_words_here_writes_nothing() {
    let (opening, alias, room, user, roster) =
        (&Mark::new("1"), &Alias::new("r"), &room(), &ana(), &roster());
    let mut out = Vec::new();
    assert!(!Native.say(&Say::Roster { opening, alias, room, user, roster }, &mut out));
    assert!(!Native.say(&Say::Done { mark: opening }, &mut out));
    assert!(out.is_empty());
}

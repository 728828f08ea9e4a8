//! Who is writing, for pages that have asked to be told; and who has asked to be seen.

use chat::{Headcount, Moment, PresenceChange, Whisper};

use super::*;
use crate::{Attendance, Payloads};

pub(super) fn whispered(name: &str, data: &str) -> Moment {
    Moment::Whisper { by: ana(), whisper: Whisper::new(name, data, 100).unwrap() }
}

/// The frames in which a dialect tells of a moment.
pub(super) fn told(cable: &ActionCable, moment: &Moment) -> Vec<String> {
    let mut out = Payloads::default();
    cable.moment(&alias(), &room(), moment, &mut out);
    out.iter().map(|frame| String::from_utf8(frame.to_vec()).unwrap()).collect()
}

#[test]
fn a_page_is_told_of_nothing_but_who_is_writing_and_only_if_it_asks() {
    let cable = ActionCable::default();
    let asked = |identifier: &str| cable.attendance(&Alias::new(identifier));
    let attendance = |present, moments| Attendance { present, roster: false, moments };
    assert_eq!(asked(IDENTIFIER), Attendance::NONE);
    let typing = r#"{"channel":"RoomChannel","room":"42","typing":true,"presence":"yes"}"#;
    assert_eq!(asked(typing), attendance(false, true));
    let seen = r#"{"channel":"RoomChannel","room":"42","presence":true}"#;
    assert_eq!(asked(seen), attendance(true, false));
    assert_eq!(asked("nonsense"), Attendance::NONE);

    assert_eq!(told(&cable, &whispered("typing", "{}")), [golden("typing")]);
    assert_eq!(told(&cable, &whispered("draw", "[1,2]")), [""; 0]);
    let nobody = PresenceChange { came: vec![], went: vec![], count: Headcount::default() };
    assert_eq!(told(&cable, &Moment::Presence(nobody)), [""; 0]);
}

#[test]
fn the_action_typing_says_that_its_user_is_writing() {
    let typing = Command::Typing { mark: Mark::default(), within: Some(alias()), room: room() };
    assert_eq!(decode(&message(IDENTIFIER, r#"{"action":"typing"}"#)), Some(typing));
}

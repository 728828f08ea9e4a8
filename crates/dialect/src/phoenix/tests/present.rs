//! Who is there, as the library's `Presence` reads it.

use chat::{Attendee, Headcount, Moment, PresenceChange, Roster, Shift, Stay, StayId, Whisper};

use super::*;
use crate::{Payloads, Say};

fn attendee(user: User, stays: impl IntoIterator<Item = u64>) -> Attendee {
    let stay = |number| Stay { id: StayId { gateway: 0xa1, number }, since: at() };
    Attendee { user, info: None, stays: stays.into_iter().map(stay).collect() }
}

fn roster(listed: Option<Vec<Attendee>>) -> Roster {
    Roster { count: Headcount { users: 1, connections: 2 }, listed }
}

fn state(serializer: Serializer, roster: &Roster) -> String {
    let (opening, alias, room, user) = (&place("\"1\""), &alias(), &room(), &ana());
    let mut out = Vec::new();
    let said = phoenix(serializer).say(&Say::Roster { opening, alias, room, user, roster }, &mut out);
    assert!(said, "every join is answered by one");
    String::from_utf8(out).unwrap()
}

fn moment(moment: &Moment) -> Option<String> {
    let mut payloads = Payloads::default();
    phoenix(Serializer::V2).moment(&alias(), &room(), moment, &mut payloads);
    let mut said = payloads.iter().map(|payload| String::from_utf8(payload.to_vec()).unwrap());
    let first = said.next();
    assert_eq!(said.next(), None);
    first
}

#[test]
fn who_comes_is_told_who_is_there() {
    let ana = attendee(ana(), [1, 2]);
    assert_eq!(state(Serializer::V2, &roster(Some(vec![ana]))), golden("presence_state"));
    assert_eq!(state(Serializer::V2, &roster(None)), golden("presence_state-many"));
    assert_eq!(state(Serializer::V1, &roster(None)), golden("v1-presence_state"));
}

#[test]
fn who_comes_and_goes_is_told_to_those_who_are_there() {
    let shift = |attendee| Shift { attendee, whole: true };
    let ben = User::parse("ben", None).unwrap();
    let change = PresenceChange {
        came: vec![shift(attendee(ana(), [1]))],
        went: vec![Shift { whole: false, ..shift(attendee(ben, [2])) }],
        count: Headcount::default(),
    };
    assert_eq!(moment(&Moment::Presence(change)), Some(golden("presence_diff")));
    assert_eq!(moment(&Moment::Presence(PresenceChange::default())), None, "there are too many to be listed");
}

#[test]
fn a_list_that_begins_anew_is_a_state_for_everybody() {
    let now = roster(Some(vec![attendee(ana(), [1])]));
    assert_eq!(moment(&Moment::Relisted { before: vec![], now }), Some(golden("presence_state-anew")));
}

#[test]
fn somebody_is_writing() {
    let whisper = |whisper| moment(&Moment::Whisper { by: ana(), whisper });
    assert_eq!(whisper(Whisper::typing()), Some(golden("typing")));
    assert_eq!(whisper(Whisper::new("draw", "{}", 100).unwrap()), None);
}

//! Who is in a presence channel, and what clients say to each other.

use chat::{Attendee, Headcount, Moment, PresenceChange, Roster, Shift, Stay, StayId, Whisper};

use super::*;
use crate::{Attendance, Payloads};

fn attendee(user: User) -> Attendee {
    let id = StayId { gateway: 1, number: 1 };
    Attendee { user, info: None, stays: vec![Stay { id, since: at() }] }
}

fn roster(users: &[User], count: u32) -> Roster {
    let listed = (!users.is_empty()).then(|| users.iter().cloned().map(attendee).collect());
    Roster { count: Headcount { users: count, connections: count }, listed }
}

fn entered(users: &[User], count: u32) -> Option<String> {
    let (opening, alias, room) = (&Mark::default(), &Alias::new(PRESENCE), &room());
    said(&Say::Roster { opening, alias, room, user: &ana(), roster: &roster(users, count) })
}

fn told(channel: &str, moment: &Moment) -> Vec<String> {
    let mut out = Payloads::default();
    pusher().moment(&Alias::new(channel), &room(), moment, &mut out);
    out.iter().map(|frame| String::from_utf8(frame.to_vec()).unwrap()).collect()
}

fn change(came: &[(User, bool)], went: &[(User, bool)]) -> Moment {
    let shifts = |users: &[(User, bool)]| {
        let shift = |(user, whole): &(User, bool)| Shift { attendee: attendee(user.clone()), whole: *whole };
        users.iter().map(shift).collect()
    };
    Moment::Presence(PresenceChange { came: shifts(came), went: shifts(went), ..PresenceChange::default() })
}

#[test]
fn a_presence_channel_is_entered_with_the_list_of_those_who_are_there_oneself_included() {
    for users in [&[ana(), ben()][..], &[ben()]] {
        assert_eq!(entered(users, 2), Some(golden("subscription_succeeded-presence")));
    }
    assert_eq!(entered(&[], 900), Some(golden("subscription_succeeded-many")));
}

#[test]
fn members_come_with_their_first_connection_and_go_with_their_last() {
    assert_eq!(told(PRESENCE, &change(&[(ben(), true)], &[])), [golden("member_added")]);
    assert_eq!(told(PRESENCE, &change(&[], &[(ben(), true)])), [golden("member_removed")]);
    assert_eq!(told(PRESENCE, &change(&[(ben(), false)], &[(ana(), false)])), [""; 0]);
    assert_eq!(told(CHANNEL, &change(&[(ben(), true)], &[])), [""; 0]);
}

#[test]
fn a_list_that_begins_anew_is_told_by_what_has_changed() {
    let before = vec![attendee(ana()), attendee(ben())];
    let now = roster(&[ana()], 1);
    assert_eq!(told(PRESENCE, &Moment::Relisted { before, now }), [golden("member_removed")]);
    let moment = Moment::Relisted { before: vec![attendee(ana())], now: roster(&[ana(), ben()], 2) };
    assert_eq!(told(PRESENCE, &moment), [golden("member_added")]);
}

#[test]
fn client_events_name_their_user_where_all_are_known_to_each_other() {
    let whisper = Whisper::new("typing", r#"{"on":true}"#, 100).unwrap();
    let moment = Moment::Whisper { by: ben(), whisper };
    assert_eq!(told(CHANNEL, &moment), [golden("client-typing")]);
    assert_eq!(told(PRESENCE, &moment), [golden("client-typing-presence")]);
}

#[test]
fn only_presence_channels_show_who_is_in_them() {
    let seen = |name| pusher().attendance(&Alias::new(name));
    assert_eq!(seen(PRESENCE), Attendance { present: true, roster: true, moments: true });
    assert_eq!(seen(CHANNEL), Attendance { present: false, roster: false, moments: true });
}

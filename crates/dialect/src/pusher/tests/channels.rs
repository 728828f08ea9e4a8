//! Channels that are no rooms: what their names say, how they are entered, and what is said in them.

use chat::{
    Attendee, Broadcast, ChannelName, Headcount, Member, Moment, PresenceChange, Roster, Shift, Stay, StayId,
    Whisper,
};

use super::super::{Channel, Kind};
use super::*;
use crate::{Entry, Payloads};

fn name(name: &str) -> ChannelName {
    ChannelName::parse(name).unwrap()
}

fn told(channel: &str, moment: &Moment) -> Vec<String> {
    let mut out = Payloads::default();
    pusher().in_channel(&name(channel), moment, &mut out);
    out.iter().map(|frame| String::from_utf8(frame.to_vec()).unwrap()).collect()
}

fn broadcast(channel: &str) -> Broadcast {
    Broadcast { channel: name(channel), event: "order".into(), data: r#"{"id":7}"#.into() }
}

const INFO: &str = r#"{"name":"Ben", "roles":["admin"]}"#;

fn attendee(info: Option<&str>) -> Attendee {
    let stays = vec![Stay { id: StayId { gateway: 1, number: 1 }, since: at() }];
    Attendee { user: ben(), info: info.map(Into::into), stays }
}

#[test]
fn a_name_says_who_may_enter_whether_the_last_is_kept_and_whether_it_is_a_room() {
    for (name, kind, keeps_last, room) in [
        ("chat", Kind::Public, false, None),
        ("cache-chat", Kind::Public, true, None),
        ("private-chat", Kind::Private, false, None),
        ("private-cache-chat", Kind::Private, true, None),
        ("private-encrypted-chat", Kind::Encrypted, false, None),
        ("private-encrypted-cache-chat", Kind::Encrypted, true, None),
        ("presence-chat", Kind::Presence, false, None),
        ("presence-cache-chat", Kind::Presence, true, None),
        ("#server-to-user-Ána", Kind::Own, false, None),
        ("private-room-42", Kind::Private, false, Some("42")),
        ("presence-room-42", Kind::Presence, false, Some("42")),
        // What nobody on the way can read is no message, and rooms keep all and not the last.
        ("private-encrypted-room-42", Kind::Encrypted, false, None),
        ("private-cache-room-42", Kind::Private, true, None),
        ("cache-room-42", Kind::Public, true, None),
    ] {
        let (settings, room) = (settings(), room.map(|room| RoomId::parse(room).unwrap()));
        let channel = Channel::parse(&settings, name).unwrap();
        assert_eq!(channel, Channel { name, kind, keeps_last, room });
        let words = channel.words().unwrap();
        assert_eq!(
            (words.name.as_str(), words.shows_members, words.keeps_last),
            (name, kind == Kind::Presence, keeps_last)
        );
    }
}

#[test]
fn who_may_enter_is_asked_for() {
    let entered = |channel: &str| {
        let data = serde_json::json!({ "channel": channel, "auth": "k:s", "channel_data": "{}" });
        let frame = serde_json::json!({ "event": "pusher:subscribe", "data": data });
        match decode(&frame.to_string()) {
            Some(Command::TuneIn { channel: entered, entry, .. }) if entered.name.as_str() == channel => {
                entry
            }
            other => panic!("{other:?}"),
        }
    };
    let claim = || Claim { signature: "k:s".into(), data: Some("{}".into()) };
    for channel in ["private-chat", "presence-chat", "private-encrypted-chat", "private-cache-chat"] {
        assert_eq!(entered(channel), Entry::Vouched(claim()));
    }
    assert_eq!((entered("chat"), entered("cache-chat")), (Entry::Anybody, Entry::Anybody));
    assert_eq!(entered("#server-to-user-7"), Entry::Only(user("7", "7").id));
    let public = decode(&golden("ask-subscribe-public"));
    assert!(matches!(public, Some(Command::TuneIn { entry: Entry::Anybody, .. })), "{public:?}");
    let left = decode(r#"{"event":"pusher:unsubscribe","data":{"channel":"chat"}}"#);
    assert_eq!(left, Some(Command::TuneOut { mark: Mark::default(), channel: name("chat") }));
}

#[test]
fn client_events_are_for_those_who_were_let_in() {
    let event = |channel: &str| format!(r#"{{"event":"client-x","channel":"{channel}","data":{{"a":1}}}}"#);
    let whisper = Whisper::new("x", r#"{"a":1}"#, 16).unwrap();
    for channel in ["private-chat", "presence-chat", "private-cache-chat", "presence-cache-chat"] {
        let (mark, channel_name, whisper) = (Mark::new("client event"), name(channel), whisper.clone());
        let call = Command::Call { mark, channel: channel_name, whisper };
        assert_eq!(decode(&event(channel)), Some(call));
    }
    for channel in ["chat", "cache-chat", "private-encrypted-chat", "#server-to-user-7"] {
        assert!(matches!(decode(&event(channel)), Some(Command::Refuse { .. })), "{channel}");
    }
    // The name that a message has says so in rooms only.
    let message = event("private-chat").replace("client-x", "client-message");
    assert!(matches!(decode(&message), Some(Command::Call { .. })));
}

#[test]
fn a_channel_is_open_and_what_was_broadcast_last_follows() {
    let company = None;
    assert_eq!(
        said(&Say::TunedIn { channel: &name(CHANNEL), company }),
        Some(golden("subscription_succeeded"))
    );
    let channel = &name("cache-chat");
    assert_eq!(said(&Say::Kept { channel, broadcast: None }), Some(golden("cache_miss")));
    let kept = Some(&broadcast("cache-chat"));
    assert_eq!(said(&Say::Kept { channel, broadcast: kept }), Some(golden("broadcast")));
    assert_eq!(told("cache-chat", &Moment::Broadcast(broadcast("cache-chat"))), [golden("broadcast")]);
}

#[test]
fn a_broadcast_is_shown_in_its_own_channel_and_in_no_other_of_the_room() {
    let moment = Moment::Broadcast(broadcast(CHANNEL));
    let shown = |channel: &str| {
        let mut out = Payloads::default();
        pusher().moment(&Alias::new(channel), &room(), &moment, &mut out);
        out.iter().count()
    };
    assert_eq!((shown(CHANNEL), shown(PRESENCE)), (1, 0));
}

#[test]
fn members_are_shown_with_all_that_was_signed_of_them() {
    let own = Member { user: ana(), info: None };
    let roster =
        Roster { count: Headcount { users: 2, connections: 2 }, listed: Some(vec![attendee(Some(INFO))]) };
    let say = Say::TunedIn { channel: &name("presence-chat"), company: Some((&own, &roster)) };
    assert_eq!(said(&say), Some(golden("subscription_succeeded-info")));
    let came = vec![Shift { attendee: attendee(Some(INFO)), whole: true }];
    let change = Moment::Presence(PresenceChange { came, ..PresenceChange::default() });
    assert_eq!(told("presence-chat", &change), [golden("member_added-info")]);
    assert_eq!(told("private-chat", &change), [""; 0]);
}

#[test]
fn one_who_signs_in_is_told_so_in_the_same_words() {
    let claim = Claim { signature: "278d425bdf160c739803:4708".into(), data: Some(r#"{"id":"7"}"#.into()) };
    assert_eq!(decode(&golden("ask-signin")), Some(Command::SignIn { mark: Mark::default(), claim }));
    let signed_in = Say::SignedIn { mark: &Mark::default(), data: r#"{"id":"7"}"# };
    assert_eq!(said(&signed_in), Some(golden("signin_success")));
}

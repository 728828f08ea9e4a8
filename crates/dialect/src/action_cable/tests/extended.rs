//! What `actioncable-v1-ext-json` has beside the base.

use std::sync::LazyLock;

use chat::{
    Attendee, Event, EventKind, Headcount, Moment, PresenceChange, RoomKind, RoomState, Roster, Shift, Stay,
    StayId, Whisper,
};

use super::moments::{told, whispered};
use super::*;
use crate::{Attendance, From, OpenRequest, Say};

/// A whisper may be as long as a body.
const LIMITS: DecodeLimits = DecodeLimits { body_bytes: 64 };

static EXTENDED: LazyLock<ActionCable> = LazyLock::new(|| ActionCable::extended(Settings::default()));

fn golden_ext(name: &str) -> String {
    samples::golden("action_cable_ext", name)
}

fn asked(frame: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    EXTENDED.decode(Frame::Text(frame), &LIMITS, &mut commands).expect("no frame ends a connection");
    commands
}

fn said(say: &Say<'_>) -> Option<String> {
    let mut out = Vec::new();
    EXTENDED.say(say, &mut out).then(|| String::from_utf8(out).unwrap())
}

/// From where a subscription with this history sees its room, and what it is told once that was shown: whole, and in
/// part.
fn history_of(identifier: &str, history: &str) -> (From, [String; 2]) {
    let frame = format!(r#"{{"command":"subscribe","identifier":{identifier:?},"history":{history}}}"#);
    let Some(Command::Join { mark, from, .. }) = asked(&frame).pop() else { panic!("{frame}") };
    let told = [false, true].map(|truncated| {
        said(&Say::CaughtUp { opening: &mark, alias: &alias(), truncated }).expect("it was asked for")
    });
    (from, told)
}

fn confirmed() -> String {
    golden_ext("confirm_history")
}

fn rejected() -> String {
    golden_ext("reject_history")
}

#[test]
fn each_version_takes_those_who_offer_it() {
    let open = |cable: &ActionCable, protocols: &[&'static str]| {
        let request = OpenRequest { protocols: protocols.to_vec(), ..OpenRequest::default() };
        cable.open(&request).map(|opening| opening.protocol)
    };
    let (ext, base) = ("actioncable-v1-ext-json", "actioncable-v1-json");
    assert_eq!(open(&EXTENDED, &[base, ext, "anycable-token.x"]), Ok(Some(ext)));
    assert_eq!(open(&EXTENDED, &[base]), Err(400));
    assert_eq!(open(&ActionCable::default(), &[ext]), Err(400));
}

#[test]
fn each_command_means_what_anycable_would_do() {
    let attend = |present| Command::Attend { mark: Mark::default(), alias: alias(), present };
    let from = From::AllAfter(seq(118), epoch());
    match &asked(&golden_ext("ask-subscribe"))[..] {
        [Command::Join { alias: name, room: id, from: after, .. }, seen] => {
            assert_eq!((name, id, after, seen), (&alias(), &room(), &from, &attend(true)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(asked(&golden_ext("ask-join")), [attend(true)]);
    assert_eq!(asked(&golden_ext("ask-leave")), [attend(false)]);
    let whisper = Whisper::new("typing", r#"{"event":"typing"}"#, 100).unwrap();
    let within = Some(alias());
    let whispers = Command::Whisper { mark: Mark::default(), within: within.clone(), room: room(), whisper };
    assert_eq!(asked(&golden_ext("ask-whisper")), [whispers]);
    let [Command::Who { mark, within: there, .. }] = &asked(&golden_ext("ask-presence"))[..] else {
        panic!()
    };
    assert_eq!((mark.as_str(), there), (&*format!("?{IDENTIFIER}"), &within));
    assert_eq!(asked(&golden("ask-speak")), [decode(&golden("ask-speak")).unwrap()]);
}

#[test]
fn the_base_knows_none_of_them() {
    for name in ["ask-join", "ask-leave", "ask-whisper", "ask-presence", "ask-history"] {
        let command = decode(&golden_ext(name));
        assert!(matches!(command, Some(Command::Refuse { alias: None, .. })), "{name}: {command:?}");
    }
    let Some(Command::Join { from: From::Live, .. }) = decode(&golden_ext("ask-subscribe")) else { panic!() };
}

#[test]
fn a_position_counts_before_a_moment_and_what_was_shown_is_confirmed() {
    let all = |history: &str| history_of(IDENTIFIER, history);
    let as_it_went = [confirmed(), rejected()];
    let since = From::AllSince(Timestamp::from_micros(1_795_149_500_000_000));
    for (history, from) in [
        (
            r#"{"since":1795149500,"streams":{"room:42":{"epoch":"e7.1","offset":0}}}"#,
            From::AllAfter(Seq::ZERO, epoch()),
        ),
        (r#"{"since":1795149500,"streams":{}}"#, since.clone()),
        (r#"{"since":1795149500,"streams":{"room:43":{"epoch":"e7.1","offset":9},"x":7}}"#, since.clone()),
        (r#"{"since":1795149500}"#, since),
        (r#"{"since":0,"streams":{}}"#, From::Live),
        (r#"{"since":false}"#, From::Live),
        ("{}", From::Live),
    ] {
        assert_eq!(all(history), (from, as_it_went.clone()), "{history}");
    }
    let [Command::Join { mark, from: From::Live, .. }] = &asked(&golden("ask-subscribe"))[..] else {
        panic!()
    };
    for truncated in [false, true] {
        assert_eq!(said(&Say::CaughtUp { opening: mark, alias: &alias(), truncated }), None, "not asked for");
    }
}

#[test]
fn a_history_that_nobody_understands_is_rejected_and_the_subscription_stays() {
    for history in [
        "7",
        r#"{"since":"yesterday"}"#,
        r#"{"since":1.5}"#,
        r#"{"since":1,"since":2}"#,
        r#"{"streams":[]}"#,
        r#"{"streams":{"room:42":null}}"#,
        r#"{"streams":{"room:42":{"epoch":"e7.1"}}}"#,
        r#"{"streams":{"room:42":{"epoch":"","offset":1}}}"#,
        r#"{"streams":{"room:42":{"epoch":7,"offset":1}}}"#,
        r#"{"streams":{"room:42":{"epoch":"e7.1","offset":-1}}}"#,
        r#"{"streams":{"room:42":{"epoch":"e7.1","offset":18446744073709551615}}}"#,
    ] {
        assert_eq!(history_of(IDENTIFIER, history), (From::Live, [rejected(), rejected()]), "{history}");
    }
}

#[test]
fn where_the_identifier_says_from_where_a_position_counts_and_a_moment_does_not() {
    let identifier = r#"{"channel":"RoomChannel","room":"42","since_seq":3}"#;
    let first = history_of(identifier, r#"{"since":1795149500,"streams":{}}"#);
    assert_eq!(first, (From::After(seq(3), None), [confirmed(), confirmed()]));
    let later = r#"{"streams":{"room:42":{"epoch":"e7.1","offset":9}}}"#;
    assert_eq!(history_of(identifier, later).0, From::AllAfter(seq(9), epoch()));
}

#[test]
fn history_of_a_subscription_that_is_open_is_rejected() {
    let [Command::Refuse { mark, alias: Some(name), id: None, refusal }] =
        &asked(&golden_ext("ask-history"))[..]
    else {
        panic!()
    };
    assert_eq!(said(&Say::Refused { mark, alias: Some(name), id: None, refusal }), Some(rejected()));
    let plain = &Mark::default();
    let refused = Say::Refused { mark: plain, alias: Some(name), id: None, refusal };
    assert_eq!(said(&refused), Some(golden("reject_subscription")));
}

#[test]
fn a_message_has_its_place() {
    let kind = EventKind::Message { body: Some(body("hi")), reply_to: None };
    let event = Event { room: room(), seq: seq(58), id: id("d-1"), by: ana(), at: at(), kind, except: None };
    let mut out = Vec::new();
    assert!(EXTENDED.event(&alias(), &epoch(), &event, &mut out));
    assert_eq!(String::from_utf8(out).unwrap(), golden_ext("message"));
    let edited = Event { kind: EventKind::Deleted { target: seq(57) }, ..event };
    assert!(!EXTENDED.event(&alias(), &epoch(), &edited, &mut Vec::new()));
}

#[test]
fn what_the_base_says_is_said_here_too() {
    let (mark, alias, room, user) = (&Mark::default(), &alias(), &room(), &ana());
    let state = &RoomState { kind: RoomKind::Public, epoch: epoch(), first_seq: seq(1), seq: seq(57) };
    let joined = Say::Joined { mark: Some(mark), opening: mark, alias, room, state, user, truncated: true };
    assert_eq!(said(&joined), Some(golden("confirm_subscription")));
    assert_eq!(said(&Say::Beat { at: at() }), Some(golden("ping")));
    assert_eq!(said(&Say::Done { mark }), None);
}

fn there(user: User) -> Attendee {
    let stay = Stay { id: StayId { gateway: 1, number: 1 }, since: at() };
    Attendee { user, info: None, stays: vec![stay] }
}

fn shift(user: User, whole: bool) -> Shift {
    Shift { attendee: there(user), whole }
}

fn ben() -> User {
    User::parse("ben", None).unwrap()
}

#[test]
fn who_comes_and_goes_is_told_one_by_one() {
    assert_eq!(EXTENDED.attendance(&alias()), Attendance { present: false, roster: false, moments: true });
    let changed = |came, went| Moment::Presence(PresenceChange { came, went, count: Headcount::default() });
    let (join, leave) = (golden_ext("presence-join"), golden_ext("presence-leave"));
    assert_eq!(told(&EXTENDED, &changed(vec![shift(ana(), true)], vec![])), [&*join]);
    assert_eq!(told(&EXTENDED, &changed(vec![shift(ben(), false)], vec![shift(ana(), true)])), [&*leave]);

    let listed = |all: Vec<Attendee>| Roster { count: Headcount::default(), listed: Some(all) };
    let many = Roster { count: Headcount { users: 300, connections: 301 }, listed: None };
    let total = golden_ext("presence-total");
    let relisted = |before, now| Moment::Relisted { before, now };
    let (ana, ben) = (there(ana()), there(ben()));
    assert_eq!(told(&EXTENDED, &relisted(vec![ana.clone()], many)), [&*leave, &*total]);
    assert_eq!(told(&EXTENDED, &relisted(vec![], listed(vec![ana.clone()]))), [&*join]);
    assert_eq!(told(&EXTENDED, &relisted(vec![ana.clone(), ben.clone()], listed(vec![ben, ana]))), [""; 0]);
}

#[test]
fn a_whisper_comes_as_it_was_said_and_one_of_another_dialect_with_its_author() {
    for data in [r#"{"event":"typing"}"#, r#"{"event":"x","by":[{}]}"#, "[1, 2]", r#""hi""#] {
        let frame = format!(r#"{{"command":"whisper","identifier":{IDENTIFIER:?},"data":{data}}}"#);
        let Some(Command::Whisper { whisper, .. }) = asked(&frame).pop() else { panic!("{frame}") };
        let moment = Moment::Whisper { by: ana(), whisper };
        let expected = format!(r#"{{"identifier":{IDENTIFIER:?},"message":{data}}}"#);
        assert_eq!(told(&EXTENDED, &moment), [expected]);
    }
    assert_eq!(told(&EXTENDED, &whispered("typing", r#"{"event":"typing"}"#)), [golden_ext("whisper")]);
    assert_eq!(told(&EXTENDED, &whispered("draw", "[1,2]")), [golden_ext("whisper-translated")]);
    assert_eq!(told(&EXTENDED, &whispered("draw", "no JSON")), [""; 0]);
}

#[test]
fn a_whisper_that_is_none_is_passed_over() {
    let long = format!(r#""{}""#, "x".repeat(100));
    let deep = format!(r#","data":{}{}"#, "[".repeat(33), "]".repeat(33));
    for data in [
        "",
        r#","data":null"#,
        r#","data":{"event":"a","event":"b"}"#,
        r#","data":{"event":""}"#,
        &format!(r#","data":{long}"#),
        &deep,
    ] {
        let frame = format!(r#"{{"command":"whisper","identifier":{IDENTIFIER:?}{data}}}"#);
        let commands = asked(&frame);
        assert!(matches!(&commands[..], [Command::Refuse { alias: None, id: None, .. }]), "{commands:?}");
    }
}

#[test]
fn who_is_there_is_answered_to_who_asks() {
    let mark = &Mark::new(&format!("?{IDENTIFIER}"));
    let room = &room();
    let roster = &Roster { count: Headcount { users: 1, connections: 2 }, listed: Some(vec![there(ana())]) };
    assert_eq!(said(&Say::Who { mark, room, roster }), Some(golden_ext("presence-info")));
    let many = &Roster { count: Headcount { users: 300, connections: 301 }, listed: None };
    assert_eq!(said(&Say::Who { mark, room, roster: many }), Some(golden_ext("presence-total")));
    let refusal = &Refusal::malformed("you have not joined this");
    for refused in
        [Say::Refused { mark, alias: None, id: None, refusal }, Say::Outside { mark, id: None, refusal }]
    {
        assert_eq!(said(&refused), Some(golden_ext("presence-error")));
    }
}

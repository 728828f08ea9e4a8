//! Every message as it stands on the wire, in `golden/v1/`: what an older release has written must be read,
//! and what this one writes must be what an older one can read. A file is never changed, only added.

use std::path::PathBuf;
use std::time::Duration;

use chat::{
    Attendee, Body, Broadcast, Change, ChannelName, Code, ConnectionName, Draft, Epoch, Event, EventKind,
    Headcount, HistoryPage, LogPage, PageFrom, Place, Refusal, RequestId, RoomHead, RoomId, RoomKind,
    RoomState, RoomSummary, Seq, StandingMessage, Stay, StayId, Stored, Timestamp, User, UserId, Whisper,
};

use super::*;
use crate::{
    Beat, GatewayBeat, LiveNews, Named, News, PageLimit, Partition, RoomEvents, Submission, Survey, Surveyed,
    Tally, Telling, There,
};

fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/v1").join(format!("{name}.json"));
    let json = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    json.strip_suffix(b"\n").unwrap_or(&json).to_vec()
}

fn assert_json(name: &str, written: &Bytes) {
    assert_eq!(String::from_utf8_lossy(written), String::from_utf8_lossy(&file(name)), "{name}.json");
}

fn room(name: &str) -> RoomId {
    RoomId::parse(name).unwrap()
}

fn ana() -> User {
    User::parse("ana", Some("Ana")).unwrap()
}

fn seq(n: u64) -> Seq {
    Seq::new(n).unwrap()
}

fn epoch() -> Epoch {
    Epoch::parse("7f3a.1").unwrap()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_795_150_800_000_000 + micros)
}

fn draft(id: &str, change: Change) -> Draft {
    Draft { room: room("team:42"), by: ana(), id: RequestId::parse(id).unwrap(), change, except: None }
}

fn event(n: u64, id: &str, kind: EventKind) -> Event {
    Event {
        room: room("team:42"),
        seq: seq(n),
        id: RequestId::parse(id).unwrap(),
        by: ana(),
        at: at(n.cast_signed()),
        kind,
        except: None,
    }
}

fn message(text: &str) -> EventKind {
    EventKind::Message { body: Some(Body::trusted(text)), reply_to: None }
}

/// A text with everything that JSON writes in a way of its own.
const ODD: &str = "„hi“ \"\\\n\t\u{1}\u{7f}\u{2028} 👍 </script>";

fn events() -> Vec<Event> {
    vec![
        event(58, "d-1", EventKind::Message { body: Some(Body::trusted("hi")), reply_to: Some(seq(12)) }),
        event(59, "e-1", EventKind::Edited { target: seq(58), body: Some(Body::trusted(ODD)) }),
        event(60, "x-1", EventKind::Deleted { target: seq(57) }),
        event(61, "d-2", EventKind::Message { body: None, reply_to: None }),
        event(62, "e-2", EventKind::Edited { target: seq(61), body: None }),
    ]
}

#[test]
fn requests_are_written_as_ever() {
    let drafts = vec![
        draft("d-1", Change::Message { body: Body::trusted(ODD), reply_to: Some(seq(12)) }),
        Draft {
            by: User::parse("bob", None).unwrap(),
            ..draft("d-2", Change::Message { body: Body::trusted(""), reply_to: None })
        },
        draft("e-1", Change::Edit { target: seq(58), body: Body::trusted("hi!") }),
        draft("x-1", Change::Delete { target: seq(57) }),
    ];
    let limit = PageLimit(200);
    for (name, ask) in [
        ("ask_submit", Ask::Submit(Submission { drafts, age: Duration::from_millis(1500) })),
        ("ask_open", Ask::Open { room: room("team:42"), create: false }),
        ("ask_open_create", Ask::Open { room: room("team:42"), create: true }),
        ("ask_events", Ask::Events { room: room("team:42"), after: seq(57), limit }),
        (
            "ask_history_before",
            Ask::History { room: room("team:42"), from: PageFrom::Before(Seq::MAX), limit },
        ),
        ("ask_history_after", Ask::History { room: room("team:42"), from: PageFrom::After(seq(7)), limit }),
        ("ask_rooms", Ask::Rooms { after: None, limit }),
        ("ask_rooms_after", Ask::Rooms { after: Some(room("a")), limit }),
        ("ask_heads", Ask::Heads(vec![room("a"), room("team:42")])),
    ] {
        assert_json(name, &encode_ask(&ask));
        assert_eq!(decode_ask(&file(name)), Ok(ask), "{name}.json");
    }
}

#[test]
fn answers_are_written_as_ever() {
    let verdicts = vec![
        Ok(Stored { seq: seq(58), at: at(1), target: None, repeat: false }),
        Ok(Stored { seq: seq(59), at: at(2), target: Some(seq(58)), repeat: true }),
        Err(Refusal::new(Code::NotAllowed, "that is somebody else's")),
        Err(Refusal::unavailable("not now").retry_in(Duration::from_millis(1834))),
    ];
    let log = LogPage { epoch: epoch(), first_seq: seq(3), head: seq(62), events: events() };
    let nothing = LogPage { events: Vec::new(), ..log.clone() };
    let message = StandingMessage {
        seq: seq(58),
        id: RequestId::parse("d-1").unwrap(),
        by: ana(),
        at: at(1),
        body: Some(Body::trusted("hi!")),
        reply_to: Some(seq(12)),
        edited_at: Some(at(2)),
    };
    let deleted =
        StandingMessage { seq: seq(59), body: None, reply_to: None, edited_at: None, ..message.clone() };
    let state = RoomState { kind: RoomKind::Public, epoch: epoch(), first_seq: seq(3), seq: seq(62) };
    let summary =
        RoomSummary { room: room("team:42"), name: "Team".into(), kind: RoomKind::Private, seq: seq(62) };
    let head = RoomHead { room: room("team:42"), epoch: epoch(), seq: seq(62) };
    for (name, answer) in [
        ("answer_verdicts", Answer::Verdicts(verdicts)),
        ("answer_room", Answer::Room(state)),
        ("answer_events", Answer::Events(log)),
        ("answer_events_none", Answer::Events(nothing)),
        ("answer_history", Answer::History(HistoryPage { messages: vec![message, deleted], more: true })),
        ("answer_rooms", Answer::Rooms(vec![summary], false)),
        ("answer_heads", Answer::Heads(vec![head])),
        ("answer_refused", Answer::Refused(Refusal::malformed("no"))),
    ] {
        assert_json(name, &encode_answer(&answer));
        assert_eq!(decode_answer(&file(name)), Ok(answer), "{name}.json");
    }
}

#[test]
fn notes_are_written_as_ever() {
    let head = RoomHead { room: room("team:42"), epoch: epoch(), seq: seq(62) };
    let partition = Partition::new(63).unwrap();
    let beat = |able, leaving| Note::Beat(Beat { writer: "k3v9".to_owned(), able, leaving });
    for (name, note) in [
        ("note_events", Note::Events(RoomEvents { room: room("team:42"), epoch: epoch(), events: events() })),
        ("note_heads", Note::Heads(partition, vec![head])),
        ("note_beat", beat(true, false)),
        ("note_beat_leaving", beat(true, true)),
        ("note_beat_unable", beat(false, false)),
    ] {
        assert_json(name, &encode_note(&note));
        assert_eq!(decode_note(&file(name)), Ok(note), "{name}.json");
    }
}

#[test]
fn who_is_left_out_is_written_as_ever_and_a_name_that_cannot_be_read_leaves_nobody_out() {
    let except = || Some(Box::new(ConnectionName { shard: 7, number: u64::MAX }));
    let change = Change::Message { body: Body::trusted("hi"), reply_to: None };
    let drafts = vec![Draft { except: except(), ..draft("d-1", change) }];
    let ask = Ask::Submit(Submission { drafts, age: Duration::from_millis(1500) });
    assert_json("ask_submit_except", &encode_ask(&ask));
    assert_eq!(decode_ask(&file("ask_submit_except")), Ok(ask));
    let events = vec![Event { except: except(), ..event(58, "d-1", message("hi")) }];
    let note = Note::Events(RoomEvents { room: room("team:42"), epoch: epoch(), events });
    assert_json("note_events_except", &encode_note(&note));
    assert_eq!(decode_note(&file("note_events_except")), Ok(note));
    let other = String::from_utf8(file("note_events_except")).unwrap().replace("7.1844", "newer:1844");
    let Ok(Note::Events(read)) = decode_note(other.as_bytes()) else { panic!("unreadable") };
    assert_eq!(read.events, [event(58, "d-1", message("hi"))]);
}

#[test]
fn what_gateways_ask_each_other_is_written_as_ever() {
    let survey = |of| Ask::Survey(Survey { dialect: "pusher".to_owned(), of });
    let beginning = |after: Option<&str>| Surveyed::Beginning {
        prefix: "presence-".to_owned(),
        after: after.map(str::to_owned),
    };
    let named = |alias: &str, room| Named { alias: alias.to_owned(), room };
    let these = vec![named("private-room-42", Some(room("42"))), named("chat", None)];
    let user = || UserId::parse("ana").unwrap();
    for (name, ask) in [
        ("ask_survey", survey(beginning(None))),
        ("ask_survey_after", survey(beginning(Some("presence-room-42")))),
        ("ask_survey_named", survey(Surveyed::Named(these))),
        ("ask_send_away", Ask::SendAway { user: user(), dialect: None }),
        ("ask_send_away_dialect", Ask::SendAway { user: user(), dialect: Some("pusher".to_owned()) }),
    ] {
        assert_json(name, &encode_ask(&ask));
        assert_eq!(decode_ask(&file(name)), Ok(ask), "{name}.json");
    }
    let tally = |alias: &str, subscriptions, users| Tally { alias: alias.to_owned(), subscriptions, users };
    let tallies = vec![tally("presence-room-42", 3, Some(2)), tally("private-room-42", 1, None)];
    for (name, answer) in
        [("answer_tallies", Answer::Tallies(tallies)), ("answer_sent_away", Answer::SentAway(2))]
    {
        assert_json(name, &encode_answer(&answer));
        assert_eq!(decode_answer(&file(name)), Ok(answer), "{name}.json");
    }
    for neither in [r#""dialect":"pusher""#, r#""dialect":"pusher","named":[],"prefix":"""#] {
        let ask = format!(r#"{{"v":1,"survey":{{{neither}}}}}"#);
        assert_eq!(decode_ask(ask.as_bytes()), Err(Unreadable::Value("what is surveyed")));
    }
}

#[test]
fn what_gateways_tell_each_other_is_written_as_ever() {
    let gateway = u64::MAX;
    let stay = |number| Stay { id: StayId { gateway, number }, since: at(1) };
    let attendee = |user, numbers: &[u64]| Attendee {
        user,
        info: None,
        stays: numbers.iter().copied().map(stay).collect(),
    };
    let came = vec![attendee(ana(), &[3, 5]), attendee(User::parse("bob", None).unwrap(), &[4])];
    let telling = Telling { incarnation: 2, n: 7 };
    let counted = There::Counted(Headcount { users: 900, connections: 1000 });
    let whisper = Whisper::new("draw", r#"{"x":[1, 2]}"#, 100).unwrap();
    for (name, news) in [
        ("note_live_changed", News::Changed { at: telling, came: came.clone(), went: vec![1, 2] }),
        ("note_live_listed", News::All { at: telling, there: There::Listed(came) }),
        ("note_live_counted", News::All { at: telling, there: counted }),
        ("note_live_last", News::Last(telling)),
        ("note_live_wanted", News::Wanted { of: None }),
        ("note_live_wanted_of", News::Wanted { of: Some(gateway) }),
        ("note_live_whisper", News::Whisper { by: ana(), whisper }),
    ] {
        let note = Note::Live(LiveNews { place: Place::Room(room("team:42")), gateway, news });
        assert_json(name, &encode_note(&note));
        assert_eq!(decode_note(&file(name)), Ok(note), "{name}.json");
    }
    for (name, leaving) in [("note_gateway", false), ("note_gateway_leaving", true)] {
        let note = Note::Gateway(GatewayBeat { gateway, leaving });
        assert_json(name, &encode_note(&note));
        assert_eq!(decode_note(&file(name)), Ok(note), "{name}.json");
    }
    assert_eq!(
        decode_note(br#"{"v":1,"live":{"room":"a","gateway":1,"newer":{}}}"#),
        Err(Unreadable::Unknown)
    );
}

#[test]
fn what_gateways_tell_each_other_of_channels_is_written_as_ever() {
    let gateway = u64::MAX;
    let channel = |name| ChannelName::parse(name).unwrap();
    let broadcast = |name| Broadcast { channel: channel(name), event: "order".into(), data: ODD.into() };
    let except = ConnectionName::parse("123.456");
    let stays = vec![Stay { id: StayId { gateway, number: 3 }, since: at(1) }];
    let info = Some(r#"{"name":"Ana", "x":[1]}"#.into());
    let came = vec![Attendee { user: ana(), info, stays }];
    let telling = Telling { incarnation: 2, n: 7 };
    let chat = || Place::Channel(channel("cache-chat"));
    let passed_on = |name, except| News::Broadcast { broadcast: broadcast(name), at: at(1), except };
    for (name, place, news) in [
        ("note_channel_begun", chat(), News::Begun),
        ("note_channel_broadcast", chat(), passed_on("cache-chat", except)),
        ("note_live_broadcast", Place::Room(room("team:42")), passed_on("private-room-team:42", None)),
        ("note_channel_kept", chat(), News::Kept { broadcast: broadcast("cache-chat"), at: at(1), by: 7 }),
        (
            "note_channel_changed",
            Place::Channel(channel("presence-x")),
            News::Changed { at: telling, came, went: vec![] },
        ),
    ] {
        let note = Note::Live(LiveNews { place, gateway, news });
        assert_json(name, &encode_note(&note));
        assert_eq!(decode_note(&file(name)), Ok(note), "{name}.json");
    }
    for nowhere in [r#""gateway":1,"begun":{}"#, r#""room":"a","channel":"b","gateway":1,"begun":{}"#] {
        let note = format!(r#"{{"v":1,"live":{{{nowhere}}}}}"#);
        assert_eq!(decode_note(note.as_bytes()), Err(Unreadable::Value("a place")));
    }
}

#[test]
fn what_a_newer_version_has_added_is_passed_over() {
    let Ok(Note::Events(read)) = decode_note(&file("newer_note_events")) else { panic!("unreadable") };
    let kinds: Vec<_> = read.events.iter().map(|event| (event.seq.get(), event.kind.clone())).collect();
    assert_eq!(
        kinds,
        [
            (58, message("hi")),
            (59, EventKind::Unknown),
            (60, EventKind::Unknown),
            (61, EventKind::Deleted { target: seq(58) }),
        ]
    );
    let Ok(Answer::Verdicts(verdicts)) = decode_answer(&file("newer_answer_verdicts")) else {
        panic!("unreadable")
    };
    assert_eq!(verdicts[0].as_ref().unwrap().seq, seq(58));
    assert_eq!(verdicts[1].as_ref().unwrap_err().code, Code::Unavailable);
}

#[test]
fn what_cannot_be_read_is_named_without_repeating_it() {
    let unreadable = |json: &str| decode_ask(json.as_bytes()).unwrap_err();
    assert_eq!(unreadable(r#"{"v":2,"rooms":{"limit":1}}"#), Unreadable::Version(2));
    assert_eq!(unreadable(r#"{"v":1,"dance":{}}"#), Unreadable::Unknown);
    assert_eq!(unreadable(r#"{"v":1,"heads":["a b"]}"#), Unreadable::Value("a room"));
    assert_eq!(
        unreadable(r#"{"v":1,"submit":{"age_ms":0,"drafts":[]}}"#),
        Unreadable::Value("the number of drafts")
    );
    assert!(!unreadable(r#"{"v":1,"heads":"secret"}"#).to_string().contains("secret"));
    assert_eq!(
        decode_note(br#"{"v":1,"heads":{"partition":64,"heads":[]}}"#),
        Err(Unreadable::Value("a partition"))
    );
    assert_eq!(
        decode_note(br#"{"v":1,"events":{"room":"a","epoch":"e","events":[{"id":"no seq"}]}}"#),
        Err(Unreadable::Json { column: 15 })
    );
}

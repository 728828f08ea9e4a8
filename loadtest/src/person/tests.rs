//! A person without a connection: frames in, frames out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use websocket::{Message, Reader, Role};

use super::scene::{Rejected, Scene};
use super::state::Person;
use crate::audit::{Ledger, Trail};
use crate::plan::Plan;
use crate::speech::{Phoenix, Template};
use crate::tally::Tally;

/// A person in room 0, which sends message 0 and 2 there, and what it sees and says.
struct Stage {
    plan: Plan,
    ledger: Ledger,
    tally: Tally,
    person: Person,
    now: Instant,
    /// Whether it is always its turn to join rooms.
    turns: bool,
}

impl Stage {
    fn new(returns: bool) -> Self {
        let duration = Duration::from_secs(1);
        let plan = Plan { senders: 2, rate: 4.0, duration, ..Plan::idle("run".into(), 2, 2) };
        let person = Person::new(&plan, 0, 2, returns);
        let mut stage = Self {
            ledger: Ledger::new(&plan),
            tally: Tally::new(),
            plan,
            person,
            now: Instant::now(),
            turns: true,
        };
        stage.person.connect();
        stage
    }

    /// What the person says to this.
    fn act<R>(&mut self, act: impl FnOnce(&mut Person, &mut Scene<'_>) -> R) -> (R, Vec<String>) {
        let mut out = Vec::new();
        let mut scene = Scene {
            plan: &self.plan,
            ledger: &self.ledger,
            tally: &mut self.tally,
            out: &mut out,
            now: self.now,
            start: Some(self.now),
            received: 0,
        };
        let done = act(&mut self.person, &mut scene);
        if self.turns {
            self.person.ask_to_join(usize::MAX, &mut scene);
        }
        let mut said = Vec::new();
        let mut reader = Reader::new(Role::Server, 65_536);
        let mut messages = reader.read(&mut out);
        while let Some(message) = messages.next() {
            let Ok(Message::Text(text)) = message else { panic!("{message:?} is no text") };
            said.push(text.to_owned());
        }
        (done, said)
    }

    fn hear(&mut self, frame: &str) -> Vec<String> {
        let (heard, said) = self.act(|person, scene| person.hear(frame, scene));
        assert_eq!(heard, Ok(()));
        said
    }

    fn join_at(&mut self, seq: u64) -> Vec<String> {
        self.hear(&format!(
            r#"{{"type":"joined","ref":0,"room":"load-run-0","seq":{seq},"epoch":"e.1","truncated":false}}"#
        ))
    }

    fn see(&mut self, room: u32, seq: u64, message: u32) {
        let body = self.plan.text_of(message);
        self.hear(&format!(
            r#"{{"type":"message","room":"load-run-{room}","seq":{seq},"id":"i","body":"{body}"}}"#
        ));
    }

    fn trail(&self) -> Option<Trail> {
        self.person.trails().next().and_then(|(_, trail)| trail.cloned())
    }

    fn tell(&mut self, message: u32) -> Vec<String> {
        self.person.take_order(message, self.now);
        self.act(|person, scene| person.obey(message, scene)).1
    }

    fn tick_after(&mut self, time: Duration) -> Vec<String> {
        self.now += time;
        self.act(Person::tick).1
    }
}

const WELCOME: &str = r#"{"type":"welcome","user":{"id":"a","name":"A"},"connection":"c","ping_s":7,"limits":{"sends_per_s":20}}"#;
const SEND_0: &str = r#"{"type":"send","room":"load-run-0","id":"run-0","body":"run 0 0 "}"#;

#[test]
fn a_welcome_is_answered_by_joining_and_a_reconnect_by_joining_after_what_was_seen() {
    let mut stage = Stage::new(true);
    assert_eq!(stage.hear(WELCOME), [r#"{"type":"join","ref":0,"room":"load-run-0"}"#]);
    assert_eq!(stage.person.ping_after, Duration::from_secs(7));
    assert!(!stage.person.is_ready());
    stage.join_at(41);
    assert!(stage.person.is_ready());
    stage.see(0, 42, 0);
    stage.person.connect();
    let join = r#"{"type":"join","ref":0,"room":"load-run-0","after":42,"epoch":"e.1"}"#;
    assert_eq!(stage.hear(WELCOME), [join]);
}

#[test]
fn who_has_no_room_is_ready_when_welcome() {
    let mut stage = Stage::new(true);
    stage.plan = Plan { senders: 0, rooms_each: 0, ..stage.plan };
    stage.person = Person::new(&stage.plan, 0, 0, true);
    stage.person.connect();
    assert!(!stage.person.is_ready());
    assert_eq!(stage.hear(WELCOME), [""; 0]);
    assert!(stage.person.is_ready());
    stage.person.connect();
    assert!(!stage.person.is_ready(), "on the connection that it has");
}

#[test]
fn a_message_waits_for_the_join_and_is_repeated_on_the_next_connection() {
    let mut stage = Stage::new(true);
    assert_eq!(stage.tell(0), [""; 0]);
    assert_eq!(stage.join_at(0), [SEND_0]);
    assert_eq!(stage.join_at(0), [""; 0], "a subscription that starts again is no new connection");
    stage.person.connect();
    assert_eq!(stage.join_at(0), [SEND_0]);
    assert_eq!((stage.tally.sent, stage.tally.repeated), (1, 1));
}

#[test]
fn what_nobody_knows_is_asked_again_when_the_server_says_so() {
    let mut stage = Stage::new(true);
    stage.join_at(0);
    stage.tell(0);
    stage.hear(r#"{"type":"refused","id":"run-0","code":"unavailable","message":"","retry_ms":300}"#);
    assert_eq!(stage.tick_after(Duration::from_millis(299)), [""; 0]);
    assert_eq!(stage.tick_after(Duration::from_millis(1)), [SEND_0]);
    stage.hear(r#"{"type":"sent","id":"run-0","seq":1,"at":""}"#);
    assert_eq!(stage.tick_after(Duration::from_secs(60)), [""; 0]);
    assert_eq!(stage.ledger.acknowledged(), 1);
}

#[test]
fn what_is_too_much_for_now_is_sent_later_only_by_those_who_repeat() {
    let refused = r#"{"type":"refused","id":"run-0","code":"too_many","message":"","retry_ms":300}"#;
    let mut stage = Stage::new(true);
    stage.join_at(0);
    stage.tell(0);
    stage.hear(refused);
    assert_eq!(stage.tick_after(Duration::from_millis(300)), [SEND_0]);
    let mut stage = Stage::new(false);
    stage.join_at(0);
    stage.tell(0);
    stage.hear(refused);
    assert_eq!(stage.tick_after(Duration::from_millis(300)), [""; 0]);
    assert_eq!(stage.tally.refused.total(), 1);
}

#[test]
fn a_plan_that_the_server_does_not_allow_is_rejected() {
    let mut stage = Stage::new(true);
    let narrow = WELCOME.replace("20", "1");
    let (heard, _) = stage.act(|person, scene| person.hear(&narrow, scene));
    assert!(heard.is_err_and(|Rejected(why)| why.contains("2.0 messages/s and the server takes 1")));
}

#[test]
fn only_what_is_sent_when_it_is_told_says_how_late_we_are() {
    let mut stage = Stage::new(true);
    stage.tell(0);
    stage.join_at(0);
    assert_eq!(stage.tally.behind.count(), 0, "it waited for the join");
    stage.tell(2);
    assert_eq!(stage.tally.behind.count(), 1);

    let mut stage = Stage::new(true);
    stage.hear(&WELCOME.replace("20", "2"));
    stage.join_at(0);
    stage.tell(0);
    stage.hear(r#"{"type":"refused","id":"run-0","code":"unavailable","message":"","retry_ms":0}"#);
    assert_eq!(stage.tell(2), [SEND_0], "the server takes two a second");
    assert_eq!(stage.tally.behind.count(), 1);
}

#[test]
fn a_room_that_is_not_ours_and_a_message_of_another_room_are_in_the_wrong_room() {
    let mut stage = Stage::new(true);
    stage.join_at(0);
    stage.see(1, 1, 1);
    assert_eq!(stage.tally.wrong_room, 1);
    stage.see(0, 1, 1);
    assert_eq!(stage.tally.wrong_room, 2, "message 1 belongs to room 1");
    stage.see(0, 1, 0);
    assert_eq!((stage.tally.wrong_room, stage.trail().map(|trail| trail.seen())), (2, Some(1)));
}

#[test]
fn somebody_elses_message_takes_its_place_and_is_not_timed() {
    let mut stage = Stage::new(true);
    stage.join_at(0);
    stage.hear(r#"{"type":"message","room":"load-run-0","seq":1,"id":"x","body":"other 0 0 "}"#);
    stage.hear(r#"{"type":"edited","room":"load-run-0","seq":2,"target":1,"body":"hello \"you\""}"#);
    assert_eq!(stage.trail().map(|trail| (trail.seen(), trail.last())), Some((2, 2)));
    assert_eq!(stage.tally.delivered.count(), 0);
    stage.see(0, 3, 0);
    assert_eq!(stage.tally.delivered.count(), 1);
    assert_eq!(stage.tally.unreadable, 0);
}

#[test]
fn whoever_is_kept_out_for_now_asks_again_and_whoever_is_kept_out_for_good_says_so() {
    let mut stage = Stage::new(true);
    stage.hear(WELCOME);
    stage.hear(r#"{"type":"refused","ref":0,"code":"unavailable","message":"","retry_ms":100}"#);
    assert_eq!(
        stage.tick_after(Duration::from_millis(100)),
        [r#"{"type":"join","ref":0,"room":"load-run-0"}"#]
    );
    let refused = r#"{"type":"refused","ref":0,"code":"not_allowed","message":"no"}"#;
    let (heard, _) = stage.act(|person, scene| person.hear(refused, scene));
    assert_eq!(heard, Err(Rejected("joining load-run-0 was refused: not_allowed: no".to_owned())));
}

#[test]
fn rooms_are_asked_for_in_turns_and_a_turn_lasts_until_all_of_them_have_answered() {
    let mut stage = Stage::new(true);
    stage.plan = Plan { rooms: 3, rooms_each: 3, ..stage.plan };
    stage.person = Person::new(&stage.plan, 2, 0, true);
    stage.person.connect();
    stage.turns = false;
    let join = |room| format!(r#"{{"type":"join","ref":{room},"room":"load-run-{room}"}}"#);
    assert_eq!((stage.hear(WELCOME), stage.person.joins_wanted()), (vec![], 3));
    let (_, said) = stage.act(|person, scene| person.ask_to_join(2, scene));
    assert_eq!(said, [join(0), join(1)]);
    assert_eq!((stage.person.joins_wanted(), stage.person.is_joining()), (1, true));
    stage.join_at(0);
    assert!(stage.person.is_joining(), "of room 1");
    stage.hear(r#"{"type":"refused","ref":1,"code":"unavailable","message":"","retry_ms":100}"#);
    assert_eq!((stage.person.joins_wanted(), stage.person.is_joining()), (1, false), "not yet again");
    stage.tick_after(Duration::from_millis(100));
    let (_, said) = stage.act(|person, scene| person.ask_to_join(2, scene));
    assert_eq!(said, [join(1), join(2)]);
    stage.person.connect();
    assert_eq!((stage.person.joins_wanted(), stage.person.is_joining()), (0, false), "nobody answers now");
}

#[test]
fn a_person_is_settled_when_all_is_answered_and_seen_up_to_the_head() {
    let mut stage = Stage::new(true);
    stage.join_at(0);
    for message in [0, 2] {
        assert!(!stage.person.is_settled(&stage.ledger));
        stage.tell(message);
    }
    stage.hear(r#"{"type":"sent","id":"run-0","seq":1,"at":""}"#);
    stage.hear(r#"{"type":"sent","id":"run-2","seq":2,"at":""}"#);
    stage.see(0, 2, 2);
    assert!(!stage.person.is_settled(&stage.ledger), "the first has not been seen");
    stage.see(0, 1, 0);
    assert!(stage.person.is_settled(&stage.ledger));
    stage.ledger.advance(0, 3);
    assert!(!stage.person.is_settled(&stage.ledger), "others have seen more");
}

/// The same person where the server speaks Phoenix.
fn phoenix() -> Stage {
    let mut stage = Stage::new(false);
    let topic = Template::new("room:{room}");
    stage.plan.speech = Arc::new(Phoenix { topic, event: "say".into(), field: "message".into() });
    let (greeted, said) = stage.act(|person, scene| person.greet(String::new(), scene));
    assert_eq!(greeted, Ok(()));
    assert_eq!(said, [r#"["1","j0","room:load-run-0","phx_join",{}]"#]);
    stage.hear(r#"["1","j0","room:load-run-0","phx_reply",{"status":"ok","response":{}}]"#);
    stage
}

fn hear_phoenix(stage: &mut Stage, room: u32, message: u32) {
    let text = stage.plan.text_of(message);
    stage.hear(&format!(r#"[null,null,"room:load-run-{room}","new_message",{{"content":"{text}"}}]"#));
}

#[test]
fn without_positions_a_sender_that_overtakes_itself_is_found_and_so_is_the_wrong_room() {
    let mut stage = phoenix();
    for message in [2, 0, 2] {
        hear_phoenix(&mut stage, 0, message);
    }
    let trail = stage.trail().unwrap();
    assert_eq!((trail.seen(), trail.out_of_order(), trail.doubled()), (2, 1, 1));
    hear_phoenix(&mut stage, 0, 1);
    assert_eq!(stage.tally.wrong_room, 1, "message 1 belongs to room 1");
    assert_eq!(stage.tally.delivered.count(), 2);
}

#[test]
fn without_positions_what_was_said_is_owed_and_what_was_refused_is_not() {
    let mut stage = phoenix();
    for message in [0, 2] {
        stage.tell(message);
    }
    assert_eq!(stage.ledger.head(0), 2);
    stage.hear(r#"["1","m0","room:load-run-0","phx_reply",{"status":"error","response":{}}]"#);
    stage.hear(r#"["1","m2","room:load-run-0","phx_reply",{"status":"ok","response":{}}]"#);
    assert!(stage.ledger.not_owed().eq([0, 1, 3]), "refused, or never said");
    assert_eq!((stage.ledger.acknowledged(), stage.person.sends()), (1, (0, 0, 0)));
}

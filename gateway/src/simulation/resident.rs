//! A client as it should be written: it repeats, with the same id, what it does not know the fate of, and comes back
//! with its last position. It checks what it is shown as it is shown it.

use std::collections::BTreeMap;

use chat::{RequestId, RoomId, User, UserId};
use serde::Deserialize;
use tokio::time::{Duration, Instant};

use super::saying::{Known, Saying};
use super::shard::Mail;
use super::store::{Store, number};
use crate::session::ANSWER_WITHIN;

/// How much longer than [`ANSWER_WITHIN`] an answer may take: what the model lets lie between the session and the
/// switchboard, there and back.
const SLACK: Duration = Duration::from_millis(500);
/// How long it rests after a refusal that says that something is away.
const REST: Duration = Duration::from_secs(1);

pub(super) struct Resident {
    pub(super) user: User,
    pub(super) token: String,
    /// Where it is connected: the gateway and the shard.
    pub(super) place: Option<(usize, usize)>,
    pub(super) rooms: BTreeMap<RoomId, Membership>,
    pub(super) sends: Vec<Saying>,
    /// What it has asked for and has no answer to, by `ref`.
    pub(super) asked: BTreeMap<u64, (Question, Instant)>,
    asked_ever: u64,
    rests_until: Instant,
}

/// How a resident stands to a room.
#[derive(Default)]
pub(super) struct Membership {
    /// Whether it wants to be inside.
    pub(super) wanted: bool,
    pub(super) stay: Stay,
    /// The epoch and the last position of which it knows.
    pub(super) position: Option<(u32, u64)>,
    /// The position that it has sent with the join under way.
    wish: Option<(u32, u64)>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stay {
    #[default]
    Outside,
    Joining,
    /// It is inside, and what comes next is between these.
    Inside {
        epoch: u32,
        least: u64,
        most: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    Join(RoomId),
    Leave(RoomId),
    Send(usize),
    History,
}

/// A frame of the session, as far as it matters here.
#[derive(Deserialize)]
struct Said<'a> {
    r#type: &'a str,
    r#ref: Option<u64>,
    room: Option<&'a str>,
    seq: Option<u64>,
    first_seq: Option<u64>,
    epoch: Option<&'a str>,
    truncated: Option<bool>,
    code: Option<&'a str>,
}

impl Resident {
    pub(super) fn new(number: usize, rooms: &[RoomId], token: impl Fn(&User) -> String) -> Self {
        let user = User::parse(&format!("u{number}"), None).expect("a name");
        let wanted = || Membership { wanted: true, ..Membership::default() };
        Self {
            token: token(&user),
            user,
            place: None,
            rooms: rooms.iter().map(|room| (room.clone(), wanted())).collect(),
            sends: Vec::new(),
            asked: BTreeMap::new(),
            asked_ever: 0,
            rests_until: Instant::now(),
        }
    }

    pub(super) fn rests(&self) -> bool {
        Instant::now() < self.rests_until
    }

    /// It wants to be in a room.
    pub(super) fn wants(&mut self, room: &RoomId) {
        self.rooms.get_mut(room).expect("one of its rooms").wanted = true;
    }

    /// What it says to get into the rooms that it wants to be in.
    pub(super) fn joins(&mut self) -> Vec<String> {
        let missing = |membership: &Membership| membership.wanted && membership.stay == Stay::Outside;
        let rooms: Vec<_> =
            self.rooms.iter().filter(|(_, m)| missing(m)).map(|(room, _)| room.clone()).collect();
        rooms.into_iter().map(|room| self.join(&room)).collect()
    }

    fn join(&mut self, room: &RoomId) -> String {
        let number = self.ask(Question::Join(room.clone()));
        let membership = self.rooms.get_mut(room).expect("one of its rooms");
        membership.stay = Stay::Joining;
        membership.wish = membership.position;
        let from = match membership.wish {
            Some((epoch, after)) => format!(r#","after":{after},"epoch":"e.{epoch}""#),
            None => String::new(),
        };
        format!(r#"{{"type":"join","ref":{number},"room":"{}"{from}}}"#, room.as_str())
    }

    pub(super) fn leave(&mut self, room: &RoomId) -> String {
        let membership = self.rooms.get_mut(room).expect("one of its rooms");
        (membership.wanted, membership.stay) = (false, Stay::Outside);
        let number = self.ask(Question::Leave(room.clone()));
        format!(r#"{{"type":"leave","ref":{number},"room":"{}"}}"#, room.as_str())
    }

    pub(super) fn history(&mut self, room: &RoomId) -> String {
        let number = self.ask(Question::History);
        format!(r#"{{"type":"history","ref":{number},"room":"{}","after":0}}"#, room.as_str())
    }

    /// Something new.
    pub(super) fn says(&mut self, room: &RoomId, refused: bool) -> String {
        let at = self.sends.len();
        let id = RequestId::parse(&format!("{}-{at}", self.user.id.as_str())).expect("an id");
        self.sends.push(Saying::new(room.clone(), id, refused));
        self.repeat(at)
    }

    /// The sends of which it knows nothing, in their order.
    pub(super) fn unknown(&self) -> Vec<usize> {
        (0..self.sends.len()).filter(|at| self.sends[*at].fate == Known::Nothing).collect()
    }

    pub(super) fn repeat(&mut self, at: usize) -> String {
        let number = self.ask(Question::Send(at));
        self.sends[at].say(number)
    }

    fn ask(&mut self, question: Question) -> u64 {
        self.asked_ever += 1;
        self.asked.insert(self.asked_ever, (question, Instant::now()));
        self.asked_ever
    }

    /// Its connection is gone: what is not answered stays unknown.
    pub(super) fn lose_connection(&mut self) {
        self.place = None;
        self.asked.clear();
        self.rooms.values_mut().for_each(|membership| membership.stay = Stay::Outside);
        self.sends.iter_mut().for_each(Saying::lose);
    }

    /// Nothing that it has asked for has taken too long.
    pub(super) fn check_patience(&self) {
        for (question, since) in self.asked.values() {
            check_time(&self.user.id, question, *since);
        }
    }

    pub(super) fn receive(&mut self, mail: Mail, store: &Store, town: &Rules) {
        match mail {
            Mail::Words(words) => self.hear(&words, store, town),
            Mail::Events { room, epoch, events, .. } => {
                for event in events {
                    self.see(&room, number(epoch.as_str()), &event, store);
                }
            }
            Mail::Closed => self.lose_connection(),
        }
    }

    fn hear(&mut self, words: &str, store: &Store, town: &Rules) {
        let said: Said<'_> = serde_json::from_str(words).expect("a frame");
        let question = said.r#ref.map(|number| {
            let (question, since) = self.asked.remove(&number).expect("one answer to each request");
            check_time(&self.user.id, &question, since);
            question
        });
        match (said.r#type, question) {
            ("joined", question) => self.joined(&said, question.is_some(), town),
            ("sent", Some(Question::Send(at))) => {
                self.sends[at].acknowledge(&self.user.id, said.seq.expect("a seq"), store);
            }
            ("refused", Some(question)) => self.refused(question, said.code.expect("a code")),
            ("left", Some(Question::Leave(_))) | ("history", Some(Question::History)) => {}
            ("welcome" | "status" | "bye", None) => {}
            _ => panic!("{} heard {words}", self.user.id),
        }
    }

    fn joined(&mut self, said: &Said<'_>, asked: bool, town: &Rules) {
        let room = RoomId::parse(said.room.expect("a room")).expect("a room");
        let membership = self.rooms.get_mut(&room).expect("one of its rooms");
        let (seq, first) = (said.seq.expect("a seq"), said.first_seq.expect("a first seq"));
        let epoch = number(said.epoch.expect("an epoch"));
        let truncated = said.truncated.expect("it is said");
        let (least, most) = if truncated {
            assert!(!town.keeps_the_past, "something is left out, and nothing was lost");
            (first, first.max((seq + 1).saturating_sub(town.replay)))
        } else {
            assert!(asked, "a room begins anew, and nothing is left out");
            let (of, after) = membership.wish.unwrap_or((epoch, seq));
            assert!(of == epoch && after <= seq, "{after} of {of} goes on at {seq} of {epoch}");
            (after + 1, after + 1)
        };
        membership.stay = Stay::Inside { epoch, least, most };
        // Until it is shown the first event of a room that begins anew, it stands where it stood.
        if !truncated || most > seq {
            membership.position = Some((epoch, most - 1));
        }
    }

    fn see(&mut self, room: &RoomId, epoch: u32, event: &chat::Event, store: &Store) {
        if self.asked.values().any(|(asked, _)| matches!(asked, Question::Leave(left) if left == room)) {
            return; // It has left, and was not heard.
        }
        let (user, seq) = (&self.user.id, event.seq.get());
        let membership = self.rooms.get_mut(room).expect("one of its rooms");
        let Stay::Inside { epoch: of, least, most } = membership.stay else {
            panic!("{user} is shown {seq} of {room}, where it is not");
        };
        assert_eq!(epoch, of, "{user} is shown another history of {room} than it was told of");
        assert!((least..=most).contains(&seq), "{user} is shown {seq} of {room}, after it {least} to {most}");
        let stored = store.at(room, epoch, seq).map(|stored| &stored.id);
        assert_eq!(stored, Some(&event.id), "{user} is shown what does not stand at {seq} of {room}");
        membership.stay = Stay::Inside { epoch, least: seq + 1, most: seq + 1 };
        membership.position = Some((epoch, seq));
    }

    fn refused(&mut self, question: Question, code: &str) {
        if code == "unavailable" {
            self.rests_until = Instant::now() + REST;
        }
        match question {
            Question::Join(room) => {
                let membership = self.rooms.get_mut(&room).expect("one of its rooms");
                let newer = self.asked.values().any(|(asked, _)| *asked == Question::Join(room.clone()));
                if !newer {
                    membership.stay = Stay::Outside;
                }
            }
            Question::Send(at) => self.sends[at].refuse(code),
            Question::History => {}
            Question::Leave(_) => panic!("nobody is kept in a room"),
        }
    }
}

/// What residents may rely on.
pub(super) struct Rules {
    /// Nothing is ever forgotten or restored.
    pub(super) keeps_the_past: bool,
    pub(super) replay: u64,
}

fn check_time(user: &UserId, question: &Question, since: Instant) {
    let waited = since.elapsed();
    assert!(waited <= ANSWER_WITHIN + SLACK, "the {question:?} of {user} has waited for {waited:?}");
}

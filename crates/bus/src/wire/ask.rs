//! Requests.

use std::time::Duration;

use chat::{Draft, PageFrom, RoomId, Seq};
use serde::{Deserialize, Serialize};

use super::draft::{DraftWire, millis};
use super::poll::{PollWire, PostWire};
use super::survey::{SendAwayWire, SurveyWire};
use super::text::Text;
use super::{Unreadable, VERSION, check_version};
use crate::{Ask, PageLimit, Submission};

/// A request: exactly one of what it can be. (An enum with its tag inside would be read twice.)
#[derive(Serialize, Deserialize)]
pub(super) struct AskWire<'a> {
    v: u8,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    submit: Option<SubmitWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    open: Option<OpenWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    events: Option<EventsWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    history: Option<HistoryWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    rooms: Option<RoomsWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    heads: Option<Vec<Text<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll: Option<PollWire>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    post: Option<PostWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    survey: Option<SurveyWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    send_away: Option<SendAwayWire<'a>>,
}

#[derive(Serialize, Deserialize)]
struct SubmitWire<'a> {
    age_ms: u64,
    #[serde(borrow)]
    drafts: Vec<DraftWire<'a>>,
}

#[derive(Serialize, Deserialize)]
struct OpenWire<'a> {
    #[serde(borrow)]
    room: Text<'a>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    create: bool,
}

#[derive(Serialize, Deserialize)]
struct EventsWire<'a> {
    #[serde(borrow)]
    room: Text<'a>,
    after: u64,
    limit: u16,
}

#[derive(Serialize, Deserialize)]
struct HistoryWire<'a> {
    #[serde(borrow)]
    room: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
    limit: u16,
}

#[derive(Serialize, Deserialize)]
struct RoomsWire<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    after: Option<Text<'a>>,
    limit: u16,
}

impl AskWire<'_> {
    const EMPTY: Self = Self {
        v: VERSION,
        submit: None,
        open: None,
        events: None,
        history: None,
        rooms: None,
        heads: None,
        poll: None,
        post: None,
        survey: None,
        send_away: None,
    };
}

impl<'a> From<&'a Ask> for AskWire<'a> {
    fn from(ask: &'a Ask) -> Self {
        let empty = Self::EMPTY;
        match ask {
            Ask::Submit(submission) => Self { submit: Some(submission.into()), ..empty },
            Ask::Open { room, create } => {
                Self { open: Some(OpenWire { room: Text::of(room), create: *create }), ..empty }
            }
            Ask::Events { room, after, limit } => {
                let events = EventsWire { room: Text::of(room), after: after.get(), limit: limit.0 };
                Self { events: Some(events), ..empty }
            }
            Ask::History { room, from, limit } => {
                let (before, after) = match from {
                    PageFrom::Before(seq) => (Some(seq.get()), None),
                    PageFrom::After(seq) => (None, Some(seq.get())),
                };
                let history = HistoryWire { room: Text::of(room), before, after, limit: limit.0 };
                Self { history: Some(history), ..empty }
            }
            Ask::Rooms { after, limit } => {
                let rooms = RoomsWire { after: after.as_ref().map(Text::of), limit: limit.0 };
                Self { rooms: Some(rooms), ..empty }
            }
            Ask::Heads(rooms) => Self { heads: Some(rooms.iter().map(Text::of).collect()), ..empty },
            Ask::Poll { session } => Self { poll: Some(PollWire::of(*session)), ..empty },
            Ask::Post { session, lines } => Self { post: Some(PostWire::of(*session, lines)), ..empty },
            Ask::Survey(survey) => Self { survey: Some(survey.into()), ..empty },
            Ask::SendAway { user, dialect } => {
                Self { send_away: Some(SendAwayWire::of(user, dialect.as_ref())), ..empty }
            }
        }
    }
}

impl TryFrom<AskWire<'_>> for Ask {
    type Error = Unreadable;

    fn try_from(wire: AskWire<'_>) -> Result<Self, Unreadable> {
        check_version(wire.v)?;
        if let Some(submit) = wire.submit {
            return Ok(Self::Submit(submit.try_into()?));
        }
        if let Some(open) = wire.open {
            return Ok(Self::Open { room: room(&open.room)?, create: open.create });
        }
        if let Some(events) = wire.events {
            let (after, limit) = (Seq::new(events.after)?, PageLimit(events.limit));
            return Ok(Self::Events { room: room(&events.room)?, after, limit });
        }
        if let Some(history) = wire.history {
            let from = match (history.before, history.after) {
                (Some(seq), None) => PageFrom::Before(Seq::new(seq)?),
                (None, Some(seq)) => PageFrom::After(Seq::new(seq)?),
                _ => return Err(Unreadable::Value("the place of a page")),
            };
            let limit = PageLimit(history.limit);
            return Ok(Self::History { room: room(&history.room)?, from, limit });
        }
        if let Some(rooms) = wire.rooms {
            let after = rooms.after.as_ref().map(room).transpose()?;
            return Ok(Self::Rooms { after, limit: PageLimit(rooms.limit) });
        }
        if let Some(heads) = wire.heads {
            return Ok(Self::Heads(heads.iter().map(room).collect::<Result<_, _>>()?));
        }
        if let Some(poll) = wire.poll {
            return poll.read();
        }
        if let Some(post) = wire.post {
            return post.read();
        }
        if let Some(survey) = wire.survey {
            return survey.read();
        }
        if let Some(send_away) = wire.send_away {
            return send_away.read();
        }
        Err(Unreadable::Unknown)
    }
}

impl<'a> From<&'a Submission> for SubmitWire<'a> {
    fn from(submission: &'a Submission) -> Self {
        Self {
            age_ms: millis(submission.age),
            drafts: submission.drafts.iter().map(DraftWire::from).collect(),
        }
    }
}

impl TryFrom<SubmitWire<'_>> for Submission {
    type Error = Unreadable;

    fn try_from(wire: SubmitWire<'_>) -> Result<Self, Unreadable> {
        if wire.drafts.is_empty() {
            return Err(Unreadable::Value("the number of drafts"));
        }
        let drafts = wire.drafts.into_iter().map(Draft::try_from).collect::<Result<_, _>>()?;
        Ok(Self { drafts, age: Duration::from_millis(wire.age_ms) })
    }
}

fn room(text: &Text<'_>) -> Result<RoomId, Unreadable> {
    Ok(RoomId::parse(text.as_str())?)
}

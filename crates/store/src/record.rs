//! How the words of a chat stand in a row, the same in every backend.

use chat::{Body, Change, Event, EventKind, RequestId, RoomId, RoomKind, Seq, StandingMessage, User};

use crate::rules::Known;
use crate::time::At;

/// The kinds of events, by the number in the column `kind`. A number is never given to anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Message,
    Edited,
    Deleted,
}

impl Kind {
    pub(crate) const fn of(change: &Change) -> Self {
        match change {
            Change::Message { .. } => Self::Message,
            Change::Edit { .. } => Self::Edited,
            Change::Delete { .. } => Self::Deleted,
        }
    }

    pub(crate) const fn number(self) -> i16 {
        match self {
            Self::Message => 1,
            Self::Edited => 2,
            Self::Deleted => 3,
        }
    }

    /// `None`: a newer version wrote it.
    pub(crate) const fn from_number(number: i16) -> Option<Self> {
        match number {
            1 => Some(Self::Message),
            2 => Some(Self::Edited),
            3 => Some(Self::Deleted),
            _ => None,
        }
    }
}

/// The number in the column `kind` of a room.
pub(crate) const fn room_kind_number(kind: RoomKind) -> i16 {
    match kind {
        RoomKind::Public => 1,
        RoomKind::Private => 2,
        RoomKind::Direct => 3,
    }
}

/// The kind of a room; what a newer version wrote is closed to everybody who is not a member.
pub(crate) const fn room_kind(number: i16) -> RoomKind {
    match number {
        1 => RoomKind::Public,
        3 => RoomKind::Direct,
        _ => RoomKind::Private,
    }
}

/// The text of a change.
pub(crate) fn body(change: &Change) -> Option<&str> {
    match change {
        Change::Message { body, .. } | Change::Edit { body, .. } => Some(body.as_str()),
        Change::Delete { .. } => None,
    }
}

/// The message that a message answers.
pub(crate) const fn reply_to(change: &Change) -> Option<Seq> {
    match change {
        Change::Message { reply_to, .. } => *reply_to,
        Change::Edit { .. } | Change::Delete { .. } => None,
    }
}

/// A row of the log.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct EventRow {
    seq: i64,
    kind: i16,
    author: String,
    author_name: String,
    request: String,
    at: At,
    target: Option<i64>,
    reply_to: Option<i64>,
    body: Option<String>,
}

impl EventRow {
    pub(crate) fn into_event(self, room: &RoomId) -> Result<Event, sqlx::Error> {
        let body = self.body.as_deref().map(Body::trusted);
        let kind = match (Kind::from_number(self.kind), self.target.map(Seq::from_i64)) {
            (Some(Kind::Message), _) => {
                EventKind::Message { body, reply_to: self.reply_to.map(Seq::from_i64) }
            }
            (Some(Kind::Edited), Some(target)) => EventKind::Edited { target, body },
            (Some(Kind::Deleted), Some(target)) => EventKind::Deleted { target },
            (Some(Kind::Edited | Kind::Deleted), None) | (None, _) => EventKind::Unknown,
        };
        Ok(Event {
            room: room.clone(),
            seq: Seq::from_i64(self.seq),
            id: request(&self.request)?,
            by: user(&self.author, &self.author_name)?,
            at: self.at.0,
            kind,
            except: None,
        })
    }
}

/// A row of a page of history.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct MessageRow {
    seq: i64,
    author: String,
    author_name: String,
    request: String,
    at: At,
    reply_to: Option<i64>,
    edited_at: Option<At>,
    body: Option<String>,
}

impl MessageRow {
    pub(crate) fn into_message(self) -> Result<StandingMessage, sqlx::Error> {
        Ok(StandingMessage {
            seq: Seq::from_i64(self.seq),
            id: request(&self.request)?,
            by: user(&self.author, &self.author_name)?,
            at: self.at.0,
            body: self.body.as_deref().map(Body::trusted),
            reply_to: self.reply_to.map(Seq::from_i64),
            edited_at: self.edited_at.map(|at| at.0),
        })
    }
}

/// A row that has the id of a draft.
#[derive(sqlx::FromRow)]
pub(crate) struct KnownRow {
    seq: i64,
    at: At,
    kind: i16,
    target: Option<i64>,
    reply_to: Option<i64>,
    body: Option<String>,
}

impl From<KnownRow> for Known {
    fn from(row: KnownRow) -> Self {
        Self {
            seq: Seq::from_i64(row.seq),
            at: row.at.0,
            kind: row.kind,
            target: row.target.map(Seq::from_i64),
            reply_to: row.reply_to.map(Seq::from_i64),
            body: row.body,
        }
    }
}

fn request(id: &str) -> Result<RequestId, sqlx::Error> {
    RequestId::parse(id).map_err(unreadable)
}

fn user(id: &str, name: &str) -> Result<User, sqlx::Error> {
    User::parse(id, Some(name)).map_err(unreadable)
}

/// A name in the database that no version of this program has written.
pub(crate) fn unreadable(bad: chat::BadName) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(bad))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_reads_back_as_what_it_was() {
        for kind in [Kind::Message, Kind::Edited, Kind::Deleted] {
            assert_eq!(Kind::from_number(kind.number()), Some(kind));
        }
        for kind in [RoomKind::Public, RoomKind::Private, RoomKind::Direct] {
            assert_eq!(room_kind(room_kind_number(kind)), kind);
        }
    }

    #[test]
    fn what_a_newer_version_wrote_takes_its_seq_and_shows_nothing() {
        let row = EventRow {
            seq: 7,
            kind: 99,
            author: "ana".to_owned(),
            author_name: "Ana".to_owned(),
            request: "r".to_owned(),
            at: At(chat::Timestamp::from_micros(0)),
            target: Some(3),
            reply_to: None,
            body: Some("text".to_owned()),
        };
        let event = row.into_event(&RoomId::parse("r").unwrap()).unwrap();
        assert_eq!(event.kind, EventKind::Unknown);
        assert_eq!(event.seq, Seq::new(7).unwrap());
    }
}

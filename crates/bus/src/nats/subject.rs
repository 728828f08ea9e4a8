//! The subjects of NATS. Part of the wire format: see also [`crate::Partition`].
//!
//! Nothing that a user types can be a wildcard or leave its own subject: a room's token is its name where
//! that is made of `A-Za-z0-9_-` only, else `~` and the name in base64url.

use std::borrow::Cow;

use async_nats::Subject;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat::RoomId;

use crate::{Door, Note, Partition, Topic};

/// Names all subjects of one installation. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Subjects {
    prefix: String,
}

impl Subjects {
    /// Subjects that begin with `prefix` and a dot. `None` if that is not one plain token.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        (!prefix.is_empty() && prefix.bytes().all(plain)).then(|| Self { prefix: prefix.to_owned() })
    }

    pub(super) fn door(&self, door: Door) -> Subject {
        let prefix = &self.prefix;
        match door {
            Door::Submit(partition) => format!("{prefix}.submit.{}", partition.index()),
            Door::SubmitAny => format!("{prefix}.submit.any"),
            Door::Read(partition) => format!("{prefix}.read.{}", partition.index()),
            Door::ReadAny => format!("{prefix}.read.any"),
        }
        .into()
    }

    pub(super) fn topic(&self, topic: &Topic) -> Subject {
        match topic {
            Topic::Room(room) => self.room(room),
            Topic::Rooms(partition) => format!("{}.room.{}.*", self.prefix, partition.index()).into(),
            Topic::Heads(partition) => self.heads(*partition),
            Topic::Beats => self.beats(),
        }
    }

    /// Where a note is published.
    pub(super) fn note(&self, note: &Note) -> Subject {
        match note {
            Note::Events(events) => self.room(&events.room),
            Note::Heads(partition, _) => self.heads(*partition),
            Note::Beat(_) => self.beats(),
        }
    }

    fn room(&self, room: &RoomId) -> Subject {
        format!("{}.room.{}.{}", self.prefix, Partition::of(room).index(), token(room)).into()
    }

    fn heads(&self, partition: Partition) -> Subject {
        format!("{}.heads.{}", self.prefix, partition.index()).into()
    }

    fn beats(&self) -> Subject {
        format!("{}.beats", self.prefix).into()
    }
}

fn token(room: &RoomId) -> Cow<'_, str> {
    let name = room.as_str();
    if name.bytes().all(plain) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("~{}", URL_SAFE_NO_PAD.encode(name)))
    }
}

fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn room_of(token: &str) -> String {
        match token.strip_prefix('~') {
            Some(coded) => String::from_utf8(URL_SAFE_NO_PAD.decode(coded).unwrap()).unwrap(),
            None => token.to_owned(),
        }
    }

    proptest! {
        #[test]
        fn a_rooms_token_is_one_plain_token_and_names_no_other_room(name in "[A-Za-z0-9_.:=@,;-]{1,128}") {
            let room = RoomId::parse(&name).unwrap();
            let token = token(&room);
            prop_assert!(token.bytes().all(|b| plain(b) || b == b'~'), "{}", token);
            prop_assert_eq!(room_of(&token), name);
        }
    }

    #[test]
    fn the_subjects_are_those_of_the_wire_format() {
        let subjects = Subjects::new("parlor").unwrap();
        let partition = Partition::new(7).unwrap();
        let general = Topic::Room(RoomId::parse("general").unwrap());
        let odd = Topic::Room(RoomId::parse("a.b:").unwrap());
        for (subject, expected) in [
            (subjects.door(Door::Submit(partition)), "parlor.submit.7"),
            (subjects.door(Door::SubmitAny), "parlor.submit.any"),
            (subjects.door(Door::Read(partition)), "parlor.read.7"),
            (subjects.door(Door::ReadAny), "parlor.read.any"),
            (subjects.topic(&Topic::Rooms(partition)), "parlor.room.7.*"),
            (subjects.topic(&Topic::Heads(partition)), "parlor.heads.7"),
            (subjects.topic(&Topic::Beats), "parlor.beats"),
            (subjects.topic(&general), "parlor.room.19.general"),
            (subjects.topic(&odd), "parlor.room.4.~YS5iOg"),
        ] {
            assert_eq!(subject.as_str(), expected);
        }
    }

    #[test]
    fn a_prefix_is_one_plain_token() {
        for bad in ["", "a.b", "*", "a b", ">"] {
            assert!(Subjects::new(bad).is_none(), "{bad:?}");
        }
    }
}

//! The subjects of NATS. Part of the wire format: see also [`crate::Partition`].
//!
//! Nothing that a user types can be a wildcard or leave its own subject: the token of a room or a channel is its name where
//! that is made of `A-Za-z0-9_-` only, else `~` and the name in base64url.

use std::borrow::Cow;

use async_nats::Subject;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat::{ChannelName, Place, RoomId};

use crate::{Door, Note, Partition};

/// What is told of rooms and channels, each of them by subjects of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The events of its log.
    Events,
    /// What passes in a room and is in no log.
    Live,
    /// What passes in a channel.
    Channel,
}

impl Kind {
    const fn token(self) -> &'static str {
        match self {
            Self::Events => "room",
            Self::Live => "live",
            Self::Channel => "channel",
        }
    }
}

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
            Door::Gateway(number) => format!("{prefix}.gateway.{number}"),
        }
        .into()
    }

    /// Where a note is published.
    pub(super) fn note(&self, note: &Note) -> Subject {
        match note {
            Note::Events(events) => self.of_room(Kind::Events, &events.room),
            Note::Heads(partition, _) => self.heads(*partition),
            Note::Beat(_) => self.beats(),
            Note::Live(news) => match &news.place {
                Place::Room(room) => self.of_room(Kind::Live, room),
                Place::Channel(channel) => self.of_channel(channel),
            },
            Note::Gateway(_) => self.gateways(),
        }
    }

    fn of_room(&self, kind: Kind, room: &RoomId) -> Subject {
        self.room(kind, Partition::of(room), &token(room.as_str()))
    }

    fn of_channel(&self, channel: &ChannelName) -> Subject {
        self.room(Kind::Channel, Partition::of_channel(channel), &token(channel.as_str()))
    }

    /// The room, or the channel, of a [`token`].
    pub(super) fn room(&self, kind: Kind, partition: Partition, token: &str) -> Subject {
        format!("{}.{}.{}.{token}", self.prefix, kind.token(), partition.index()).into()
    }

    /// All rooms of a partition.
    pub(super) fn partition(&self, kind: Kind, partition: Partition) -> Subject {
        self.room(kind, partition, "*")
    }

    /// The announced heads of a partition's rooms.
    pub(super) fn heads(&self, partition: Partition) -> Subject {
        format!("{}.heads.{}", self.prefix, partition.index()).into()
    }

    /// The beats of the writers.
    pub(super) fn beats(&self) -> Subject {
        format!("{}.beats", self.prefix).into()
    }

    /// The beats of the gateways.
    pub(super) fn gateways(&self) -> Subject {
        format!("{}.gateways", self.prefix).into()
    }
}

/// What stands for a room or a channel in a subject, by its name.
pub(super) fn token(name: &str) -> Cow<'_, str> {
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
        fn a_token_is_one_plain_token_and_names_nothing_else(name in "[A-Za-z0-9_.:=@,;-]{1,128}|\\PC{1,50}") {
            let token = token(&name);
            prop_assert!(token.bytes().all(|b| plain(b) || b == b'~'), "{}", token);
            prop_assert_eq!(room_of(&token), name);
        }
    }

    #[test]
    fn the_subjects_are_those_of_the_wire_format() {
        let subjects = Subjects::new("parlor").unwrap();
        let partition = Partition::new(7).unwrap();
        let room = |name| {
            let room = RoomId::parse(name).unwrap();
            subjects.of_room(Kind::Events, &room)
        };
        let channel = |name| subjects.of_channel(&ChannelName::parse(name).unwrap());
        for (subject, expected) in [
            (subjects.door(Door::Submit(partition)), "parlor.submit.7"),
            (subjects.door(Door::SubmitAny), "parlor.submit.any"),
            (subjects.door(Door::Read(partition)), "parlor.read.7"),
            (subjects.door(Door::ReadAny), "parlor.read.any"),
            (subjects.door(Door::Gateway(u64::MAX)), "parlor.gateway.18446744073709551615"),
            (subjects.partition(Kind::Events, partition), "parlor.room.7.*"),
            (subjects.partition(Kind::Live, partition), "parlor.live.7.*"),
            (subjects.gateways(), "parlor.gateways"),
            (subjects.heads(partition), "parlor.heads.7"),
            (subjects.beats(), "parlor.beats"),
            (room("general"), "parlor.room.19.general"),
            (room("a.b:"), "parlor.room.4.~YS5iOg"),
            (channel("general"), "parlor.channel.19.general"),
            (channel("#server-to-user-7"), "parlor.channel.24.~I3NlcnZlci10by11c2VyLTc"),
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

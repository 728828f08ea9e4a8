//! Channels: places where something is told that nobody keeps, in a namespace of their own beside the rooms'.

use std::fmt;
use std::sync::Arc;

use crate::{BadName, RoomId, User};

/// The name of a channel: 1–200 bytes of printable UTF-8. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelName(Arc<str>);

impl ChannelName {
    /// The longest name, in bytes.
    pub const BYTES_MAX: usize = 200;

    /// Checks a name.
    ///
    /// # Errors
    /// [`BadName::Channel`] if it is empty, too long, or has a control character.
    pub fn parse(name: &str) -> Result<Self, BadName> {
        let fits = (1..=Self::BYTES_MAX).contains(&name.len());
        if fits && !name.chars().any(char::is_control) {
            Ok(Self(name.into()))
        } else {
            Err(BadName::Channel)
        }
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl AsRef<str> for ChannelName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// A channel, and what it is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its name.
    pub name: ChannelName,
    /// Whether those who are in it know each other.
    pub shows_members: bool,
    /// Whether who comes is told what was broadcast last.
    pub keeps_last: bool,
}

/// Where something passes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// In a room.
    Room(RoomId),
    /// In a channel.
    Channel(ChannelName),
}

/// What a backend tells everybody in a channel. It is neither numbered nor stored. Cheap to clone. Its `Debug` shows no
/// data, so that no log ever holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// The channel, which may be another name of a room.
    pub channel: ChannelName,
    /// What it is called.
    pub event: Arc<str>,
    /// What it says, as the backend wrote it.
    pub data: Arc<str>,
}

impl fmt::Debug for Broadcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Broadcast({:?}, {:?}, {} bytes)", self.channel, self.event, self.data.len())
    }
}

/// A user, as the others in a channel are shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who it is.
    pub user: User,
    /// What an application says of it beside that: one JSON value.
    pub info: Option<Arc<str>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_printable_and_short() {
        for bad in ["", "a\nb", "a\0", &"x".repeat(201)] {
            assert_eq!(ChannelName::parse(bad), Err(BadName::Channel), "{bad:?}");
        }
        for good in ["chat", "#server-to-user-Ána π", &"x".repeat(200)] {
            assert_eq!(ChannelName::parse(good).map(|name| name.to_string()).as_deref(), Ok(good));
        }
    }

    #[test]
    fn a_broadcast_is_never_logged() {
        let channel = ChannelName::parse("chat").unwrap();
        let broadcast = Broadcast { channel, event: "news".into(), data: "secret".into() };
        assert_eq!(format!("{broadcast:?}"), "Broadcast(\"chat\", \"news\", 6 bytes)");
    }
}

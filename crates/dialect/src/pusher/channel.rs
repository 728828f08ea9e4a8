//! Channels: what their names say of them.

use chat::{ChannelName, Refusal, RoomId, UserId};

use super::Settings;

/// The longest name of a channel, in bytes.
pub const NAME_BYTES_MAX: usize = ChannelName::BYTES_MAX;

/// Before the channel that a signed-in user has for itself.
const OWN: &str = "#server-to-user-";
/// What the beginnings of names say: the kind, and whether the last broadcast is kept.
const PREFIXES: [(&str, Kind, bool); 7] = [
    ("private-encrypted-cache-", Kind::Encrypted, true),
    ("private-encrypted-", Kind::Encrypted, false),
    ("private-cache-", Kind::Private, true),
    ("private-", Kind::Private, false),
    ("presence-cache-", Kind::Presence, true),
    ("presence-", Kind::Presence, false),
    ("cache-", Kind::Public, true),
];

/// Who may enter a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Everybody.
    Public,
    /// Whom somebody with the secret has let in.
    Private,
    /// The same; and what is said in it nobody on the way can read.
    Encrypted,
    /// As a private one, and everybody in it is known to the others.
    Presence,
    /// The one user whose channel it is, once signed in.
    Own,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel<'a> {
    /// Its whole name.
    pub name: &'a str,
    /// Who may enter it.
    pub kind: Kind,
    /// Whether whoever enters it gets what was broadcast last.
    pub keeps_last: bool,
    /// The room that it is a name of; `None` for a plain channel, of which nothing is stored.
    pub room: Option<RoomId>,
}

impl<'a> Channel<'a> {
    /// Reads a name.
    ///
    /// # Errors
    /// `malformed`: it is none.
    pub fn parse(settings: &Settings, name: &'a str) -> Result<Self, Refusal> {
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Err(Refusal::malformed("the name of a channel has 1 to 200 characters"));
        }
        if let Some(user) = name.strip_prefix(OWN) {
            UserId::parse(user).map_err(|bad| Refusal::malformed(bad.to_string()))?;
            return Ok(Self { name, kind: Kind::Own, keeps_last: false, room: None });
        }
        if !is_plain(name) {
            return Err(Refusal::malformed("the name of a channel is made of A-Z a-z 0-9 _ - = @ , . ;"));
        }
        let prefix = PREFIXES.into_iter().find(|(prefix, ..)| name.starts_with(prefix));
        let (prefix, kind, keeps_last) = prefix.unwrap_or(("", Kind::Public, false));
        let room = if keeps_last { None } else { room(settings, kind, &name[prefix.len()..])? };
        Ok(Self { name, kind, keeps_last, room })
    }

    /// The same in neutral words.
    ///
    /// # Errors
    /// `malformed`: never, for a name that was read.
    pub fn words(&self) -> Result<chat::Channel, Refusal> {
        let name = ChannelName::parse(self.name).map_err(|bad| Refusal::malformed(bad.to_string()))?;
        Ok(chat::Channel { name, shows_members: self.kind == Kind::Presence, keeps_last: self.keeps_last })
    }

    /// Whose channel it is, if it is that of one user.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        UserId::parse(self.name.strip_prefix(OWN)?).ok()
    }
}

/// Whether a text is made of the characters that names of channels are made of.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-=@,.;".contains(&b))
}

/// Whether channels can be names of rooms with this before the room: of one that begins as another kind of channel does
/// behind `private-` they would be of that kind.
pub(super) fn may_stand_before_rooms(prefix: &str) -> bool {
    is_plain(prefix) && !["cache-", "encrypted-"].iter().any(|kind| prefix.starts_with(kind))
}

/// The room of which a channel is another name, by what stands behind its prefix.
fn room(settings: &Settings, kind: Kind, rest: &str) -> Result<Option<RoomId>, Refusal> {
    let Some(room) = rest.strip_prefix(&*settings.room_prefix) else { return Ok(None) };
    match kind {
        Kind::Public => Err(Refusal::malformed("a room is entered by private- or presence-")),
        Kind::Encrypted | Kind::Own => Ok(None),
        Kind::Private | Kind::Presence => {
            RoomId::parse(room).map(Some).map_err(|bad| Refusal::malformed(bad.to_string()))
        }
    }
}

//! Channels: what their names say of them.

use chat::{Refusal, RoomId};

use super::Settings;

/// The longest name of a channel, in bytes.
pub const NAME_BYTES_MAX: usize = 200;

/// Before the channel that a signed-in user has for itself.
const OWN: &str = "#server-to-user-";
/// Of these the last event would have to be kept.
const CACHED: [&str; 4] = ["cache-", "private-cache-", "private-encrypted-cache-", "presence-cache-"];

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
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel<'a> {
    /// Its whole name.
    pub name: &'a str,
    /// Who may enter it.
    pub kind: Kind,
    /// The room that it is a name of; `None` for a plain channel, of which nothing is stored.
    pub room: Option<RoomId>,
}

impl<'a> Channel<'a> {
    /// Reads a name.
    ///
    /// # Errors
    /// `malformed`: it is none, or of a kind that is not here.
    pub fn parse(settings: &Settings, name: &'a str) -> Result<Self, Refusal> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-=@,.;".contains(&b);
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Err(Refusal::malformed("the name of a channel has 1 to 200 characters"));
        }
        if name.starts_with(OWN) {
            return Err(Refusal::malformed("there are no channels of single users here"));
        }
        if !name.bytes().all(allowed) {
            return Err(Refusal::malformed("the name of a channel is made of A-Z a-z 0-9 _ - = @ , . ;"));
        }
        if CACHED.iter().any(|prefix| name.starts_with(prefix)) {
            return Err(Refusal::malformed("there are no cache channels here"));
        }
        let (kind, rest) = kind(name);
        let room = match rest.strip_prefix(&*settings.room_prefix) {
            Some(_) if kind == Kind::Public => {
                return Err(Refusal::malformed("a room is entered by private- or presence-"));
            }
            Some(room) if kind != Kind::Encrypted => {
                Some(RoomId::parse(room).map_err(|bad| Refusal::malformed(bad.to_string()))?)
            }
            _ => None,
        };
        Ok(Self { name, kind, room })
    }
}

fn kind(name: &str) -> (Kind, &str) {
    let prefixes =
        [("private-encrypted-", Kind::Encrypted), ("private-", Kind::Private), ("presence-", Kind::Presence)];
    let found = prefixes.into_iter().find_map(|(prefix, kind)| Some((kind, name.strip_prefix(prefix)?)));
    found.unwrap_or((Kind::Public, name))
}

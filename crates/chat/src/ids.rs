//! Names of things: rooms, users, requests, positions, epochs. A value of one of these types has been checked.

use std::fmt;
use std::sync::Arc;

/// Why a name was not taken. The text is safe to show to the one who sent it: it never repeats the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// A room id outside 1–128 bytes of `A-Z a-z 0-9 _ - . : = @ , ;`.
    #[error("a room is 1 to 128 bytes of A-Z a-z 0-9 _ - . : = @ , ;")]
    Room,
    /// A user id outside 1–128 bytes of printable UTF-8.
    #[error("a user id is 1 to 128 bytes of printable UTF-8")]
    User,
    /// A user's name over 128 bytes, or not printable.
    #[error("a user's name is at most 128 bytes of printable UTF-8")]
    UserName,
    /// A request id outside 1–64 bytes, or with control characters.
    #[error("an id is 1 to 64 bytes of printable UTF-8")]
    Request,
    /// A seq that is 0 or does not fit 63 bits.
    #[error("a seq is a whole number from 1")]
    Seq,
    /// The name of a channel outside 1–200 bytes of printable UTF-8.
    #[error("a channel is 1 to 200 bytes of printable UTF-8")]
    Channel,
    /// An epoch outside 1–64 bytes of printable ASCII.
    #[error("an epoch is 1 to 64 bytes of printable ASCII")]
    Epoch,
}

/// The id of a room: 1–128 bytes of `A-Z a-z 0-9 _ - . : = @ , ;`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(Arc<str>);

impl RoomId {
    /// The longest room id, in bytes.
    pub const BYTES_MAX: usize = 128;

    /// Checks a name that somebody typed.
    ///
    /// # Errors
    /// [`BadName::Room`] if it is empty, too long, or has a character outside the alphabet.
    pub fn parse(name: &str) -> Result<Self, BadName> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-.:=@,;".contains(&b);
        let fits = (1..=Self::BYTES_MAX).contains(&name.len());
        if fits && name.bytes().all(allowed) { Ok(Self(name.into())) } else { Err(BadName::Room) }
    }

    /// The name as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id of a user, as the token's `sub` gives it: 1–128 bytes of printable UTF-8. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Arc<str>);

impl UserId {
    /// The longest user id, in bytes.
    pub const BYTES_MAX: usize = 128;

    /// Checks an id.
    ///
    /// # Errors
    /// [`BadName::User`] if it is empty, too long, or has a control character.
    pub fn parse(id: &str) -> Result<Self, BadName> {
        if !id.is_empty() && printable(id, Self::BYTES_MAX) {
            Ok(Self(id.into()))
        } else {
            Err(BadName::User)
        }
    }

    /// The id as the token gave it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who somebody is: the id that permissions and idempotency hang on, and the name that people read.
/// A message keeps the name its author had when it was sent. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The name, at most [`User::NAME_BYTES_MAX`] bytes; the id itself where the token gave none.
    pub name: Arc<str>,
}

impl User {
    /// The longest name, in bytes.
    pub const NAME_BYTES_MAX: usize = 128;

    /// Checks an id and a name. Without a name the id serves as one.
    ///
    /// # Errors
    /// [`BadName::User`] or [`BadName::UserName`].
    pub fn parse(id: &str, name: Option<&str>) -> Result<Self, BadName> {
        let id = UserId::parse(id)?;
        let name = match name {
            Some(name) if !printable(name, Self::NAME_BYTES_MAX) => return Err(BadName::UserName),
            Some(name) if !name.is_empty() => name.into(),
            _ => Arc::clone(&id.0),
        };
        Ok(Self { id, name })
    }
}

/// A client's own id of what it asks for, the idempotency key: (user, room, id) names one request of any
/// kind. 1–64 bytes of printable UTF-8. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The longest id, in bytes.
    pub const BYTES_MAX: usize = 64;

    /// Checks an id.
    ///
    /// # Errors
    /// [`BadName::Request`] if it is empty, too long, or has a control character.
    pub fn parse(id: &str) -> Result<Self, BadName> {
        if !id.is_empty() && printable(id, Self::BYTES_MAX) {
            Ok(Self(id.into()))
        } else {
            Err(BadName::Request)
        }
    }

    /// The id as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A position in a room's log: 1, 2, 3 … without a gap. [`Seq::ZERO`] is the position before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Seq(u64);

impl Seq {
    /// Before the first event.
    pub const ZERO: Self = Self(0);
    /// The largest position: a signed 64-bit number, as databases count.
    pub const MAX: Self = Self(i64::MAX.unsigned_abs());

    /// A position, [`Seq::ZERO`] included.
    ///
    /// # Errors
    /// [`BadName::Seq`] above [`Seq::MAX`].
    pub const fn new(position: u64) -> Result<Self, BadName> {
        if position <= Self::MAX.0 { Ok(Self(position)) } else { Err(BadName::Seq) }
    }

    /// From a database's signed number; what is negative becomes [`Seq::ZERO`].
    #[must_use]
    pub const fn from_i64(position: i64) -> Self {
        if position < 0 { Self::ZERO } else { Self(position.unsigned_abs()) }
    }

    /// As a plain number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// As a database's signed number.
    #[must_use]
    pub const fn as_i64(self) -> i64 {
        self.0.cast_signed()
    }

    /// The position that follows; [`Seq::MAX`] stays.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 == Self::MAX.0 { self } else { Self(self.0 + 1) }
    }

    /// The position `count` before this one, at least [`Seq::ZERO`].
    #[must_use]
    pub const fn back(self, count: u64) -> Self {
        Self(self.0.saturating_sub(count))
    }
}

/// Which history a seq belongs to: `<database epoch>.<room incarnation>`. Opaque to clients; two events with
/// the same room and seq but different epochs have nothing to do with each other. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// The longest epoch, in bytes.
    pub const BYTES_MAX: usize = 64;

    /// Checks an epoch that came from outside.
    ///
    /// # Errors
    /// [`BadName::Epoch`] if it is empty, too long, or not printable ASCII.
    pub fn parse(epoch: &str) -> Result<Self, BadName> {
        let fits = (1..=Self::BYTES_MAX).contains(&epoch.len());
        if fits && epoch.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(epoch.into()))
        } else {
            Err(BadName::Epoch)
        }
    }

    /// The epoch as it is written on every wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn printable(text: &str, bytes_max: usize) -> bool {
    text.len() <= bytes_max && !text.chars().any(char::is_control)
}

macro_rules! shown_as_text {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
    )*};
}
shown_as_text!(RoomId, UserId, RequestId, Epoch);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_takes_the_whole_alphabet_and_nothing_else() {
        assert!(RoomId::parse("Az09_-.:=@,;").is_ok());
        for bad in ["", "a b", "a/b", "a*", "a>", "é", "a\0", &"x".repeat(129)] {
            assert_eq!(RoomId::parse(bad), Err(BadName::Room), "{bad:?}");
        }
        assert!(RoomId::parse(&"x".repeat(128)).is_ok());
    }

    #[test]
    fn ids_refuse_control_characters_and_count_bytes_not_letters() {
        assert!(UserId::parse("Ána π").is_ok());
        assert_eq!(UserId::parse("a\nb"), Err(BadName::User));
        assert_eq!(UserId::parse(&"é".repeat(65)), Err(BadName::User));
        assert_eq!(RequestId::parse(""), Err(BadName::Request));
        assert_eq!(RequestId::parse("a\0"), Err(BadName::Request));
    }

    #[test]
    fn a_user_without_a_name_goes_by_the_id() {
        assert_eq!(&*User::parse("ana", None).unwrap().name, "ana");
        assert_eq!(&*User::parse("ana", Some("")).unwrap().name, "ana");
        assert_eq!(&*User::parse("ana", Some("Ana")).unwrap().name, "Ana");
    }

    #[test]
    fn a_seq_stays_within_63_bits() {
        assert_eq!(Seq::new(u64::MAX), Err(BadName::Seq));
        assert_eq!(Seq::MAX.next(), Seq::MAX);
        assert_eq!(Seq::from_i64(-3), Seq::ZERO);
        assert_eq!(Seq::from_i64(7).back(9), Seq::ZERO);
    }
}

//! What passes in a room and is not kept: neither numbered nor stored, and whoever is not there has missed it.

use std::fmt;
use std::sync::Arc;

use crate::{Attendee, BadText, Broadcast, PresenceChange, Roster, User};

/// Something that passes in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// Some have come, or gone.
    Presence(PresenceChange),
    /// The list of those who are there begins anew: there are few enough to be listed again, or too many from now on.
    Relisted {
        /// Who was listed until now; nobody, where there were too many.
        before: Vec<Attendee>,
        /// Who is there.
        now: Roster,
    },
    /// A user's program says something to the programs of the others. It is told to every connection but the one that
    /// says it.
    Whisper {
        /// Whose program.
        by: User,
        /// What it says.
        whisper: Whisper,
    },
    /// A backend tells something to those who are in the channel that it names, and to nobody else in the room.
    Broadcast(Broadcast),
}

/// What a program says to other programs. Cheap to clone. Its `Debug` shows no data, so that no log ever holds what
/// people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Whisper {
    name: Arc<str>,
    data: Arc<str>,
}

impl Whisper {
    /// The longest name, in bytes.
    pub const NAME_BYTES_MAX: usize = 200;
    /// The name of the one that says that its user is writing.
    pub const TYPING: &str = "typing";

    /// A whisper with that name; `data` is one JSON value, as it came.
    ///
    /// # Errors
    /// [`BadText::TooLong`] if the name is longer than [`Self::NAME_BYTES_MAX`], or the data than `data_bytes_max`;
    /// [`BadText::Empty`] and [`BadText::Nul`] for a name that some programs could not keep apart from none.
    pub fn new(name: &str, data: &str, data_bytes_max: usize) -> Result<Self, BadText> {
        for (text, bytes_max) in [(name, Self::NAME_BYTES_MAX), (data, data_bytes_max)] {
            if text.len() > bytes_max {
                return Err(BadText::TooLong { bytes_max });
            }
        }
        match name {
            "" => return Err(BadText::Empty),
            _ if name.contains('\0') => return Err(BadText::Nul),
            _ => {}
        }
        Ok(Self { name: name.into(), data: data.into() })
    }

    /// That somebody is writing.
    #[must_use]
    pub fn typing() -> Self {
        Self { name: Self::TYPING.into(), data: "{}".into() }
    }

    /// Whether it says that somebody is writing.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        &*self.name == Self::TYPING
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One JSON value.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }
}

impl fmt::Debug for Whisper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Whisper({:?}, {} bytes)", self.name, self.data.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whisper_is_bounded_and_never_logged() {
        let whisper = Whisper::new("draw", "\"secret\"", 8).unwrap();
        assert_eq!(format!("{whisper:?}"), "Whisper(\"draw\", 8 bytes)");
        assert_eq!(Whisper::new("draw", "123456789", 8), Err(BadText::TooLong { bytes_max: 8 }));
        assert_eq!(Whisper::new("", "1", 8), Err(BadText::Empty));
        assert_eq!(Whisper::new("a\0", "1", 8), Err(BadText::Nul));
        let name = "n".repeat(Whisper::NAME_BYTES_MAX + 1);
        assert_eq!(Whisper::new(&name, "1", 8), Err(BadText::TooLong { bytes_max: Whisper::NAME_BYTES_MAX }));
    }
}

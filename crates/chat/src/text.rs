//! The text that people write.

use std::fmt;
use std::sync::Arc;

/// Why a text was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// It holds U+0000, which not every store can keep.
    #[error("text must not contain U+0000")]
    Nul,
    /// It is a name, and there is nothing in it.
    #[error("a name must not be empty")]
    Empty,
    /// It is longer than is allowed here.
    #[error("the text is longer than {bytes_max} bytes")]
    TooLong {
        /// The most that is allowed, in bytes.
        bytes_max: usize,
    },
}

/// What a message says: text, kept and given back byte for byte. Cheap to clone. Its `Debug` shows the length
/// only, so that no log ever holds what people wrote.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Body(Arc<str>);

impl Body {
    /// Checks a text against a limit in bytes.
    ///
    /// # Errors
    /// [`BadText`] says what is wrong.
    pub fn parse(text: &str, bytes_max: usize) -> Result<Self, BadText> {
        if text.len() > bytes_max {
            return Err(BadText::TooLong { bytes_max });
        }
        if text.contains('\0') {
            return Err(BadText::Nul);
        }
        Ok(Self(text.into()))
    }

    /// A text that was checked before: read back from a store or a bus.
    #[must_use]
    pub fn trusted(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_bounded_in_bytes_and_holds_no_nul() {
        assert_eq!(Body::parse("ab\0", 9), Err(BadText::Nul));
        assert_eq!(Body::parse("éé", 3), Err(BadText::TooLong { bytes_max: 3 }));
        assert_eq!(Body::parse("éé", 4).unwrap().as_str(), "éé");
    }

    #[test]
    fn a_body_never_shows_itself_in_a_log() {
        assert_eq!(format!("{:?}", Body::trusted("secret")), "Body(6 bytes)");
    }
}

//! Texts on the wire: borrowed from the word that is written, and from the buffer that is read.

use std::borrow::Cow;

use chat::{BadName, ConnectionName, User};
use serde::{Deserialize, Serialize};

/// A text. A type of its own because serde copies an `Option<Cow<str>>` where it borrows an `Option<Text>`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Text<'a> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn of(text: &'a impl AsRef<str>) -> Self {
        Self(Cow::Borrowed(text.as_ref()))
    }

    /// Something that is no text, written as it is shown.
    pub(super) fn shown(what: &impl std::fmt::Display) -> Self {
        Self(Cow::Owned(what.to_string()))
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

/// A user's name, left out where it is the id again.
pub(super) fn name_of(user: &User) -> Option<Text<'_>> {
    (*user.name != *user.id.as_str()).then(|| Text::from(&*user.name))
}

pub(super) fn user(id: &Text<'_>, name: Option<&Text<'_>>) -> Result<User, BadName> {
    User::parse(id.as_str(), name.map(Text::as_str))
}

/// The name of a connection. It is a hint: one that cannot be read is none.
pub(super) fn connection(name: &Text<'_>) -> Option<Box<ConnectionName>> {
    ConnectionName::parse(name.as_str()).map(Box::new)
}

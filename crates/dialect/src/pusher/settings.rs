//! `pusher.*`: the application that clients and backends name, and what its channels and events are called.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::channel::may_stand_before_rooms;

/// `pusher.*`. Without `app_id`, `key` and `secret` this dialect is not spoken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The application's number: digits, as some libraries take nothing else.
    pub app_id: Option<String>,
    /// Its public name, which pages know.
    pub key: Option<String>,
    /// What pages must not know: whoever has it may say anything to anybody.
    pub secret: Option<Secret>,
    /// The name of the event that a message is.
    pub event: String,
    /// The client event that is a message, and stored; empty: client events are passed on, and nothing more.
    pub client_event: String,
    /// What stands before the name of a room in a channel, behind `private-` or `presence-`.
    pub room_prefix: String,
    /// The cookie in which a token may come to the paths where channels are authorized; empty: none is looked at.
    pub cookie: String,
    /// The most channels that are no rooms, in one gateway.
    pub channels_max: usize,
    /// Of how many cache channels a gateway keeps what was broadcast last.
    pub cache_channels: usize,
    /// The most bytes of it.
    pub cache_bytes: usize,
    /// For how long.
    #[serde(with = "humantime_serde")]
    pub cache_for: Duration,
}

impl Settings {
    /// The secret of development.
    const DEV_SECRET: &'static str = "parlor-secret";
    /// The shortest secret.
    pub const SECRET_BYTES_MIN: usize = 8;

    /// An application for development: everybody knows its secret, and may write from a page.
    #[must_use]
    pub fn of_development() -> Self {
        Self {
            app_id: Some("1".to_owned()),
            key: Some("parlor".to_owned()),
            secret: Some(Secret::new(Self::DEV_SECRET)),
            client_event: "client-message".to_owned(),
            ..Self::default()
        }
    }

    /// Whether nothing of an application is configured.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.app_id.is_none() && self.key.is_none() && self.secret.is_none()
    }

    /// Whether the secret is the one that everybody knows.
    #[must_use]
    pub fn has_dev_secret(&self) -> bool {
        self.secret.as_ref().is_some_and(|secret| secret.0 == Self::DEV_SECRET)
    }

    /// All that is wrong with it: the key, and what it must be.
    #[must_use]
    pub fn mistakes(&self) -> Vec<(&'static str, String)> {
        let Self { app_id, key, secret, event, client_event, room_prefix, .. } = self;
        let mut mistakes = Vec::new();
        let given = [("app_id", app_id.is_some()), ("key", key.is_some()), ("secret", secret.is_some())];
        if given.iter().any(|(_, given)| *given) {
            let missing = given.iter().filter(|(_, given)| !given);
            mistakes.extend(missing.map(|(name, _)| (*name, "is needed beside the others".to_owned())));
        }
        if app_id.as_ref().is_some_and(|id| id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit())) {
            mistakes.push(("app_id", "must be digits".to_owned()));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if key.as_ref().is_some_and(|key| key.is_empty() || !key.bytes().all(plain)) {
            mistakes.push(("key", "must be letters, digits, `-` and `_`".to_owned()));
        }
        if secret.as_ref().is_some_and(|secret| secret.0.len() < Self::SECRET_BYTES_MIN) {
            mistakes.push(("secret", format!("must have {} bytes at least", Self::SECRET_BYTES_MIN)));
        }
        if event.is_empty() || ["pusher:", "pusher_internal:", "client-"].iter().any(|p| event.starts_with(p))
        {
            mistakes.push(("event", "must be a name of your own, without a prefix of Pusher's".to_owned()));
        }
        if !client_event.is_empty() && !client_event.starts_with("client-") {
            mistakes.push(("client_event", "must begin with `client-`".to_owned()));
        }
        if !may_stand_before_rooms(room_prefix) {
            let why = "must be of A-Z a-z 0-9 _ - = @ , . ; and not begin with `cache-` or `encrypted-`";
            mistakes.push(("room_prefix", why.to_owned()));
        }
        mistakes
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            app_id: None,
            key: None,
            secret: None,
            event: "new_message".to_owned(),
            client_event: String::new(),
            room_prefix: "room-".to_owned(),
            cookie: "parlor_token".to_owned(),
            channels_max: 100_000,
            cache_channels: 10_000,
            cache_bytes: 16 * 1024 * 1024,
            cache_for: Duration::from_mins(30),
        }
    }
}

/// The application's secret. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    pub(super) fn reveal(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(********)")
    }
}

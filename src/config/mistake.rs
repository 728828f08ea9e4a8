//! What is wrong with a configuration: one mistake a key, in words that name the key as it is written in a
//! file and in the environment.

use std::fmt;

use super::keys::env_name;

/// Where a value was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The configuration file of this name.
    File(String),
    /// The environment variable of the key.
    Environment,
    /// A flag of the command line: `--listen`.
    Flag(&'static str),
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The key, as in `gateway.listen`; `None` if the mistake is not about one key.
    pub(crate) key: Option<String>,
    /// Where the value was given; `None` if it was not given, or if it does not matter.
    pub(crate) origin: Option<Origin>,
    /// What is wrong, and what would be right. Never holds a secret.
    pub(crate) what: String,
}

impl Mistake {
    /// A mistake about the key itself, wherever its value comes from.
    pub(crate) fn of(key: &str, what: impl Into<String>) -> Self {
        Self { key: Some(key.to_owned()), origin: None, what: what.into() }
    }

    /// A mistake about a value that was given.
    pub(crate) fn given(key: &str, origin: &Origin, what: impl Into<String>) -> Self {
        Self { key: Some(key.to_owned()), origin: Some(origin.clone()), what: what.into() }
    }

    /// A mistake in words that name keys of `section`; their environment variables are added.
    pub(crate) fn naming_keys(section: &str, what: &str) -> Self {
        let in_section = |word: &&str| word.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
        let names: Vec<_> = what.split([' ', ':', ',']).filter(in_section).map(env_name).collect();
        if names.is_empty() {
            Self::general(what)
        } else {
            Self::general(format!("{what} ({})", names.join(", ")))
        }
    }

    /// A mistake that is not about one key.
    pub(crate) fn general(what: impl Into<String>) -> Self {
        Self { key: None, origin: None, what: what.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(key) = &self.key else { return f.write_str(&self.what) };
        let env = env_name(key);
        match &self.origin {
            None => write!(f, "{key} ({env}): {}", self.what),
            Some(Origin::File(file)) => write!(f, "{key} ({env}), set in {file}: {}", self.what),
            Some(Origin::Environment) => write!(f, "{key}, set by {env}: {}", self.what),
            Some(Origin::Flag(flag)) => write!(f, "{key} ({env}), set by {flag}: {}", self.what),
        }
    }
}

/// All that is wrong with a configuration: never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistakes(pub(crate) Vec<Mistake>);

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("the configuration has a mistake:")?,
            n => write!(f, "the configuration has {n} mistakes:")?,
        }
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

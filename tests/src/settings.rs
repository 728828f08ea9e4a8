//! The configuration of a process: keys and values, given by the environment and by nothing else.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::process::Command;

const PREFIX: &str = "PARLOR__";

/// Keys of the configuration with their values.
#[derive(Debug, Clone, Default)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Sets a key such as `limits.replay`; what was set before is replaced.
    pub fn set(&mut self, key: &str, value: impl Display) {
        self.0.insert(key.to_owned(), value.to_string());
    }

    /// The same, with more keys.
    #[must_use]
    pub fn with(mut self, more: &Self) -> Self {
        self.0.extend(more.0.clone());
        self
    }

    /// Lets a program have these, and none of those that this process was given.
    pub fn give_to(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with(PREFIX) {
                command.env_remove(name);
            }
        }
        for (key, value) in &self.0 {
            command.env(format!("{PREFIX}{}", key.to_uppercase().replace('.', "__")), value);
        }
    }
}

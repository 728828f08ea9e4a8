//! The configuration of a process: keys and values, given by the environment and by nothing else; and the clock that
//! it looks at, which is given by the environment, too.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::process::Command;

use servers::WallClock;

const PREFIX: &str = "PARLOR__";

/// Keys of the configuration with their values.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    values: BTreeMap<String, String>,
    clock: Vec<(&'static str, OsString)>,
}

impl Settings {
    /// Sets a key such as `limits.replay`; what was set before is replaced.
    pub fn set(&mut self, key: &str, value: impl Display) {
        self.values.insert(key.to_owned(), value.to_string());
    }

    /// Lets the process look at this wall clock instead of the true one.
    pub fn look_at(&mut self, clock: &WallClock) {
        self.clock = clock.environment();
    }

    /// The same, with more keys.
    #[must_use]
    pub fn with(mut self, more: &Self) -> Self {
        self.values.extend(more.values.clone());
        self
    }

    /// Lets a program have these, and none of those that this process was given.
    pub fn give_to(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with(PREFIX) {
                command.env_remove(name);
            }
        }
        for (key, value) in &self.values {
            command.env(format!("{PREFIX}{}", key.to_uppercase().replace('.', "__")), value);
        }
        command.envs(self.clock.iter().cloned());
    }
}

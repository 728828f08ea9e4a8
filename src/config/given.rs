//! What was given, key by key: by the file, then by the environment, then by flags, each above the one before.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use config::{FileFormat, FileSourceString, Source, Value, ValueKind};

use super::keys::{ENV_PREFIX, Keys, Shape, env_name, key_of_env};
use super::mistake::{Mistake, Origin};

/// Where the configuration comes from.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The file named on the command line.
    pub(crate) file: Option<PathBuf>,
    /// The environment variables, ours and others.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// The flags that were given: name of the flag, key, value.
    pub(crate) flags: Vec<(&'static str, &'static str, String)>,
}

/// A value that was given for a key that exists.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// The key.
    pub(crate) key: String,
    /// Its value; text if it comes from the environment or a flag.
    pub(crate) value: Value,
    /// Where it was given.
    pub(crate) origin: Origin,
}

impl Sources {
    /// Everything that was given for known keys, in the order of precedence, the last one wins; and a mistake
    /// for everything else.
    pub(crate) fn gather(&self, keys: &Keys) -> (Vec<Given>, Vec<Mistake>) {
        let mut heap = Heap { keys, given: Vec::new(), mistakes: Vec::new() };
        if let Some(file) = &self.file {
            heap.add_file(file);
        }
        for (name, value) in &self.environment {
            heap.add_variable(name, value);
        }
        for (flag, key, value) in &self.flags {
            heap.add_text(key, value, Origin::Flag(flag));
        }
        (heap.given, heap.mistakes)
    }
}

struct Heap<'a> {
    keys: &'a Keys,
    given: Vec<Given>,
    mistakes: Vec<Mistake>,
}

impl Heap<'_> {
    fn add_file(&mut self, path: &Path) {
        let name = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) => return self.mistakes.push(Mistake::general(format!("{name} cannot be read: {e}"))),
        };
        match config::File::<FileSourceString, _>::from_str(&text, FileFormat::Toml).collect() {
            Ok(table) => {
                let origin = Origin::File(name);
                // The table has no order of its own: sorted, so that mistakes are told in the same order each time.
                let sorted = table.into_iter().collect::<std::collections::BTreeMap<_, _>>();
                sorted.into_iter().for_each(|(key, value)| self.add_tree(&key, value, &origin));
            }
            Err(e) => self.mistakes.push(Mistake::general(format!("{name} is no TOML: {e}"))),
        }
    }

    /// Goes down until a known key, or a value, is reached.
    fn add_tree(&mut self, path: &str, value: Value, origin: &Origin) {
        match value.kind {
            ValueKind::Table(fields) if self.keys.shape(path).is_none() => {
                let sorted = fields.into_iter().collect::<std::collections::BTreeMap<_, _>>();
                for (name, field) in sorted {
                    self.add_tree(&format!("{path}.{name}"), field, origin);
                }
            }
            _ => self.add(path, value, origin.clone()),
        }
    }

    fn add_variable(&mut self, name: &OsString, value: &OsString) {
        let shown = name.to_string_lossy();
        if !shown.starts_with(ENV_PREFIX) {
            if let Some(meant) = self.keys.meant_by(&shown) {
                let what = format!(
                    "{shown} is not read: two underscores join the parts of {meant} ({})",
                    env_name(meant)
                );
                self.mistakes.push(Mistake::general(what));
            }
            return;
        }
        match (key_of_env(&shown), value.to_str()) {
            (Some(key), Some(text)) => self.add_text(&key, text, Origin::Environment),
            _ => self.mistakes.push(Mistake::general(format!("{shown} is not valid UTF-8"))),
        }
    }

    fn add_text(&mut self, key: &str, text: &str, origin: Origin) {
        let value = match self.keys.shape(key) {
            Some(Shape::List) => list(text),
            Some(Shape::Number) => text.trim().parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
            Some(Shape::Text) | None => Value::from(text),
        };
        self.add(key, value, origin);
    }

    fn add(&mut self, key: &str, value: Value, origin: Origin) {
        if self.keys.shape(key).is_some() {
            self.given.push(Given { key: key.to_owned(), value, origin });
        } else {
            self.mistakes.push(Mistake::given(key, &origin, self.unknown(key)));
        }
    }

    fn unknown(&self, key: &str) -> String {
        if self.keys.is_section(key) {
            return "this is a section, not a key".to_owned();
        }
        match self.keys.nearest(key) {
            Some(known) => format!("there is no such key; the nearest is {known} ({})", env_name(known)),
            None => "there is no such key".to_owned(),
        }
    }
}

/// A list as it stands in an environment variable: separated by commas, empty for none.
fn list(text: &str) -> Value {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    Value::from(entries.map(Value::from).collect::<Vec<_>>())
}

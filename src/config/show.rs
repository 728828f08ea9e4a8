//! The configuration as TOML, for people: without secrets, and only what concerns the role.

use serde_json::Value as Json;
use toml::{Table, Value};

use super::mask::mask;
use super::{Config, Role};

impl Config {
    /// The effective configuration of a role. It can be read again, except for what is masked; keys that are not
    /// set stand in comments.
    ///
    /// # Errors
    /// If a value cannot be written as TOML.
    pub(crate) fn show(&self, role: Role) -> Result<String, toml::ser::Error> {
        let mut text = String::new();
        for (section, mut value) in Table::try_from(self)? {
            if concerns(role, &section)
                && let Value::Table(keys) = &mut value
            {
                hide(keys);
                text.push_str(&format!("[{section}]\n{}", toml::to_string(keys)?));
                text.push_str(
                    &self.unset(&section).map(|key| format!("# {key} is not set\n")).collect::<String>(),
                );
                text.push('\n');
            }
        }
        Ok(text.trim_end().to_owned())
    }

    /// The keys of a section that are not set: TOML cannot say it, JSON can.
    fn unset(&self, section: &str) -> impl Iterator<Item = String> {
        let tree = serde_json::to_value(self).unwrap_or_default();
        let fields = tree.get(section).and_then(Json::as_object).cloned().unwrap_or_default();
        fields.into_iter().filter(|(_, value)| value.is_null()).map(|(key, _)| key)
    }
}

/// Whether processes of a role look at a section.
pub(super) fn concerns(role: Role, section: &str) -> bool {
    match section {
        "gateway" | "limits" | "rooms" | "presence" | "drain" | "auth" | "action_cable" | "phoenix"
        | "pusher" => role.has_gateway(),
        "store" => role.has_store(),
        "writer" => role.has_writer(),
        _ => true,
    }
}

fn hide(table: &mut Table) {
    for (key, value) in table.iter_mut() {
        match value {
            Value::Table(inner) => hide(inner),
            Value::String(text) => *text = mask(key, text),
            _ => {}
        }
    }
}

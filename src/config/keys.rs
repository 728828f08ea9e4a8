//! The keys that exist, and how near a wrong one is to them. Taken from the structs themselves, through the
//! tree that their defaults serialise to, so that there is no list to forget.

use serde::Serialize;
use serde_json::Value;

/// The prefix of the environment variables.
pub(crate) const ENV_PREFIX: &str = "PARLOR__";

/// The environment variable of a key: `PARLOR__GATEWAY__LISTEN` for `gateway.listen`.
pub(crate) fn env_name(key: &str) -> String {
    format!("{ENV_PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

/// The key of an environment variable; `None` if it is none of ours.
pub(crate) fn key_of_env(name: &str) -> Option<String> {
    name.strip_prefix(ENV_PREFIX).map(|rest| rest.to_lowercase().replace("__", "."))
}

/// What a key holds, as far as reading it from text needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Text, or what is written as text; also every key without a default.
    Text,
    /// A whole number.
    Number,
    /// Several texts; in the environment separated by commas.
    List,
}

/// Every key of the configuration.
#[derive(Debug, Clone)]
pub(crate) struct Keys(Vec<(String, Shape)>);

impl Keys {
    /// The keys of what `defaults` serialises to. A field that is `None` is a key too.
    ///
    /// # Errors
    /// If the defaults cannot be written as JSON.
    pub(crate) fn of(defaults: &impl Serialize) -> Result<Self, serde_json::Error> {
        let mut keys = Vec::new();
        gather(&serde_json::to_value(defaults)?, String::new(), &mut keys);
        Ok(Self(keys))
    }

    /// What a key holds; `None` if there is no such key.
    pub(crate) fn shape(&self, key: &str) -> Option<Shape> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, shape)| *shape)
    }

    /// True for `gateway` if there is a `gateway.listen`.
    pub(crate) fn is_section(&self, key: &str) -> bool {
        self.0.iter().any(|(known, _)| known.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
    }

    /// The key that somebody means by `PARLOR_AUTH_SECRET`. Other names of that kind, as a cluster gives its services
    /// (`PARLOR_GATEWAY_PORT`), are none of ours.
    pub(crate) fn meant_by(&self, variable: &str) -> Option<&str> {
        let meant = variable.strip_prefix("PARLOR_")?.to_lowercase().replace("__", "_");
        let known = self.0.iter().map(|(known, _)| known.as_str());
        known.into_iter().find(|known| known.replace('.', "_") == meant)
    }

    /// The known key that is nearest to an unknown one, by the spelling of the whole and of its last part: so that
    /// a key in the wrong section, or without one, finds its own.
    pub(crate) fn nearest(&self, unknown: &str) -> Option<&str> {
        let likeness = |known: &str| {
            let name = strsim::jaro_winkler(last_part(known), last_part(unknown));
            if unknown.contains('.') { name + strsim::jaro_winkler(known, unknown) } else { name }
        };
        let known = self.0.iter().map(|(known, _)| known.as_str());
        known.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
    }
}

fn last_part(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

fn gather(value: &Value, path: String, keys: &mut Vec<(String, Shape)>) {
    match value {
        // An empty table is a key whose entries have names that the operator chooses.
        Value::Object(fields) if !fields.is_empty() => {
            for (name, field) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                gather(field, path, keys);
            }
        }
        Value::Array(_) => keys.push((path, Shape::List)),
        Value::Number(_) => keys.push((path, Shape::Number)),
        _ => keys.push((path, Shape::Text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Whole {
        gateway: Listen,
        limits: Limits,
    }

    #[derive(Serialize)]
    struct Listen {
        listen: &'static str,
        origins: Vec<String>,
    }

    #[derive(Serialize)]
    struct Limits {
        page: u16,
        replay: Option<u64>,
    }

    fn keys() -> Keys {
        Keys::of(&Whole {
            gateway: Listen { listen: "127.0.0.1:8080", origins: vec![] },
            limits: Limits { page: 200, replay: None },
        })
        .unwrap()
    }

    #[test]
    fn every_field_is_a_key_even_one_without_a_default() {
        assert_eq!(keys().shape("gateway.listen"), Some(Shape::Text));
        assert_eq!(keys().shape("limits.page"), Some(Shape::Number));
        assert_eq!(keys().shape("gateway.origins"), Some(Shape::List));
        assert_eq!(keys().shape("limits.replay"), Some(Shape::Text));
        assert_eq!(keys().shape("limits"), None);
        assert!(keys().is_section("limits"));
        assert!(!keys().is_section("limit"));
    }

    #[test]
    fn a_slip_of_the_pen_finds_its_key() {
        let keys = keys();
        for (unknown, known) in [
            ("gateway.listn", "gateway.listen"),
            ("gatway.listen", "gateway.listen"),
            ("limit.page", "limits.page"),
            ("limits.pages", "limits.page"),
            ("listen", "gateway.listen"),
            ("page", "limits.page"),
            ("rooms.replay", "limits.replay"),
        ] {
            assert_eq!(keys.nearest(unknown), Some(known), "{unknown}");
        }
    }

    #[test]
    fn a_variable_with_too_few_underscores_is_known_by_the_key_that_it_means() {
        let keys = keys();
        for meant in ["PARLOR_GATEWAY_LISTEN", "PARLOR_GATEWAY__LISTEN", "PARLOR_gateway_listen"] {
            assert_eq!(keys.meant_by(meant), Some("gateway.listen"), "{meant}");
        }
        for other in ["PARLOR_GATEWAY_PORT", "PARLOR_GATEWAY_SERVICE_HOST", "PARLOR_SEED", "PARLOR_", "PAGE"]
        {
            assert_eq!(keys.meant_by(other), None, "{other}");
        }
    }

    #[test]
    fn a_key_and_its_environment_variable_name_each_other() {
        assert_eq!(env_name("limits.frame_bytes"), "PARLOR__LIMITS__FRAME_BYTES");
        assert_eq!(key_of_env("PARLOR__LIMITS__FRAME_BYTES").as_deref(), Some("limits.frame_bytes"));
        assert_eq!(key_of_env("PARLOR_TEST_LONG"), None);
    }
}

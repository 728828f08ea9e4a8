//! `store.*`: where messages are kept.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::OpenError;

use super::mistake::Mistake;

/// Where the store is, and how it is used. Unknown keys are found before this is read: `deny_unknown_fields` does
/// not go with `flatten`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Store {
    /// `postgres://user:password@host/database`, or `sqlite:FILE` (solo's default is parlor-data/parlor.db).
    pub(crate) url: Option<String>,
    /// Connections and time limits.
    #[serde(flatten)]
    pub(crate) options: store::Options,
}

impl Store {
    /// The URL, which a checked configuration has wherever the store is used.
    pub(crate) fn url(&self) -> &str {
        self.url.as_deref().unwrap_or_default()
    }

    /// Opens the store; with `migrate` it is migrated first.
    ///
    /// # Errors
    /// [`OpenError`] says whether to try again.
    pub(crate) async fn open(&self, migrate: bool) -> Result<Arc<dyn store::Store>, OpenError> {
        if migrate {
            store::migrate(self.url(), false).await?;
        }
        store::open(self.url(), &self.options).await
    }

    /// What is wrong with it.
    pub(super) fn check(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        match &self.url {
            None => {
                let what = "is not set: where is Postgres? (postgres://user@host/database)";
                mistakes.push(Mistake::of("store.url", what));
            }
            Some(url) => {
                if let Err(e) = store::check_url(url) {
                    mistakes.push(Mistake::of("store.url", e.to_string()));
                }
            }
        }
        mistakes.extend(self.without_time());
        mistakes
    }

    /// Time limits of nothing: no call could ever end well.
    fn without_time(&self) -> Vec<Mistake> {
        let Ok(Value::Object(fields)) = serde_json::to_value(&self.options) else { return Vec::new() };
        let names =
            fields.into_iter().filter(|(_, value)| value.as_str() == Some("0s")).map(|(name, _)| name);
        names.map(|name| Mistake::of(&format!("store.{name}"), "must be longer than 0s")).collect()
    }
}

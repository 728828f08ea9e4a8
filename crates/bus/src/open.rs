//! Which backend a URL asks for.

use std::sync::Arc;

use crate::{Bus, LocalBus};

/// How the road is set up, beside its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The most requests of this process that wait for an answer at once.
    pub requests_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { requests_max: 65_536 }
    }
}

/// Why there is no road.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The URL is none that is known here.
    #[error("the bus URL must be local: or nats://…")]
    Url,
}

/// Says whether [`open`] can understand a URL, without connecting.
///
/// # Errors
/// [`OpenError::Url`].
pub fn check_url(url: &str) -> Result<(), OpenError> {
    if url == "local:" { Ok(()) } else { Err(OpenError::Url) }
}

/// Opens the road that a URL names: `local:` inside this process.
///
/// # Errors
/// [`OpenError`].
pub async fn open(url: &str, options: &Options) -> Result<Arc<dyn Bus>, OpenError> {
    check_url(url)?;
    Ok(Arc::new(LocalBus::new(options.requests_max)))
}

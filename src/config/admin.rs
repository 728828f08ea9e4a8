//! `admin.*`: the port for probes and metrics.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Where `/healthz`, `/readyz` and `/metrics` are served. Never make it public.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Admin {
    /// The address; with port 0 any free port is taken and printed.
    pub(crate) listen: SocketAddr,
}

impl Default for Admin {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9090)) }
    }
}

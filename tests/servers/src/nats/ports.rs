//! Where a NATS server listens.

use std::fs;
use std::path::Path;

/// The ports of a server on 127.0.0.1; 0 for one that it has not, or not yet.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ports {
    pub(super) clients: u16,
    pub(super) monitoring: u16,
    pub(super) routes: u16,
}

impl Ports {
    /// From the file that NATS writes: `{"nats":["nats://127.0.0.1:4222"],"monitoring":[…],"cluster":[…]}`.
    pub(super) fn read(file: &Path) -> Option<Self> {
        let ports: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        let port = |name: &str| ports[name][0].as_str()?.rsplit_once(':')?.1.parse().ok();
        Some(Self {
            clients: port("nats")?,
            monitoring: port("monitoring")?,
            routes: port("cluster").unwrap_or(0),
        })
    }

    pub(super) fn arguments(self) -> [String; 4] {
        ["--port".into(), argument(self.clients), "--http_port".into(), argument(self.monitoring)]
    }
}

/// A port as NATS wants it: -1 lets it choose one that is free.
pub(super) fn argument(port: u16) -> String {
    if port == 0 { "-1".into() } else { port.to_string() }
}

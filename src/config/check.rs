//! What cannot work although each value by itself is well formed. Looked for before a port is bound.

use std::net::SocketAddr;

use serde_json::Value;

use super::{Config, Mistake, Role};

/// An event must fit into one message on the bus, 1 MiB by NATS' default, even if each byte of the body takes
/// six as JSON.
const BODY_BYTES_MAX: usize = 128 * 1024;

/// The limits that can be switched off.
const ZERO_IS_OFF: &[&str] =
    &["sends_per_s", "sends_burst", "joins_per_s", "joins_burst", "connections_per_user"];

impl Config {
    /// All that is wrong, for a process of this role.
    pub(super) fn check(&self, role: Role) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if role.has_bus() {
            mistakes.extend(self.bus.check(role == Role::Solo));
        }
        if role.has_gateway() {
            mistakes.extend(self.check_listen());
            mistakes.extend(self.check_limits());
            mistakes.extend(self.check_auth(role));
            mistakes.extend(self.check_pusher());
        }
        if role.has_store() {
            mistakes.extend(self.store.check());
        }
        if role.has_writer() {
            let wrong = self.writer.mistakes().into_iter();
            mistakes.extend(wrong.map(|(key, what)| Mistake::of(&format!("writer.{key}"), what)));
        }
        mistakes.extend(self.log.check());
        mistakes.extend(self.telemetry.check());
        mistakes
    }

    fn check_listen(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if clash(self.gateway.listen, self.admin.listen) {
            let what = format!("{} is the address of gateway.listen too", self.admin.listen);
            mistakes.push(Mistake::of("admin.listen", what));
        }
        let bad = self.gateway.origins.iter().filter(|origin| !is_origin(origin));
        mistakes.extend(bad.map(|origin| {
            let what = format!("{origin:?} is no origin: https://chat.example.com, without a path");
            Mistake::of("gateway.origins", what)
        }));
        mistakes
    }

    fn check_limits(&self) -> Vec<Mistake> {
        let limits = &self.limits;
        let mut mistakes = zeros(limits);
        if limits.body_bytes > BODY_BYTES_MAX {
            mistakes.push(Mistake::of("limits.body_bytes", format!("must be at most {BODY_BYTES_MAX}")));
        }
        for (key, bytes) in
            [("limits.frame_bytes", limits.frame_bytes), ("limits.outbox_bytes", limits.outbox_bytes)]
        {
            if bytes != 0 && bytes < limits.body_bytes {
                let what = format!("must not be less than limits.body_bytes ({})", limits.body_bytes);
                mistakes.push(Mistake::of(key, what));
            }
        }
        mistakes
    }

    /// Solo makes up a key if none is set; another role must be told.
    fn check_auth(&self, role: Role) -> Vec<Mistake> {
        if role == Role::Solo && self.lacks_key() {
            return Vec::new();
        }
        match gateway::auth::Verifier::new(&self.auth) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes.iter().map(|what| Mistake::naming_keys("auth", what)).collect(),
        }
    }

    fn check_pusher(&self) -> Vec<Mistake> {
        let wrong = self.pusher.mistakes().into_iter();
        let mut mistakes: Vec<_> =
            wrong.map(|(key, what)| Mistake::of(&format!("pusher.{key}"), what)).collect();
        if self.pusher.has_dev_secret() && !self.gateway.listen.ip().is_loopback() {
            let what = "everybody knows this one: it is for a loopback address only";
            mistakes.push(Mistake::of("pusher.secret", what.to_owned()));
        }
        mistakes
    }

    /// True if no key is configured to check tokens with.
    pub(crate) fn lacks_key(&self) -> bool {
        self.auth.secret.is_none() && self.auth.public_key_file.is_none()
    }
}

/// Two sockets cannot have one port, if either one listens on all addresses or both on the same.
fn clash(a: SocketAddr, b: SocketAddr) -> bool {
    let same_ip = a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() != 0 && a.port() == b.port() && same_ip
}

/// `*`, or `scheme://host[:port]` with nothing behind it but perhaps a slash.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |host: &str| !host.is_empty() && !host.contains(['/', '?', '#', '@', '*', ' ']);
    text == "*" || host.is_some_and(|host| is_host(host.strip_suffix('/').unwrap_or(host)))
}

fn zeros(limits: &gateway::settings::Limits) -> Vec<Mistake> {
    let Ok(Value::Object(fields)) = serde_json::to_value(limits) else { return Vec::new() };
    let is_zero = |value: &Value| value.as_u64() == Some(0) || value.as_str() == Some("0s");
    fields
        .iter()
        .filter(|(name, value)| is_zero(value) && !ZERO_IS_OFF.contains(&name.as_str()))
        .map(|(name, _)| {
            Mistake::of(&format!("limits.{name}"), "cannot be switched off: it must be more than 0")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sockets_clash_if_one_of_them_listens_everywhere() {
        for (a, b, clashes) in [
            ("127.0.0.1:8080", "127.0.0.1:8080", true),
            ("0.0.0.0:8080", "127.0.0.1:8080", true),
            ("127.0.0.1:8080", "127.0.0.1:9090", false),
            ("127.0.0.1:8080", "127.0.0.2:8080", false),
            ("127.0.0.1:0", "127.0.0.1:0", false),
        ] {
            assert_eq!(clash(a.parse().unwrap(), b.parse().unwrap()), clashes, "{a} {b}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for good in [
            "https://chat.example.com",
            "http://localhost:3000",
            "https://[::1]:8443",
            "https://a.example/",
            "*",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in
            ["chat.example.com", "https://", "https://a/b", "https://a//", "ftp://a", "https://*.a", ""]
        {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}

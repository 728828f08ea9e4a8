//! The address of a gateway.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a gateway listens: `ws://HOST[:PORT][/PATH]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    /// Host and port, as in a `Host` header and as the resolver takes it.
    pub(crate) authority: String,
    /// The path with its slash, `/ws` if none was given.
    pub(crate) path: String,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("ws://").ok_or_else(|| {
            let why = if url.starts_with("wss://") {
                ": TLS is not spoken here, it ends at the balancer"
            } else {
                ""
            };
            format!("a target is ws://HOST:PORT{why}")
        })?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let printable = url.bytes().all(|byte| byte.is_ascii_graphic());
        if !printable || authority.is_empty() || authority.starts_with(':') || authority.contains('@') {
            return Err("a target is ws://HOST:PORT".to_owned());
        }
        let has_port = authority.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok())
            && authority.contains(':');
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        let path = if path.len() > 1 { path } else { "/ws" };
        Ok(Self { authority, path: path.to_owned() })
    }
}

impl Target {
    /// The same target with some words of its path replaced.
    pub(crate) fn filled(&self, words: &[(&str, &str)]) -> Self {
        let path = words.iter().fold(self.path.clone(), |path, (word, text)| path.replace(word, text));
        Self { path, ..self.clone() }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ws://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_a_port_and_a_path() {
        for (url, whole) in [
            ("ws://127.0.0.1:8080", "ws://127.0.0.1:8080/ws"),
            ("ws://chat.example/", "ws://chat.example:80/ws"),
            ("ws://[::1]:80/other?a=b", "ws://[::1]:80/other?a=b"),
        ] {
            assert_eq!(url.parse::<Target>().map(|target| target.to_string()), Ok(whole.to_owned()));
        }
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for url in
            ["", "http://a", "wss://a", "ws://", "ws://:80", "ws://a b", "ws://me@a", "ws://a/\r\nX: y"]
        {
            assert!(url.parse::<Target>().is_err(), "{url}");
        }
    }
}

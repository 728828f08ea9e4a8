//! Which browser origins may open a WebSocket: WebSockets know no same-origin rule, so the server keeps it
//! (RFC 6455, section 10.2). Clients that are no browsers send no `Origin`.

use axum::http::{HeaderMap, header};

/// The origins that are allowed beside the host itself.
#[derive(Debug, Default)]
pub(crate) struct Origins(Vec<String>);

impl Origins {
    /// `scheme://host[:port]`, compared without case; `*` for any.
    pub(crate) fn new(allowed: &[String]) -> Self {
        Self(allowed.iter().map(|origin| origin.trim_end_matches('/').to_ascii_lowercase()).collect())
    }

    /// Whether a request is of an origin that was named, or of none: not one of just anybody's, where all may come.
    /// What a browser sends by itself, cookies, counts for these only.
    pub(crate) fn know(&self, headers: &HeaderMap) -> bool {
        let named = Self(self.0.iter().filter(|allowed| *allowed != "*").cloned().collect());
        named.allow(headers)
    }

    /// Whether a request may open a WebSocket. More than one `Origin` is a trick.
    pub(crate) fn allow(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else { return true };
        let Ok(origin) = origin.to_str().map(str::to_ascii_lowercase) else { return false };
        if origins.next().is_some() {
            return false;
        }
        self.0.iter().any(|allowed| allowed == "*" || *allowed == origin) || is_own(&origin, headers)
    }
}

/// Whether an origin is the host that the request was sent to. The scheme does not count: TLS ends before us.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    match (host, authority) {
        (Some(host), Some(authority)) => {
            without_default_port(&host.to_ascii_lowercase()) == without_default_port(authority)
        }
        _ => false,
    }
}

fn without_default_port(authority: &str) -> &str {
    authority.strip_suffix(":80").or_else(|| authority.strip_suffix(":443")).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_own_host_and_the_configured_ones_may_come() {
        let origins = Origins::new(&["https://Chat.example.com/".to_owned()]);
        for good in [
            &[][..],
            &[("host", "chat.local:8080"), ("origin", "http://chat.local:8080")],
            &[("host", "chat.local"), ("origin", "https://chat.local:443")],
            &[("host", "gw:8080"), ("origin", "https://chat.example.com")],
        ] {
            assert!(origins.allow(&headers(good)), "{good:?}");
        }
    }

    #[test]
    fn where_all_may_come_only_those_who_are_named_are_known() {
        let origins = Origins::new(&["*".to_owned(), "https://chat.example.com".to_owned()]);
        for (origin, known) in
            [("https://evil.example", false), ("https://chat.example.com", true), ("http://chat.local", true)]
        {
            let headers = headers(&[("host", "chat.local"), ("origin", origin)]);
            assert!(origins.allow(&headers));
            assert_eq!(origins.know(&headers), known, "{origin}");
        }
    }

    #[test]
    fn others_and_tricks_may_not() {
        let origins = Origins::new(&["https://chat.example.com".to_owned()]);
        for bad in [
            &[("host", "chat.local"), ("origin", "https://evil.example")][..],
            &[("host", "chat.local"), ("origin", "null")],
            &[("host", "chat.local"), ("origin", "http://chat.local"), ("origin", "http://evil.example")],
            &[("host", "chat.local"), ("origin", "https://chat.example.com.evil.example")],
        ] {
            assert!(!origins.allow(&headers(bad)), "{bad:?}");
        }
    }
}

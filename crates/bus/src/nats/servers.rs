//! The URL of one or several NATS servers, and who one is to them.

use std::str::FromStr as _;

use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;

use crate::OpenError;

/// What a URL says: `nats://user:password@host:4222,host2:4222`.
#[derive(Debug)]
pub(crate) struct ServerList {
    pub(super) servers: Vec<ServerAddr>,
    pub(super) login: Option<Login>,
}

/// Who one is. The client library reads none of it from the URL.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Login {
    Password { user: String, password: String },
    Token(String),
}

impl ServerList {
    /// # Errors
    /// [`OpenError::Url`] says what is wrong, without a word of the URL.
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        let (scheme, rest) = url.split_once("://").ok_or(OpenError::Url("has no scheme"))?;
        if !matches!(scheme, "nats" | "tls") {
            return Err(OpenError::Url("has an unknown scheme"));
        }
        let mut list = Self { servers: Vec::new(), login: None };
        for server in rest.split(',') {
            let server = server.strip_prefix(scheme).and_then(|s| s.strip_prefix("://")).unwrap_or(server);
            list.add(&format!("{scheme}://{server}"))?;
        }
        Ok(list)
    }

    fn add(&mut self, url: &str) -> Result<(), OpenError> {
        let server = ServerAddr::from_str(url).map_err(|_| OpenError::Url("has a bad host or port"))?;
        let mut parts = server.clone().into_inner();
        if server.host().is_empty() {
            return Err(OpenError::Url("lacks a host"));
        }
        if !matches!(parts.path(), "" | "/") || parts.query().is_some() || parts.fragment().is_some() {
            return Err(OpenError::Url("has more than hosts in it"));
        }
        if let Some(login) = Login::of(&server)? {
            if self.login.as_ref().is_some_and(|other| *other != login) {
                return Err(OpenError::Url("names two users"));
            }
            self.login = Some(login);
        }
        // The client library logs addresses as they are: they must not hold the password.
        let stripped = parts.set_username("").and_then(|()| parts.set_password(None));
        let server = stripped.ok().and_then(|()| ServerAddr::from_url(parts).ok());
        self.servers.push(server.ok_or(OpenError::Url("has a bad host or port"))?);
        Ok(())
    }
}

impl Login {
    fn of(server: &ServerAddr) -> Result<Option<Self>, OpenError> {
        let Some(user) = server.username() else { return Ok(None) };
        Ok(Some(match server.password() {
            Some(password) => Self::Password { user: decoded(user)?, password: decoded(password)? },
            None => Self::Token(decoded(user)?),
        }))
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(…)")
    }
}

fn decoded(text: &str) -> Result<String, OpenError> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(Into::into).map_err(|_| OpenError::Url("has a user or password that is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(url: &str) -> Vec<String> {
        let list = ServerList::parse(url).unwrap();
        list.servers.iter().map(|server| format!("{}:{}", server.host(), server.port())).collect()
    }

    #[test]
    fn several_hosts_share_one_scheme_and_one_login() {
        assert_eq!(hosts("nats://a"), ["a:4222"]);
        assert_eq!(hosts("nats://a:1,b,[::1]:3"), ["a:1", "b:4222", "::1:3"]);
        assert_eq!(hosts("nats://a,nats://b"), ["a:4222", "b:4222"]);
        assert!(ServerList::parse("tls://a,b").unwrap().servers.iter().all(ServerAddr::tls_required));
        let list = ServerList::parse("nats://ana:p%40ss%2C@a,b").unwrap();
        let login = Login::Password { user: "ana".to_owned(), password: "p@ss,".to_owned() };
        assert_eq!(list.login, Some(login));
        let list = ServerList::parse("nats://t0ken@a").unwrap();
        assert_eq!(list.login, Some(Login::Token("t0ken".to_owned())));
    }

    #[test]
    fn a_url_that_cannot_work_is_refused_without_showing_its_password() {
        for bad in [
            "",
            "nats",
            "http://a",
            "nats://",
            "nats://a,,b",
            "nats://a:x",
            "nats://a/path",
            "nats://a?x=1",
            "nats://u:secret@a,v:secret@b",
            "nats://u:%ff@a",
            "postgres://u:secret@a",
        ] {
            let error = ServerList::parse(bad).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{bad}: {error}");
        }
        assert!(!format!("{:?}", ServerList::parse("nats://u:secret@a").unwrap()).contains("secret"));
    }
}

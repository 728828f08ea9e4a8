//! What may be shown of a value: everything but secrets and the passwords in URLs.

/// What stands in the place of a secret.
const MASK: &str = "********";

/// True for a key whose whole value is a secret.
pub(crate) fn is_secret(key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key);
    ["secret", "password", "passphrase"]
        .iter()
        .any(|word| name == *word || name.ends_with(&format!("_{word}")))
}

/// A value as it may be shown.
pub(crate) fn mask(key: &str, value: &str) -> String {
    match () {
        () if value.is_empty() => String::new(),
        () if is_secret(key) => MASK.to_owned(),
        () if value.contains("://") => mask_url(value),
        () => value.to_owned(),
    }
}

/// A URL, or a list of them with commas (NATS), without its passwords. In doubt more is masked than needed.
fn mask_url(url: &str) -> String {
    let (address, query) = match url.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (url, None),
    };
    let address = if address.starts_with("nats://") || address.starts_with("tls://") {
        address.split(',').map(mask_server).collect::<Vec<_>>().join(",")
    } else {
        mask_userinfo(address)
    };
    match query {
        Some(query) => {
            format!("{address}?{}", query.split('&').map(mask_parameter).collect::<Vec<_>>().join("&"))
        }
        None => address,
    }
}

/// One server of a list. What is no plain host and port may be a piece of a password that holds a comma.
fn mask_server(server: &str) -> String {
    let (scheme, rest) = server.split_once("://").map_or(("", server), |(scheme, rest)| (scheme, rest));
    let prefix = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    match rest.rsplit_once('@') {
        // A user without a password is a token.
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{prefix}{user}:{MASK}@{host}"),
            None => format!("{prefix}{MASK}@{host}"),
        },
        None if is_plain_host(rest) => server.to_owned(),
        None => format!("{prefix}{MASK}"),
    }
}

fn is_plain_host(text: &str) -> bool {
    let host_and_port = text.trim_end_matches('/');
    let (host, port) = match host_and_port.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host_and_port, ""),
    };
    let in_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
    host.chars().all(in_host) && port.chars().all(|c| c.is_ascii_digit())
}

/// One URL: everything between the first colon of the user part and the last `@` is the password, whatever
/// characters somebody has left unescaped in it.
fn mask_userinfo(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:{MASK}@{host}"),
            None => url.to_owned(),
        },
        None if is_plain_host(rest.split('/').next().unwrap_or(rest)) => url.to_owned(),
        None => format!("{scheme}://{MASK}"),
    }
}

fn mask_parameter(parameter: &str) -> String {
    match parameter.split_once('=') {
        Some((name, _)) if ["pass", "secret", "token"].iter().any(|word| name.contains(word)) => {
            format!("{name}={MASK}")
        }
        None if parameter.contains('@') => MASK.to_owned(),
        _ => parameter.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_key() {
        assert_eq!(mask("auth.secret", "hush"), MASK);
        assert_eq!(mask("pusher.app_secret", "hush"), MASK);
        assert_eq!(mask("auth.secret", ""), "");
        assert_eq!(mask("gateway.listen", "127.0.0.1:8080"), "127.0.0.1:8080");
        assert_eq!(mask("auth.secretary", "bob"), "bob");
    }

    #[test]
    fn passwords_in_urls_are_masked_and_the_rest_is_shown() {
        for (given, shown) in [
            ("postgres://ana:hush@db:5432/chat", "postgres://ana:********@db:5432/chat"),
            ("postgres://ana:h@u/s:h@db/chat", "postgres://ana:********@db/chat"),
            ("postgres://ana:hu?sh@db/chat", "postgres://********?********"),
            ("postgres://ana@db/chat", "postgres://ana@db/chat"),
            ("postgres://db/chat?user=ana&password=hush", "postgres://db/chat?user=ana&password=********"),
            ("nats://a:4222,b:4222", "nats://a:4222,b:4222"),
            ("nats://ana:hush@a:4222,nats://ana:hush@b", "nats://ana:********@a:4222,nats://ana:********@b"),
            ("nats://s3cr3t@a", "nats://********@a"),
            ("nats://ana:hu,sh@a", "nats://********,********@a"),
            ("nats://[::1]:4222", "nats://[::1]:4222"),
            ("sqlite://parlor-data/parlor.db", "sqlite://parlor-data/parlor.db"),
            ("https://id.example.com/keys", "https://id.example.com/keys"),
        ] {
            assert_eq!(mask("some.url", given), shown);
        }
    }
}

//! Which backend a URL means, told without connecting.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::OpenError;

/// Which kind of database a URL means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// `postgres://…`
    Postgres,
    /// `sqlite:FILE`
    Sqlite,
}

/// A URL that was understood.
pub(crate) enum Address {
    Postgres(PgConnectOptions),
    Sqlite(SqliteConnectOptions),
}

/// Tells which backend a URL means, without connecting: for checking a configuration.
///
/// # Errors
/// [`OpenError::Url`]; its text never repeats the URL, which may hold a password.
pub fn check_url(url: &str) -> Result<Backend, OpenError> {
    Ok(match Address::parse(url)? {
        Address::Postgres(_) => Backend::Postgres,
        Address::Sqlite(_) => Backend::Sqlite,
    })
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme {
            "postgres" | "postgresql" => postgres(url).map(Self::Postgres),
            "sqlite" => sqlite(url).map(Self::Sqlite),
            _ => Err(OpenError::Url("begins with neither postgres:// nor sqlite:".to_owned())),
        }
    }
}

fn postgres(url: &str) -> Result<PgConnectOptions, OpenError> {
    PgConnectOptions::from_str(url)
        .map_err(|error| OpenError::Url(format!("is not one that Postgres understands: {error}")))
}

fn sqlite(url: &str) -> Result<SqliteConnectOptions, OpenError> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = path.trim_start_matches("sqlite:").trim_start_matches("//");
    if path.is_empty() {
        return Err(OpenError::Url("names no file: sqlite:FILE".to_owned()));
    }
    // Each connection would have a memory of its own.
    if path.contains(":memory:") || query.contains("mode=memory") {
        return Err(OpenError::Url(
            "must name a file: a store in memory is gone with its connection".to_owned(),
        ));
    }
    SqliteConnectOptions::from_str(url)
        .map_err(|error| OpenError::Url(format!("is not one that SQLite understands: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_says_which_backend() {
        assert_eq!(check_url("postgres://ana:secret@db:5432/parlor"), Ok(Backend::Postgres));
        assert_eq!(check_url("postgresql://db/parlor"), Ok(Backend::Postgres));
        assert_eq!(check_url("sqlite:parlor-data/parlor.db"), Ok(Backend::Sqlite));
        assert_eq!(check_url("sqlite:///var/lib/parlor.db"), Ok(Backend::Sqlite));
    }

    #[test]
    fn what_cannot_work_is_refused_without_telling_the_password() {
        for bad in [
            "",
            "parlor.db",
            "mysql://ana:secret@db/parlor",
            "postgres://ana:secret@db:99999999/parlor",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:x.db?mode=memory",
        ] {
            let error = check_url(bad).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}

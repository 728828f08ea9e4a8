//! Who the clients are.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use chat::{Clock as _, SystemClock};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde::Serialize;

use crate::args::ConnectArgs;

/// What a token is good for beyond the length of the run.
const SPARE: Duration = Duration::from_secs(3600);

/// Gives every client a token.
pub(crate) enum Tokens {
    /// A user of its own for each client.
    Signed { key: EncodingKey, run: String, expires: i64 },
    /// Tokens that somebody else has made, in turn.
    Ready(Vec<String>),
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    name: &'a str,
    exp: i64,
}

impl Tokens {
    /// Tokens for a run of this name that lasts about so long.
    ///
    /// # Errors
    /// If there is neither a key nor a file, or the file cannot be read or holds none.
    pub(crate) fn new(args: &ConnectArgs, run: &str, length: Duration) -> Result<Self> {
        if let Some(file) = &args.token_file {
            let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            let tokens: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            ensure!(!tokens.is_empty(), "{} holds no token", file.display());
            return Ok(Self::Ready(tokens));
        }
        let Some(secret) = &args.secret else {
            bail!("who are the clients? Give --secret (or PARLOR__AUTH__SECRET) or --token-file");
        };
        let life = i64::try_from((length + SPARE).as_secs())?;
        let expires = SystemClock.now().as_seconds().saturating_add(life);
        Ok(Self::Signed { key: EncodingKey::from_secret(secret.as_bytes()), run: run.to_owned(), expires })
    }

    /// The token of a client.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub(crate) fn of(&self, person: u32) -> Result<String> {
        match self {
            Self::Signed { key, run, expires } => {
                let (sub, name) = (format!("load-{run}-{person}"), format!("Load {person}"));
                let claims = Claims { sub: &sub, name: &name, exp: *expires };
                encode(&Header::default(), &claims, key).context("cannot sign a token")
            }
            Self::Ready(tokens) => Ok(tokens[person as usize % tokens.len()].clone()),
        }
    }
}

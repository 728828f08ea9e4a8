//! `parlor token`: prints a token that is signed with the configured key.

use std::time::Duration;

use chat::{Access, Clock, SystemClock, User};
use gateway::auth::{Pass, Signer};

use crate::config::{Config, env_name};
use crate::data;
use crate::failure::Failure;
use crate::terminal::complain;

/// What the token is to say.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Whom it stands for
    #[arg(long, value_name = "ID")]
    user: String,
    /// The name that others see; without it, the id
    #[arg(long)]
    name: Option<String>,
    /// How long it is good: 90s, 1h, 30d
    #[arg(long, default_value = "1h", value_name = "TIME", value_parser = humantime_serde::re::humantime::parse_duration)]
    ttl: Duration,
    /// A room, or the beginning of its name and `*`, and what is allowed there: `news=r`, `team-*=rw`. Without
    /// any, what the rooms allow; with some, nothing else
    #[arg(long = "room", value_name = "PATTERN=r|rw", value_parser = grant)]
    rooms: Vec<(String, Access)>,
    /// Make its bearer an administrator
    #[arg(long)]
    admin: bool,
}

/// Makes the token.
///
/// # Errors
/// [`Failure::Token`] if there is no key to sign with; [`Failure::Flag`] if no token can say that.
pub(crate) fn run(args: Args, config: Config) -> Result<String, Failure> {
    let (config, made) = data::with_key(config)?;
    if let Some(file) = made {
        let file = file.display();
        complain(format_args!(
            "no auth.secret is set: made one in {file}, which only a solo with this data knows. For a gateway set its key \
             ({})",
            env_name("auth.secret")
        ));
    }
    let user = User::parse(&args.user, args.name.as_deref())
        .map_err(|e| Failure::Flag { flag: "user", what: e.to_string() })?;
    let rooms = (!args.rooms.is_empty()).then_some(args.rooms);
    let pass = Pass { user, lives: args.ttl, rooms, admin: args.admin };
    Ok(Signer::new(&config.auth)?.sign(&pass, SystemClock.now())?)
}

/// Names of rooms may hold `=`: the last one counts.
fn grant(text: &str) -> Result<(String, Access), String> {
    let (pattern, access) = text.rsplit_once('=').ok_or("expected PATTERN=r or PATTERN=rw")?;
    let access = Access::parse(access).ok_or("after the `=` comes r or rw")?;
    Ok((pattern.to_owned(), access))
}

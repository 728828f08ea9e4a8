//! Who the clients are.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use chat::{Clock as _, SystemClock};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde::Serialize;
use tokio::process::Command;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;

use crate::args::TokenArgs;
use crate::crowd::Gathering;
use crate::processes::Share;

/// What a token is good for beyond the length of the run.
const SPARE: Duration = Duration::from_secs(3600);
/// How many commands run at once, all processes together: each may be a shell with programs of its own.
const COMMANDS_AT_ONCE: u32 = 8;
/// A command that takes longer has failed.
const COMMAND_WITHIN: Duration = Duration::from_secs(30);

/// Gives every client a token.
pub(crate) enum Tokens {
    /// A user of its own for each client.
    Signed { key: EncodingKey, run: String, expires: i64 },
    /// Tokens that somebody else has made, in turn.
    Ready(Vec<String>),
    /// No token: the target wants none, or has it in the path.
    None,
    /// Tokens that a program prints, for a user of its own for each client.
    Printed(Printer),
}

/// Runs a command for each client, once.
pub(crate) struct Printer {
    command: String,
    run: String,
    turns: Semaphore,
    /// By client.
    printed: Vec<OnceCell<String>>,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    name: &'a str,
    exp: i64,
}

impl Tokens {
    /// The tokens of this share of the people, made before the first of them connects: how long a command takes is no
    /// part of how long a handshake takes. In other dialects than ours, clients may have none.
    ///
    /// # Errors
    /// If nothing says where they come from, or the file cannot be read or holds none, or a command fails.
    pub(crate) async fn of_people(gathering: &Gathering, share: Share) -> Result<Self> {
        let Gathering { plan, connect, length, .. } = gathering;
        let TokenArgs { secret, token_file, token_command } = &connect.tokens;
        if connect.dialect.is_foreign() && secret.is_none() && token_file.is_none() && token_command.is_none()
        {
            return Ok(Self::None);
        }
        let at_once = share.part(COMMANDS_AT_ONCE) as usize;
        let tokens = Self::new(&connect.tokens, &plan.run, plan.people, *length, at_once)?;
        tokens.print(share.people(plan.people), at_once).await?;
        Ok(tokens)
    }

    /// Runs the command for each of these people, if there is one: what it printed is there when they connect.
    async fn print(&self, people: impl Iterator<Item = u32>, at_once: usize) -> Result<()> {
        let Self::Printed(printer) = self else { return Ok(()) };
        let printed = stream::iter(people).map(|person| printer.of(person)).buffer_unordered(at_once);
        printed.try_for_each(async |_| Ok(())).await
    }

    /// Tokens for so many people in a run of this name that lasts about so long.
    ///
    /// # Errors
    /// If nothing says where they come from, or the file cannot be read or holds none.
    fn new(
        args: &TokenArgs,
        run: &str,
        people: u32,
        length: Duration,
        commands_at_once: usize,
    ) -> Result<Self> {
        if let Some(file) = &args.token_file {
            let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            let tokens: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            ensure!(!tokens.is_empty(), "{} holds no token", file.display());
            return Ok(Self::Ready(tokens));
        }
        if let Some(command) = &args.token_command {
            return Ok(Self::Printed(Printer::new(command, run, people, commands_at_once)));
        }
        let Some(secret) = &args.secret else {
            bail!(
                "who are the clients? Give --secret (or PARLOR__AUTH__SECRET), --token-file or --token-command"
            );
        };
        let life = i64::try_from((length + SPARE).as_secs())?;
        let expires = SystemClock.now().as_seconds().saturating_add(life);
        Ok(Self::Signed { key: EncodingKey::from_secret(secret.as_bytes()), run: run.to_owned(), expires })
    }

    /// The token of a client.
    ///
    /// # Errors
    /// If it cannot be signed, or its command fails or prints none.
    ///
    /// Cancel safe: a command that was running is killed, and run again for whoever asks next.
    pub(crate) async fn of(&self, person: u32) -> Result<String> {
        match self {
            Self::Signed { key, run, expires } => {
                let (sub, name) = (user(run, person), format!("Load {person}"));
                let claims = Claims { sub: &sub, name: &name, exp: *expires };
                encode(&Header::default(), &claims, key).context("cannot sign a token")
            }
            Self::Ready(tokens) => Ok(tokens[person as usize % tokens.len()].clone()),
            Self::None => Ok(String::new()),
            Self::Printed(printer) => printer.of(person).await,
        }
    }
}

impl Printer {
    fn new(command: &str, run: &str, people: u32, at_once: usize) -> Self {
        Self {
            command: command.to_owned(),
            run: run.to_owned(),
            turns: Semaphore::new(at_once),
            printed: (0..people).map(|_| OnceCell::new()).collect(),
        }
    }

    async fn of(&self, person: u32) -> Result<String> {
        let user = user(&self.run, person);
        self.printed[person as usize].get_or_try_init(|| self.ask(&user)).await.cloned()
    }

    async fn ask(&self, user: &str) -> Result<String> {
        let _turn = self.turns.acquire().await?;
        // A user's id is made of letters, digits and dashes: it means nothing to a shell.
        let mut command = Command::new("sh");
        command.arg("-c").arg(self.command.replace("{user}", user)).stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(COMMAND_WITHIN, command.output());
        let output = output
            .await
            .with_context(|| format!("--token-command gave no token for {user} within {COMMAND_WITHIN:?}"))?;
        let output = output.context("--token-command: cannot run sh")?;
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim();
        ensure!(output.status.success(), "--token-command failed for {user}, with {}: {said}", output.status);
        let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        ensure!(!token.is_empty(), "--token-command printed no token for {user}: {said}");
        ensure!(
            token.bytes().all(|byte| byte.is_ascii_graphic()),
            "--token-command printed more than a token for {user}"
        );
        Ok(token)
    }
}

fn user(run: &str, person: u32) -> String {
    format!("load-{run}-{person}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;

    const AT_ONCE: usize = 3;

    fn printed_by(command: &str, people: u32) -> Tokens {
        let args = TokenArgs { token_command: Some(command.to_owned()), ..TokenArgs::default() };
        Tokens::new(&args, "r", people, Duration::ZERO, AT_ONCE).unwrap()
    }

    #[tokio::test]
    async fn a_command_is_run_once_for_each_user_and_few_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display();
        let command = format!(
            "mkdir {here}/{{user}} && ls {here} | grep -c load >> {here}/running; rmdir {here}/{{user}}; \
             echo token-of-{{user}}"
        );
        let tokens = Arc::new(printed_by(&command, 24));
        let mut asking = JoinSet::new();
        for person in (0..24).chain(0..24) {
            let tokens = tokens.clone();
            asking.spawn(async move { (person, tokens.of(person).await.unwrap()) });
        }
        for (person, token) in asking.join_all().await {
            assert_eq!(token, format!("token-of-load-r-{person}"));
        }
        let running = fs::read_to_string(folder.path().join("running")).unwrap();
        let running: Vec<usize> = running.lines().map(|count| count.parse().unwrap()).collect();
        assert_eq!(running.len(), 24, "once for each user");
        assert!(running.iter().all(|count| *count <= AT_ONCE), "{running:?}");
    }

    #[tokio::test]
    async fn tokens_are_there_before_anybody_asks() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display();
        let tokens = printed_by(&format!("echo {{user}} >> {here}/asked; echo token-of-{{user}}"), 9);
        tokens.print([2, 5, 8].into_iter(), AT_ONCE).await.unwrap();
        fs::remove_file(folder.path().join("asked")).unwrap();
        assert_eq!(tokens.of(5).await.unwrap(), "token-of-load-r-5");
        assert!(!folder.path().join("asked").exists(), "nobody was asked again");
        assert!(printed_by("false", 2).print([1].into_iter(), AT_ONCE).await.is_err());
    }

    #[tokio::test]
    async fn a_command_that_fails_is_told_with_what_it_said() {
        let why = async |command| printed_by(command, 1).of(0).await.unwrap_err().to_string();
        let said = why("echo 'no such user: {user}' >&2; exit 4").await;
        assert!(said.contains("exit status: 4") && said.contains("no such user: load-r-0"), "{said}");
        assert!(why("true").await.contains("printed no token"));
        assert!(why("echo two words").await.contains("more than a token"));
    }

    #[test]
    fn somebody_must_say_who_the_clients_are() {
        let error =
            Tokens::new(&TokenArgs::default(), "r", 1, Duration::ZERO, AT_ONCE).err().unwrap().to_string();
        assert!(error.contains("--secret") && error.contains("--token-command"), "{error}");
    }
}

//! `with-servers COMMAND…`: runs a command beside a Postgres and a NATS of its own, and ends both with it.
//!
//! The command finds them in its environment: `PARLOR__STORE__URL` is an empty database, `PARLOR__BUS__URL` the NATS;
//! `POSTGRES_PID` and `NATS_PID` are their processes. Postgres is set up as a server that is measured should be: with fsync
//! and 2 GB of shared buffers. The exit code is the command's.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use servers::{Nats, Postgres};

const SETTINGS: [(&str, &str); 3] =
    [("shared_buffers", "2GB"), ("max_wal_size", "8GB"), ("checkpoint_timeout", "15min")];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    if words.is_empty() {
        bail!("with-servers COMMAND…: which command?");
    }
    let (postgres, nats) = (Postgres::start_with(&SETTINGS).await?, Nats::start().await?);
    // The command ends with this process, as its servers do: it is asked to, and may clean up.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM"]).args(&words);
    command.env("PARLOR__STORE__URL", postgres.create_database("parlor").await?);
    command.env("PARLOR__BUS__URL", nats.url());
    command.env("POSTGRES_PID", postgres.pid()?.to_string()).env("NATS_PID", nats.pid()?.to_string());
    let status = command.status().context("setpriv, of the package util-linux, cannot be run")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

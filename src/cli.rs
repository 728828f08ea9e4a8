//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{check_config, migrate, token, writer};
use crate::config::{Role, Sources};

const AFTER_HELP: &str = "Every key can be set in the file, and by the environment as PARLOR__SECTION__KEY \
(PARLOR__GATEWAY__LISTEN); flags override the environment, which overrides the file. `parlor check-config` prints all \
keys with what they are.";

/// A chat backend: WebSocket gateways, a writer, Postgres and NATS; or one process with nothing to install.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// What to do; without it, `solo`.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Where the configuration comes from, beside the environment.
    #[command(flatten)]
    pub(crate) given: ConfigArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run gateway and writer in one process, with SQLite under ./parlor-data (the default)
    Solo,
    /// Run one gateway; it needs the bus, never the database
    Gateway,
    /// Run one writer; it needs the bus and the store
    Writer(writer::Args),
    /// Run the store's migrations, and end
    Migrate(migrate::Args),
    /// Print a token that is signed with the configured key
    Token(token::Args),
    /// Ask a process on this machine whether it is ready; exit code 1 if not
    Health,
    /// Say all that is wrong with the configuration, or print it
    CheckConfig(check_config::Args),
}

impl Command {
    /// As what the configuration is read.
    pub(crate) fn role(&self) -> Role {
        match self {
            Self::Solo => Role::Solo,
            Self::Gateway => Role::Gateway,
            Self::Writer(_) => Role::Writer,
            Self::Migrate(_) => Role::Migrate,
            Self::Token(_) => Role::Token,
            Self::Health => Role::Health,
            Self::CheckConfig(args) => args.role,
        }
    }
}

/// The keys that people type; all others are set in the file or the environment.
#[derive(Debug, Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct ConfigArgs {
    /// A TOML file
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where clients connect [gateway.listen]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where probes and metrics are; port 0 = any free one [admin.listen]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    admin_listen: Option<String>,
    /// The road between gateways and writers: nats://host:4222 [bus.url]
    #[arg(long, global = true, value_name = "URL")]
    bus: Option<String>,
    /// Where messages are kept: postgres://… or sqlite:FILE [store.url]
    #[arg(long, global = true, value_name = "URL")]
    store: Option<String>,
}

impl ConfigArgs {
    /// These, and the environment of this process.
    pub(crate) fn into_sources(self) -> Sources {
        let flags = [
            ("--listen", "gateway.listen", self.listen),
            ("--admin-listen", "admin.listen", self.admin_listen),
            ("--bus", "bus.url", self.bus),
            ("--store", "store.url", self.store),
        ];
        Sources {
            file: self.config,
            environment: std::env::vars_os().collect(),
            flags: flags.into_iter().filter_map(|(flag, key, value)| Some((flag, key, value?))).collect(),
        }
    }
}

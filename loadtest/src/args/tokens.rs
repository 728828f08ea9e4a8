//! Who the clients are.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

/// Who the clients are: one of these.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
pub(crate) struct TokenArgs {
    /// The key that the servers check tokens with (HS256): every client gets a token of its own.
    #[arg(long, env = "PARLOR__AUTH__SECRET", hide_env_values = true, value_name = "KEY")]
    pub(crate) secret: Option<String>,
    /// A file with ready tokens, one a line; clients take them in turn. Instead of --secret.
    #[arg(long, value_name = "FILE", conflicts_with = "token_command")]
    pub(crate) token_file: Option<PathBuf>,
    /// A command of the shell that prints the token of a user: `{user}` in it becomes the user's id. Run once for
    /// each client, eight at a time. Instead of --secret.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) token_command: Option<String>,
}

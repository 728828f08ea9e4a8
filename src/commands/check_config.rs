//! `parlor check-config`: all that is wrong with the configuration at once, or the configuration itself.

use crate::config::{Config, Role};

/// What to check.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// For which kind of process
    #[arg(value_enum, default_value = "solo")]
    pub(crate) role: Role,
}

/// The configuration as it is in effect, without secrets. That it could be loaded says that it can work.
pub(crate) fn run(args: &Args, config: &Config) -> Result<String, toml::ser::Error> {
    config.show(args.role)
}

//! What `parlor` can do: one file a subcommand. Each takes its arguments and a configuration that has been
//! checked, and comes back when it is done or was asked to stop.

pub(crate) mod check_config;
pub(crate) mod gateway;
pub(crate) mod health;
pub(crate) mod migrate;
pub(crate) mod solo;
pub(crate) mod token;
pub(crate) mod writer;

//! Why a command ends without having done its work: every way there is, in words that say what to do about it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::{Mistakes, env_name};
use crate::data::LockError;

/// What is printed before the process ends with code 1.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration cannot work.
    #[error(transparent)]
    Configuration(#[from] Mistakes),
    /// The log could not be set up.
    #[error("the log cannot be set up: {0}")]
    Log(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A port could not be taken.
    #[error("{}", port(*address, key, error))]
    Port {
        /// The port.
        address: SocketAddr,
        /// The key that names it.
        key: &'static str,
        /// What the system says.
        error: io::Error,
    },
    /// Another process uses the data.
    #[error(transparent)]
    Data(#[from] LockError),
    /// Something in the data folder cannot be read or written.
    #[error("{} cannot be used: {error}", path.display())]
    Folder {
        /// What it is about.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Metrics cannot be shown.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// Traces can never be sent like this.
    #[error("telemetry: {0}")]
    Telemetry(String),
    /// The system gives no threads, or no signals.
    #[error("the system refuses what every process needs: {0}")]
    Runtime(#[source] io::Error),
    /// The configuration cannot be printed.
    #[error("the configuration cannot be written as TOML: {0}")]
    Show(#[from] toml::ser::Error),
    /// The bus can never be opened like this.
    #[error(transparent)]
    Bus(#[from] bus::OpenError),
    /// The store can never be opened like this.
    #[error(transparent)]
    Store(store::OpenError),
    /// The process that was asked cannot serve.
    #[error("{address}: {why}")]
    NotReady {
        /// Its admin port.
        address: SocketAddr,
        /// What it says itself, or why nobody answers.
        why: String,
    },
    /// A signal came before the work could be begun.
    #[error("stopped while waiting for the store: nothing was done")]
    Stopped,
    /// The gateway could not start, or not go on.
    #[error(transparent)]
    Gateway(gateway::RunError),
    /// The writer could not start, or not go on.
    #[error(transparent)]
    Writer(#[from] writer::RunError),
    /// No token could be made.
    #[error(transparent)]
    Token(#[from] gateway::auth::SignError),
    /// A token that was asked for cannot be.
    #[error("--{flag}: {what}")]
    Flag {
        /// The flag.
        flag: &'static str,
        /// What is wrong.
        what: String,
    },
}

impl From<gateway::RunError> for Failure {
    fn from(error: gateway::RunError) -> Self {
        match error {
            gateway::RunError::Listen { address, source } => {
                Self::Port { address, key: "gateway.listen", error: source }
            }
            other => Self::Gateway(other),
        }
    }
}

fn port(address: SocketAddr, key: &str, error: &io::Error) -> String {
    let env = env_name(key);
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("{address} is taken by another program: stop it, or set {key} ({env}) to another address")
        }
        _ => format!("{address} cannot be taken: {error}; it is set by {key} ({env})"),
    }
}

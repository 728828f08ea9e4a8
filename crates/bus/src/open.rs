//! Which backend a URL asks for, and how it is set up.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::nats::{NatsBus, ServerList};
use crate::{Bus, LocalBus};

const LOCAL: &str = "local:";

/// How the road is set up, beside its URL. What is about NATS is passed over by `local:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The most requests of this process that wait for an answer at once.
    pub requests_max: usize,
    /// What every NATS subject begins with, one token of `A-Za-z0-9_-`: two installations that share a NATS
    /// differ here.
    pub prefix: String,
    /// The name of the connection that NATS shows to its operators.
    pub name: String,
    /// NATS is asked for a sign of life after this long without one, and the connection is given up after
    /// three times as long. Once in this time it is also seen whether what is sent comes through.
    pub ping: Duration,
    /// The most rooms of one [`crate::Partition`] that are listened to each by a subscription of its own. With more, all
    /// that is said in the partition is listened to, until there are only half as many.
    pub single_rooms_max: usize,
    /// A NATS credentials file (a JWT and its seed).
    pub credentials_file: Option<PathBuf>,
    /// PEM certificates of the authorities to trust with `tls://`, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The PEM certificate and key by which this process identifies itself with `tls://`.
    pub client_certificate: Option<ClientCertificate>,
}

/// A certificate and its key, both as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate.
    pub cert_file: PathBuf,
    /// Its key.
    pub key_file: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            requests_max: 65_536,
            prefix: "parlor".to_owned(),
            name: "parlor".to_owned(),
            ping: Duration::from_secs(1),
            single_rooms_max: 256,
            credentials_file: None,
            ca_file: None,
            client_certificate: None,
        }
    }
}

/// Why there is no road. Never repeats the URL: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The URL cannot be understood.
    #[error("the bus URL {0}: expected local: or nats://[user:password@]host[:4222][,host2…] or tls://…")]
    Url(&'static str),
    /// The prefix of the subjects is not one token.
    #[error("the bus prefix must be 1 or more of A-Z a-z 0-9 _ -")]
    Prefix,
    /// A file that the options name cannot be used.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The NATS client could not be made.
    #[error("cannot set up the NATS client: {0}")]
    Client(String),
}

/// Says whether [`open`] can understand a URL, without connecting.
///
/// # Errors
/// [`OpenError::Url`].
pub fn check_url(url: &str) -> Result<(), OpenError> {
    if url == LOCAL { Ok(()) } else { ServerList::parse(url).map(|_| ()) }
}

/// Opens the road that a URL names: `local:` inside this process, `nats://…` or `tls://…` over NATS. A NATS
/// that is not there is no error: it is tried again and again, and [`Bus::link`] tells when it answers.
///
/// # Errors
/// [`OpenError`]: as it is configured, this can never work.
pub async fn open(url: &str, options: &Options) -> Result<Arc<dyn Bus>, OpenError> {
    if url == LOCAL {
        return Ok(Arc::new(LocalBus::new(options.requests_max)));
    }
    Ok(Arc::new(NatsBus::open(&ServerList::parse(url)?, options).await?))
}

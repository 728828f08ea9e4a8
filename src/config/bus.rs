//! `bus.*`: the road between gateways and writers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bus::{ClientCertificate, OpenError};
use serde::{Deserialize, Serialize};

use super::mistake::Mistake;

/// Where the bus is, and how it is used.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Bus {
    /// `nats://[user:password@]host[:4222][,host2…]`, `tls://…`, or `local:` inside one process (solo's default).
    pub(crate) url: Option<String>,
    /// The most requests of this process that wait for an answer at once; further ones are refused.
    pub(crate) requests_max: usize,
    /// What every NATS subject begins with: two installations that share a NATS differ here.
    pub(crate) prefix: String,
    /// NATS is asked for a sign of life after this long without one, and given up after three times as long.
    #[serde(with = "humantime_serde")]
    pub(crate) ping: Duration,
    /// The most rooms of one partition (a 64th of all rooms) that a gateway subscribes to one by one. With more, it
    /// subscribes to the whole partition and drops what nobody there is in, until there are only half as many. 0: always.
    pub(crate) single_rooms_max: usize,
    /// A NATS credentials file (a JWT and its seed).
    pub(crate) credentials_file: Option<PathBuf>,
    /// PEM certificates of the authorities to trust with `tls://`, instead of the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// The PEM certificate by which this process identifies itself; goes with `key_file`.
    pub(crate) cert_file: Option<PathBuf>,
    /// The key of `cert_file`, in PEM.
    pub(crate) key_file: Option<PathBuf>,
}

impl Default for Bus {
    fn default() -> Self {
        let options = bus::Options::default();
        Self {
            url: None,
            requests_max: options.requests_max,
            prefix: options.prefix,
            ping: options.ping,
            single_rooms_max: options.single_rooms_max,
            credentials_file: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
        }
    }
}

impl Bus {
    /// Opens the bus, for a process that calls itself `name` towards NATS.
    ///
    /// # Errors
    /// If it can never be opened like this; a bus that is not there now is waited for by itself.
    pub(crate) async fn open(&self, name: &str) -> Result<Arc<dyn bus::Bus>, OpenError> {
        bus::open(self.url.as_deref().unwrap_or_default(), &self.options(name)).await
    }

    fn options(&self, name: &str) -> bus::Options {
        let certificate = self.cert_file.clone().zip(self.key_file.clone());
        bus::Options {
            requests_max: self.requests_max,
            prefix: self.prefix.clone(),
            name: format!("parlor {name}"),
            ping: self.ping,
            single_rooms_max: self.single_rooms_max,
            credentials_file: self.credentials_file.clone(),
            ca_file: self.ca_file.clone(),
            client_certificate: certificate
                .map(|(cert_file, key_file)| ClientCertificate { cert_file, key_file }),
        }
    }

    /// What is wrong with it; `alone` if gateway and writer share this process.
    pub(super) fn check(&self, alone: bool) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        match self.url.as_deref() {
            None => mistakes.push(Mistake::of("bus.url", "is not set: where is NATS? (nats://host:4222)")),
            Some("local:") if !alone => mistakes.push(Mistake::of(
                "bus.url",
                "local: joins the parts of one process only: gateways and writers meet over nats://host:4222",
            )),
            Some(url) => {
                if let Err(e) = bus::check_url(url) {
                    mistakes.push(Mistake::of("bus.url", e.to_string()));
                }
            }
        }
        if self.requests_max == 0 {
            mistakes.push(Mistake::of("bus.requests_max", "must be at least 1"));
        }
        if self.ping.is_zero() {
            mistakes.push(Mistake::of("bus.ping", "must be longer than 0s"));
        }
        let in_prefix = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if self.prefix.is_empty() || !self.prefix.chars().all(in_prefix) {
            mistakes.push(Mistake::of("bus.prefix", "must be 1 or more of A-Z a-z 0-9 _ -"));
        }
        mistakes.extend(self.unreadable());
        if self.cert_file.is_some() != self.key_file.is_some() {
            mistakes
                .push(Mistake::general("bus.cert_file and bus.key_file go together: set both or neither"));
        }
        mistakes
    }

    fn unreadable(&self) -> impl Iterator<Item = Mistake> {
        let files = [
            ("bus.credentials_file", &self.credentials_file),
            ("bus.ca_file", &self.ca_file),
            ("bus.cert_file", &self.cert_file),
            ("bus.key_file", &self.key_file),
        ];
        files.into_iter().filter_map(|(key, file)| {
            let file = file.as_ref()?;
            let error = std::fs::File::open(file).err()?;
            Some(Mistake::of(key, format!("{} cannot be read: {error}", file.display())))
        })
    }
}

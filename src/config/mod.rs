//! What an operator can set: one struct and one file a topic; the topics of the gateway, the writer, the bus and
//! the store are those crates' own.
//!
//! Defaults < file (`--config`) < environment (`PARLOR__SECTION__KEY`) < flags. A key that does not exist is a
//! mistake, as is a value that cannot work; all mistakes are told at once, before anything is opened.

mod admin;
mod bus;
mod check;
mod given;
mod keys;
mod layer;
mod log;
mod mask;
mod mistake;
#[cfg(test)]
mod reference;
mod role;
mod show;
mod store;
mod telemetry;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(crate) use self::admin::Admin;
pub(crate) use self::bus::Bus;
pub(crate) use self::given::Sources;
pub(crate) use self::keys::env_name;
pub(crate) use self::log::{Format, Log};
pub(crate) use self::mistake::{Mistake, Mistakes};
pub(crate) use self::role::Role;
pub(crate) use self::store::Store;
pub(crate) use self::telemetry::{Protocol, Telemetry};

use self::keys::Keys;
use self::layer::lay;

/// Everything that can be set. One file may serve all roles: each takes what concerns it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Where clients connect.
    pub(crate) gateway: gateway::settings::Listen,
    /// What a client may take.
    pub(crate) limits: gateway::settings::Limits,
    /// How rooms come to be.
    pub(crate) rooms: gateway::settings::Rooms,
    /// How it is kept and told who is where.
    pub(crate) presence: gateway::settings::Presence,
    /// How a gateway goes.
    pub(crate) drain: gateway::settings::Drain,
    /// Whose tokens are taken.
    pub(crate) auth: gateway::auth::Settings,
    /// What an application calls its channel of Action Cable.
    pub(crate) action_cable: gateway::settings::ActionCable,
    /// What an application calls its topics and events of Phoenix.
    pub(crate) phoenix: gateway::settings::Phoenix,
    /// The application of Pusher that clients and backends name.
    pub(crate) pusher: gateway::settings::Pusher,
    /// How a writer works.
    pub(crate) writer: writer::Settings,
    /// The road between them.
    pub(crate) bus: Bus,
    /// Where messages are kept.
    pub(crate) store: Store,
    /// Probes and metrics.
    pub(crate) admin: Admin,
    /// The log.
    pub(crate) log: Log,
    /// Traces.
    pub(crate) telemetry: Telemetry,
}

impl Config {
    /// Reads the configuration of a process of this role.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn load(role: Role, sources: &Sources) -> Result<Self, Mistakes> {
        let (config, mut mistakes) = Self::read(role, sources)?;
        let told: Vec<_> = mistakes.iter().filter_map(|mistake| mistake.key.clone()).collect();
        let more = config.check(role);
        // What is wrong with a default that stands in for a value that was not usable is no news.
        mistakes.extend(more.into_iter().filter(|m| m.key.as_ref().is_none_or(|key| !told.contains(key))));
        if mistakes.is_empty() { Ok(config) } else { Err(Mistakes(mistakes)) }
    }

    fn read(role: Role, sources: &Sources) -> Result<(Self, Vec<Mistake>), Mistakes> {
        let broken =
            |e: String| Mistakes(vec![Mistake::general(format!("the defaults cannot be read: {e}"))]);
        let keys = Keys::of(&Self::default()).map_err(|e| broken(e.to_string()))?;
        let (given, mut mistakes) = sources.gather(&keys);
        // Some of solo's defaults depend on what was given: it is laid over more than once.
        let (first, _) = lay(&Self::of(role), given.clone()).map_err(|e| broken(e.to_string()))?;
        let mut defaults = Self::of(role);
        defaults.auth.dev = role.is_at_home() && first.is_for_this_machine();
        let (mut config, unusable) = lay(&defaults, given.clone()).map_err(|e| broken(e.to_string()))?;
        if config.auth.dev && config.is_for_this_machine() && config.pusher.is_off() {
            defaults.pusher = gateway::settings::Pusher::of_development();
            (config, _) = lay(&defaults, given).map_err(|e| broken(e.to_string()))?;
        }
        mistakes.extend(unusable);
        Ok((config, mistakes))
    }

    /// The defaults of a role, before anything was given.
    fn of(role: Role) -> Self {
        let mut config = Self::default();
        if role.is_at_home() {
            config.bus.url = Some("local:".to_owned());
            config.store.url = Some(format!("sqlite:{}/parlor.db", crate::data::FOLDER));
            config.rooms.auto_create = true;
            config.drain.unready = std::time::Duration::ZERO;
            config.drain.spread = std::time::Duration::from_millis(500);
        }
        config
    }

    /// True if only this machine can connect, and tokens are signed here: then anybody may have one.
    fn is_for_this_machine(&self) -> bool {
        self.gateway.listen.ip().is_loopback() && self.auth.public_key_file.is_none()
    }

    /// All that the gateway needs of it.
    pub(crate) fn for_gateway(&self) -> gateway::Settings {
        gateway::Settings {
            gateway: self.gateway.clone(),
            limits: self.limits,
            rooms: self.rooms,
            presence: self.presence,
            drain: self.drain,
            auth: self.auth.clone(),
            action_cable: self.action_cable.clone(),
            phoenix: self.phoenix.clone(),
            pusher: self.pusher.clone(),
            sampling: self.telemetry.sampling(),
        }
    }
}

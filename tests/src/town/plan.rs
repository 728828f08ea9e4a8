//! What a town is to consist of.

use std::fmt::Display;
use std::path::PathBuf;

use anyhow::Result;
use servers::if_possible;

use super::Town;
use crate::server::Role;
use crate::settings::Settings;
use crate::token::SECRET;

/// A town that is not built yet.
#[derive(Debug, Clone)]
#[must_use = "a plan is nothing until it is started"]
pub struct Plan {
    pub(super) gateways: usize,
    pub(super) writers: usize,
    pub(super) is_solo: bool,
    has_balancer: bool,
    program: Option<PathBuf>,
    pub(super) owns_postgres: bool,
    pub(super) has_lines: bool,
    pub(super) nats_nodes: usize,
    pub(super) has_roles: bool,
    pub(super) disk_megabytes: Option<u32>,
    pub(super) has_wall_clocks: bool,
    pub(super) has_island: bool,
    pub(super) settings: Settings,
}

impl Plan {
    pub(super) fn new() -> Self {
        Self {
            gateways: 1,
            writers: 1,
            is_solo: false,
            has_balancer: false,
            program: None,
            owns_postgres: false,
            has_lines: false,
            nats_nodes: 1,
            has_roles: false,
            disk_megabytes: None,
            has_wall_clocks: false,
            has_island: false,
            settings: common_settings(),
        }
    }

    pub(super) fn solo() -> Self {
        Self { writers: 0, is_solo: true, ..Self::new() }
    }

    /// With so many gateways.
    pub fn gateways(mut self, count: usize) -> Self {
        self.gateways = count;
        self
    }

    /// With so many writers.
    pub fn writers(mut self, count: usize) -> Self {
        self.writers = count;
        self
    }

    /// With a balancer before the gateways: clients know its address, and no other.
    pub fn balanced(mut self) -> Self {
        self.has_balancer = true;
        self
    }

    /// With processes of this program instead of this version's `parlor`.
    pub fn program(mut self, program: PathBuf) -> Self {
        self.program = Some(program);
        self
    }

    /// With a Postgres of its own, which may be killed. Else the one of all tests of this process is used.
    pub fn own_postgres(mut self) -> Self {
        self.owns_postgres = true;
        self
    }

    /// With a Postgres of its own, all of whose data lie on a disk of so many megabytes that can be filled:
    /// see [`servers::Postgres::fill_disk`]. Not possible everywhere.
    pub fn small_disk(mut self, megabytes: u32) -> Self {
        self.disk_megabytes = Some(megabytes);
        self.own_postgres()
    }

    /// With a cluster of three NATS servers instead of one.
    pub fn nats_cluster(mut self) -> Self {
        self.nats_nodes = 3;
        self
    }

    /// With one NATS server at which gateways and writers log in, each to say and hear what it may in production:
    /// `k8s/base/nats/permissions.conf`.
    pub fn nats_roles(mut self) -> Self {
        self.has_roles = true;
        self
    }

    /// With a wall clock for each gateway and writer, and one for a Postgres of its own. They go right until they
    /// are moved. Not possible everywhere.
    pub fn wall_clocks(mut self) -> Self {
        self.has_wall_clocks = true;
        self.own_postgres()
    }

    /// With a line to each NATS server for each gateway and writer, and one to Postgres for each writer, on which
    /// things may go wrong.
    pub fn lines(mut self) -> Self {
        self.has_lines = true;
        self
    }

    /// With one gateway and one writer more, the last of each, on a NATS of their own and the same Postgres: two
    /// halves of a split bus. What is said in one half, the other can only hear of from the store.
    pub fn island(mut self) -> Self {
        self.has_island = true;
        self
    }

    /// With a key of the configuration set to a value, in all processes.
    pub fn set(mut self, key: &str, value: impl Display) -> Self {
        self.settings.set(key, value);
        self
    }

    /// Builds the town and waits until all of it is ready.
    ///
    /// # Panics
    /// If it does not become ready.
    pub async fn start(self) -> Town {
        let has_balancer = self.has_balancer;
        let mut town = self.build().await;
        town.start().await;
        if has_balancer {
            town.balance().await;
        }
        town
    }

    /// The same; `None` if the plan asks for what is not possible on this machine, which is then printed.
    ///
    /// # Panics
    /// If it does not become ready.
    pub async fn start_if_possible(self) -> Option<Town> {
        let built = if_possible(Town::build(self).await);
        let mut town = built.unwrap_or_else(|e| panic!("the town cannot be built: {e:#}"))?;
        town.start().await;
        Some(town)
    }

    /// Builds the town and starts Postgres and NATS, but no process of Parlor.
    ///
    /// # Panics
    /// If that fails.
    pub async fn build(self) -> Town {
        let program = self.program.clone();
        let built: Result<Town> = Town::build(self).await;
        let mut town = built.unwrap_or_else(|e| panic!("the town cannot be built: {e:#}"));
        town.gateways.iter_mut().chain(&mut town.writers).for_each(|server| server.becomes(program.clone()));
        town
    }

    pub(super) fn gateway_role(&self) -> Role {
        if self.is_solo { Role::Solo } else { Role::Gateway }
    }
}

/// Any port, no waiting at the end, rooms on joining; and no limit on how fast one client may send, because few
/// clients stand for many.
fn common_settings() -> Settings {
    let mut settings = Settings::default();
    for (key, value) in [
        ("gateway.listen", "127.0.0.1:0"),
        ("admin.listen", "127.0.0.1:0"),
        ("auth.secret", SECRET),
        ("rooms.auto_create", "true"),
        ("limits.sends_per_s", "0"),
        ("limits.sends_burst", "0"),
        ("drain.unready", "0s"),
        ("drain.spread", "100ms"),
        ("log.format", "json"),
    ] {
        settings.set(key, value);
    }
    settings
}

//! A whole system: gateways, writers, NATS and Postgres, or one solo; and the people in it.

mod backends;
mod balance;
mod database;
mod end;
mod plan;
mod reading;
mod slowness;

use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use servers::{Nats, NatsCluster, Postgres, WallClock};
use tempfile::TempDir;

use crate::balancer::Balancer;
use crate::diary::Diary;
use crate::person::Visit;
use crate::resident::Resident;
use crate::server::{Role, Server};
use crate::settings::Settings;
use backends::{Backends, Database};

pub use backends::Lines;
pub use plan::Plan;

/// A running system. Dropping it stops it in order, and asserts that nothing is left undone: every process that
/// was not killed on purpose is there and ends with code 0 when it is asked to, none has complained in its log,
/// and nobody was shown anything twice, out of order or with a hole.
///
/// Use it in tests on a runtime of several threads: its drop waits, and clients must go on reading meanwhile.
pub struct Town {
    /// The gateways; or the solo.
    pub gateways: Vec<Server>,
    /// The writers.
    pub writers: Vec<Server>,
    /// The lines of the gateways, if the plan has lines.
    pub gateway_lines: Vec<Lines>,
    /// The lines of the writers, if the plan has lines.
    pub writer_lines: Vec<Lines>,
    /// The wall clocks of the gateways, if the plan has clocks.
    pub gateway_clocks: Vec<WallClock>,
    /// The wall clocks of the writers, if the plan has clocks.
    pub writer_clocks: Vec<WallClock>,
    /// The wall clock of Postgres, if the plan has clocks.
    pub postgres_clock: Option<WallClock>,
    backends: Option<Backends>,
    /// The NATS of the island.
    island: Option<Nats>,
    diaries: Mutex<Vec<Diary>>,
    balancer: Option<Balancer>,
    forgiven: Vec<String>,
    folder: TempDir,
}

impl Town {
    /// A plan with one gateway and one writer, on real Postgres and NATS.
    #[expect(clippy::new_ret_no_self, reason = "a town begins as a plan, and reads best like this")]
    pub fn new() -> Plan {
        Plan::new()
    }

    /// A plan with one process that is everything, and a folder.
    pub fn solo() -> Plan {
        Plan::solo()
    }

    /// Somebody who is about to come in.
    ///
    /// # Panics
    /// If no gateway has ever run.
    pub fn person(&self, user: &str) -> Visit {
        self.visit(user).0
    }

    /// The same, and the diary that will be written.
    pub(crate) fn visit(&self, user: &str) -> (Visit, Diary) {
        let diary = self.diary(user);
        (Visit::new(self.addresses(), diary.clone()), diary)
    }

    /// Somebody who comes back by himself.
    ///
    /// # Panics
    /// If no gateway has ever run.
    #[must_use]
    pub fn resident(&self, user: &str) -> Resident {
        let (visit, diary) = self.visit(user);
        Resident::new(visit, self.addresses().len(), diary)
    }

    /// The NATS server.
    ///
    /// # Panics
    /// If the town has none, or several.
    pub fn nats(&mut self) -> &mut Nats {
        match self.nats_cluster().nodes.as_mut_slice() {
            [nats] => nats,
            nodes => panic!("this town has {} NATS servers: see nats_cluster()", nodes.len()),
        }
    }

    /// The NATS servers.
    ///
    /// # Panics
    /// If the town has none.
    pub fn nats_cluster(&mut self) -> &mut NatsCluster {
        match &mut self.backends {
            Some(backends) => &mut backends.nats,
            None => panic!("a solo needs no NATS"),
        }
    }

    /// The Postgres server.
    ///
    /// # Panics
    /// If the town shares it with others, or has none.
    pub fn postgres(&mut self) -> &mut Postgres {
        match &mut self.backends {
            Some(Backends { postgres: Database::Own(postgres), .. }) => postgres,
            _ => panic!("this town has no Postgres of its own: plan it with own_postgres()"),
        }
    }

    /// The URL of the database, if it is in Postgres.
    #[must_use]
    pub fn database_url(&self) -> Option<String> {
        self.backends.as_ref().map(|backends| backends.postgres.url())
    }

    /// The folder in which all its processes run; solo keeps its data there.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Complaints that hold this text may stand in the logs.
    pub fn forgives(&mut self, text: &str) {
        self.forgiven.push(text.to_owned());
    }

    /// Starts all its processes and waits until they are ready.
    ///
    /// # Panics
    /// If one does not become ready.
    pub async fn start(&mut self) {
        for server in self.writers.iter_mut().chain(&mut self.gateways) {
            server.launch();
        }
        for server in self.writers.iter_mut().chain(&mut self.gateways) {
            server.opens().await;
        }
        for server in self.writers.iter().chain(&self.gateways) {
            server.is_ready().await;
        }
    }

    async fn build(plan: Plan) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("parlor-town-").tempdir()?;
        let mut town = Self {
            gateways: Vec::new(),
            writers: Vec::new(),
            gateway_lines: Vec::new(),
            writer_lines: Vec::new(),
            gateway_clocks: Vec::new(),
            writer_clocks: Vec::new(),
            postgres_clock: None,
            backends: None,
            island: None,
            diaries: Mutex::default(),
            balancer: None,
            forgiven: Vec::new(),
            folder,
        };
        if !plan.is_solo {
            town.postgres_clock = wall_clock(&plan)?;
            town.backends = Some(Backends::start(&plan, town.postgres_clock.as_ref()).await?);
        }
        for number in 0..plan.writers {
            let (mut settings, lines) = town.settings_for(&plan, Role::Writer).await?;
            town.writer_lines.extend(lines);
            town.writer_clocks.extend(give_clock(&mut settings, &plan)?);
            town.writers.push(town.server(format!("writer-{number}"), Role::Writer, settings));
        }
        for number in 0..plan.gateways {
            let (mut settings, lines) = town.settings_for(&plan, plan.gateway_role()).await?;
            town.gateway_lines.extend(lines);
            town.gateway_clocks.extend(give_clock(&mut settings, &plan)?);
            town.gateways.push(town.server(format!("gateway-{number}"), plan.gateway_role(), settings));
        }
        if plan.has_island {
            town.settle_island(&plan).await?;
        }
        Ok(town)
    }

    async fn settle_island(&mut self, plan: &Plan) -> Result<()> {
        let nats = Nats::start().await?;
        let (mut settings, _) = self.settings_for(plan, Role::Gateway).await?;
        settings.set("bus.url", nats.url());
        let (gateway, writer) = (self.gateways.len(), self.writers.len());
        self.writers.push(self.server(format!("writer-{writer}"), Role::Writer, settings.clone()));
        self.gateways.push(self.server(format!("gateway-{gateway}"), Role::Gateway, settings));
        self.island = Some(nats);
        Ok(())
    }

    fn server(&self, name: String, role: Role, settings: Settings) -> Server {
        Server::new(name, role, settings, self.folder.path().to_owned())
    }

    async fn settings_for(&self, plan: &Plan, role: Role) -> Result<(Settings, Option<Lines>)> {
        let mut settings = Settings::default();
        let mut lines = None;
        if let Some(backends) = &self.backends {
            let (mut nats, mut postgres) = (backends.nats_url(role), backends.postgres.url());
            if plan.has_lines {
                let laid = lines.insert(Lines::lay(backends).await?);
                (nats, postgres) = (laid.nats_url(), laid.postgres_url(&backends.postgres));
            }
            settings.set("bus.url", nats);
            settings.set("store.url", postgres);
        }
        Ok((settings.with(&plan.settings), lines))
    }

    fn diary(&self, user: &str) -> Diary {
        let diary = Diary::new(user);
        self.diaries.lock().unwrap_or_else(PoisonError::into_inner).push(diary.clone());
        diary
    }

    /// The diaries of everybody who was ever about to come in.
    #[must_use]
    pub fn diaries(&self) -> Vec<Diary> {
        self.diaries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A wall clock, if the plan has them.
fn wall_clock(plan: &Plan) -> Result<Option<WallClock>> {
    plan.has_wall_clocks.then(WallClock::new).transpose()
}

/// The wall clock of a process with these settings, if the plan has them.
fn give_clock(settings: &mut Settings, plan: &Plan) -> Result<Option<WallClock>> {
    Ok(wall_clock(plan)?.inspect(|clock| settings.look_at(clock)))
}

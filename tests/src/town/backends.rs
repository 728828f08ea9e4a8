//! The NATS and the Postgres of a town.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use servers::{Nats, NatsCluster, Postgres, WallClock};

use super::plan::Plan;
use crate::line::Line;
use crate::server::Role;

/// Databases of this process so far: each town has its own.
static DATABASES: AtomicU32 = AtomicU32::new(0);

const OWN_DATABASE: &str = "parlor";

/// What each role may say on NATS in production.
const PERMISSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../k8s/base/nats/permissions.conf");

/// Where messages are kept, and what carries them.
pub(super) struct Backends {
    /// One server that knows of no other, or several that know each other.
    pub(super) nats: NatsCluster,
    pub(super) postgres: Database,
}

/// A database in a Postgres that is the town's own, or that it shares.
pub(super) enum Database {
    Own(Box<Postgres>),
    Shared(&'static Postgres, String),
}

impl Backends {
    /// Starts what the plan asks for; its own Postgres looks at this clock.
    pub(super) async fn start(plan: &Plan, clock: Option<&WallClock>) -> Result<Self> {
        let nats = match (plan.has_roles, plan.nats_nodes) {
            (true, _) => {
                let roles = [Role::Gateway, Role::Writer].map(login);
                NatsCluster { nodes: vec![Nats::start_guarded(Path::new(PERMISSIONS), &roles).await?] }
            }
            (false, 1) => NatsCluster { nodes: vec![Nats::start().await?] },
            (false, nodes) => NatsCluster::start(nodes).await?,
        };
        Ok(Self { nats, postgres: Database::start(plan, clock).await? })
    }

    /// The URL of NATS for a process of this role.
    pub(super) fn nats_url(&self, role: Role) -> String {
        match self.nats.nodes.as_slice() {
            [node] => node.url_for(login(role)),
            _ => self.nats.url(),
        }
    }
}

/// As what a process logs in to NATS.
fn login(role: Role) -> &'static str {
    match role {
        Role::Gateway | Role::Solo => "gateway",
        Role::Writer => "writer",
    }
}

impl Database {
    async fn start(plan: &Plan, clock: Option<&WallClock>) -> Result<Self> {
        if plan.owns_postgres {
            let mut server = Postgres::plan();
            if let Some(megabytes) = plan.disk_megabytes {
                server = server.disk_of(megabytes);
            }
            if let Some(clock) = clock {
                server = server.clock(clock);
            }
            let postgres = server.start().await?;
            postgres.create_database(OWN_DATABASE).await?;
            return Ok(Self::Own(Box::new(postgres)));
        }
        let name = format!("town_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let postgres = Postgres::shared().await?;
        postgres.create_database(&name).await?;
        Ok(Self::Shared(postgres, name))
    }

    pub(super) fn url(&self) -> String {
        match self {
            Self::Own(postgres) => postgres.url(OWN_DATABASE),
            Self::Shared(postgres, name) => postgres.url(name),
        }
    }

    pub(super) fn port(&self) -> u16 {
        match self {
            Self::Own(postgres) => postgres.port(),
            Self::Shared(postgres, _) => postgres.port(),
        }
    }
}

/// The lines of one process.
#[derive(Debug)]
pub struct Lines {
    /// To NATS; to the first server of a cluster.
    pub nats: Line,
    /// To the other servers of a cluster.
    pub nats_others: Vec<Line>,
    /// To Postgres. A gateway has no use for it.
    pub postgres: Line,
}

impl Lines {
    /// All lines to NATS: for a process that is to lose all of it.
    pub fn to_nats(&self) -> impl Iterator<Item = &Line> {
        std::iter::once(&self.nats).chain(&self.nats_others)
    }

    pub(super) async fn lay(backends: &Backends) -> Result<Self> {
        let mut to_nats = Vec::new();
        for node in &backends.nats.nodes {
            to_nats.push(Line::to(node.port()).await?);
        }
        let nats = to_nats.remove(0);
        Ok(Self { nats, nats_others: to_nats, postgres: Line::to(backends.postgres.port()).await? })
    }

    /// The URL of NATS through these lines.
    pub(super) fn nats_url(&self) -> String {
        let servers: Vec<String> = self.to_nats().map(|line| format!("127.0.0.1:{}", line.port())).collect();
        format!("nats://{}", servers.join(","))
    }

    /// The URL of the database through these lines.
    pub(super) fn postgres_url(&self, postgres: &Database) -> String {
        let (near, far) = (self.postgres.port(), postgres.port());
        postgres.url().replace(&format!(":{far}/"), &format!(":{near}/"))
    }
}

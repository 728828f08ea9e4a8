//! The NATS and the Postgres of a town.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use servers::{Nats, Postgres};

use crate::line::Line;

/// Databases of this process so far: each town has its own.
static DATABASES: AtomicU32 = AtomicU32::new(0);

const OWN_DATABASE: &str = "parlor";

/// Where messages are kept, and what carries them.
pub(super) struct Backends {
    pub(super) nats: Nats,
    pub(super) postgres: Database,
}

/// A database in a Postgres that is the town's own, or that it shares.
pub(super) enum Database {
    Own(Postgres),
    Shared(&'static Postgres, String),
}

impl Backends {
    pub(super) async fn start(owns_postgres: bool) -> Result<Self> {
        let postgres = if owns_postgres {
            let postgres = Postgres::start().await?;
            postgres.create_database(OWN_DATABASE).await?;
            Database::Own(postgres)
        } else {
            let name = format!("town_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
            let postgres = Postgres::shared().await?;
            postgres.create_database(&name).await?;
            Database::Shared(postgres, name)
        };
        Ok(Self { nats: Nats::start().await?, postgres })
    }
}

impl Database {
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
    /// To NATS.
    pub nats: Line,
    /// To Postgres. A gateway has no use for it.
    pub postgres: Line,
}

impl Lines {
    pub(super) async fn lay(backends: &Backends) -> Result<Self> {
        Ok(Self {
            nats: Line::to(backends.nats.port()).await?,
            postgres: Line::to(backends.postgres.port()).await?,
        })
    }

    /// The same URL through a line.
    pub(super) fn through(line: &Line, url: &str, port: u16) -> String {
        url.replace(&format!(":{port}"), &format!(":{}", line.port()))
    }
}

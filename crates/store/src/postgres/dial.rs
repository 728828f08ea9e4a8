//! How a connection to Postgres is set, and what Postgres' errors mean.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};

use super::history;
use crate::connections::{Damage, Dial};
use crate::{Options, StoreError};

#[derive(Clone)]
pub(super) struct PostgresDial {
    server: PgConnectOptions,
    session: String,
}

impl PostgresDial {
    pub(super) fn new(server: PgConnectOptions, options: &Options) -> Self {
        let server = match server.get_application_name() {
            Some(_) => server,
            None => server.application_name("parlor"),
        };
        Self { server: server.disable_statement_logging(), session: session(options) }
    }

    /// A connection that migrates: no limits, the planner as it is.
    pub(super) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        self.server.connect().await
    }

    /// A connection with the settings of the session, to a database that may be anything yet.
    pub(super) async fn connect_set(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.connect().await?;
        connection.execute(sqlx::raw_sql(&self.session)).await?;
        Ok(connection)
    }
}

#[async_trait]
impl Dial for PostgresDial {
    type Connection = PgConnection;

    async fn dial(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.connect_set().await?;
        // Whoever is at the other end of a new connection may be somebody else than before: a standby that has
        // been promoted, a database that has been restored.
        history::recognize(&mut connection).await?;
        Ok(connection)
    }

    async fn hang_up(connection: PgConnection) {
        let _ = connection.close().await;
    }

    fn class(error: &sqlx::Error) -> StoreError {
        let text = error.to_string();
        match code(error).as_deref() {
            Some("23505") => StoreError::Conflict(text),
            Some(code) if code.starts_with("40") => StoreError::Conflict(text),
            Some("55P03") => StoreError::Locked(text),
            Some("23514") => StoreError::Data(text),
            Some(code) if code.starts_with("22") => StoreError::Data(text),
            _ => StoreError::Unavailable(text),
        }
    }

    fn damage(error: &sqlx::Error) -> Damage {
        match (Self::class(error), code(error).as_deref()) {
            (StoreError::Data(_) | StoreError::Conflict(_) | StoreError::Locked(_), _) => Damage::None,
            // A statement that took too long.
            (StoreError::Unavailable(_), Some("57014")) => Damage::None,
            (StoreError::Unavailable(_), _) => Damage::All,
        }
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// The settings of a session.
///
/// Every query of the store is a look-up by an index, from a list that the query carries. The planner knows
/// neither how long the list is nor, in a young database, how many rows there are, and its guesses cost up to a
/// hundred times the work (a scan of all rooms, a loop of a thousand by a thousand); leaving it nothing but
/// indexes makes each plan the same whatever it believes. So one plan serves all lists too, and planning, which
/// costs more than a lone message, is done once a connection.
fn session(options: &Options) -> String {
    let statement = millis(options.statement_timeout);
    let lock = millis(options.lock_timeout);
    // A writer that freezes between two statements holds the locks of its rooms: nobody waits for it longer
    // than its own caller would. One whose way to the server is dead may hold them in the middle of a statement, which
    // no limit ends: the server has to ask for a sign of life.
    let idle = millis(options.call_limit);
    format!(
        "SET statement_timeout = {statement};
         SET lock_timeout = {lock};
         SET idle_in_transaction_session_timeout = {idle};
         SET tcp_keepalives_idle = 5;
         SET tcp_keepalives_interval = 2;
         SET tcp_keepalives_count = 3;
         SET default_transaction_isolation = 'read committed';
         SET plan_cache_mode = force_generic_plan;
         SET enable_seqscan = off;
         SET enable_bitmapscan = off;
         SET enable_hashjoin = off;
         SET enable_mergejoin = off;
         SET jit = off;
         SELECT set_config('synchronous_commit', 'on', false)
         WHERE current_setting('synchronous_commit') = 'off';"
    )
}

/// At least 1, because 0 is no limit.
fn millis(duration: Duration) -> u128 {
    duration.as_millis().clamp(1, 2_147_483_647)
}

#[cfg(test)]
mod tests {
    use servers::Postgres;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_session_has_its_limits_and_is_durable_even_where_the_server_is_not() {
        let server = Postgres::shared().await.unwrap();
        let url = server.create_database("a_session_has_its_limits").await.unwrap();
        let mut connection = url.parse::<PgConnectOptions>().unwrap().connect().await.unwrap();
        for (set, expected) in [("off", "on"), ("remote_apply", "remote_apply"), ("local", "local")] {
            let database = format!("ALTER DATABASE a_session_has_its_limits SET synchronous_commit = {set}");
            connection.execute(database.as_str()).await.unwrap();
            let dial = PostgresDial::new(url.parse().unwrap(), &Options::default());
            let mut session = dial.connect_set().await.unwrap();
            let mut show = async |name: &str| -> String {
                sqlx::query_scalar(&format!("SHOW {name}")).fetch_one(&mut session).await.unwrap()
            };
            assert_eq!(show("synchronous_commit").await, expected);
            assert_eq!(show("statement_timeout").await, "2s");
            assert_eq!(show("lock_timeout").await, "500ms");
            assert_eq!(show("tcp_keepalives_idle").await, "5");
            assert_eq!(show("application_name").await, "parlor");
        }
    }
}

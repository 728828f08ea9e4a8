//! A Postgres whose commits take their time.
//!
//! A deferred trigger sleeps in each transaction that has written something, after its last statement and before
//! its commit: statements and reads are as fast as ever, and its locks are held meanwhile, as by a commit that waits
//! for a slow disk.

use std::time::Duration;

use anyhow::{Result, ensure};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::Town;

const TABLES: &str = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";

/// Sequences do not take part in transactions: what is counted stays counted.
const COUNT: &str = "CREATE SEQUENCE IF NOT EXISTS slow_commits";
const COUNTED: &str = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM slow_commits";

impl Town {
    /// From now on each transaction that writes takes so much longer to commit. [`Duration::ZERO`] ends that.
    /// Postgres' `statement_timeout` does not bound a commit, as little as it would one that waits for a disk; only
    /// the store's own `call_limit` does (4 s).
    ///
    /// # Panics
    /// If the town has no Postgres, or no writer has set its database up yet.
    pub async fn slow_commits(&self, by: Duration) {
        self.slow_down(by).await.unwrap_or_else(|e| panic!("commits cannot be slowed down: {e:#}"));
    }

    /// How many transactions have been slowed down so far, committed since or not.
    ///
    /// # Panics
    /// If there was no [`Town::slow_commits`] before.
    pub async fn slowed_commits(&self) -> u64 {
        let counted = async {
            let mut connection = self.connect().await?;
            let count: i64 = sqlx::query_scalar(COUNTED).fetch_one(&mut connection).await?;
            anyhow::Ok(count.unsigned_abs())
        };
        counted.await.unwrap_or_else(|e| panic!("slow commits cannot be counted: {e:#}"))
    }

    async fn slow_down(&self, by: Duration) -> Result<()> {
        let mut connection = self.connect().await?;
        sqlx::query(COUNT).execute(&mut connection).await?;
        // It is looked up anew at each call: to change it needs no lock on a table.
        sqlx::query(&function(by)).execute(&mut connection).await?;
        let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut connection).await?;
        ensure!(!tables.is_empty(), "the database is empty");
        for table in tables {
            // One at a time: whoever locked several at once could be in a deadlock with a writer.
            sqlx::query(&trigger(&table)).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }

    async fn connect(&self) -> Result<PgConnection> {
        let url = self.database_url().unwrap_or_else(|| panic!("this town has no Postgres"));
        Ok(PgConnection::connect(&url).await?)
    }
}

/// Sleeps once a transaction, however many rows that has written.
fn function(by: Duration) -> String {
    let sleep = if by.is_zero() {
        String::new()
    } else {
        format!(
            "IF current_setting('town.slowed', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
                PERFORM set_config('town.slowed', pg_current_xact_id()::text, true);
                PERFORM nextval('slow_commits');
                PERFORM pg_sleep({});
            END IF;",
            by.as_secs_f64()
        )
    };
    format!(
        "CREATE OR REPLACE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN {sleep} RETURN NULL; END $$"
    )
}

fn trigger(table: &str) -> String {
    format!(
        "DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND tgname = 'slow_commit') THEN
                CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT OR UPDATE OR DELETE ON {table}
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow_commit();
            END IF;
        END $$"
    )
}

//! What Postgres does for a full batch, by the words of `EXPLAIN ANALYZE`: no more than its rows, whatever the planner
//! believes of tables that it has not looked at yet.

use chat::{Body, Change, Draft, RequestId, RoomId, User};
use servers::Postgres as Server;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{PgConnection, Row as _};

use super::dial::PostgresDial;
use super::messages::{KNOWN, NEW, Sorted, with_parameters};
use crate::Options;

const BATCH: usize = 1000;
const ROOMS: usize = 900;
/// The rooms are read twice: once to be found, once to be placed.
const ROWS_MAX: u64 = 2000;

/// Looks as good as what we have, and is not: two lists joined with each other, where the planner believes that a null
/// is rare. It goes through one list for each element of the other.
const TRAP: &str = "
WITH draft AS MATERIALIZED (SELECT n, nullif(n, n) AS known FROM generate_series(1, 1000) n),
new AS MATERIALIZED (SELECT n FROM draft WHERE known IS NULL)
SELECT count(*) FROM draft JOIN new ON new.n = draft.n WHERE draft.known IS NULL";

fn batch(run: usize) -> Vec<Draft> {
    let draft = |n: usize| Draft {
        room: RoomId::parse(&format!("r{}", n * 7 % ROOMS)).unwrap(),
        by: User::parse("ana", None).unwrap(),
        id: RequestId::parse(&format!("{run}-{n}")).unwrap(),
        change: Change::Message { body: Body::trusted("text"), reply_to: None },
        except: None,
    };
    (0..BATCH).map(draft).collect()
}

/// A session as appends have it, on a database without a room.
async fn session(database: &str) -> PgConnection {
    let url = Server::shared().await.unwrap().create_database(database).await.unwrap();
    crate::migrate(&url, false).await.unwrap();
    let dial = PostgresDial::new(url.parse::<PgConnectOptions>().unwrap(), &Options::default());
    dial.connect_set().await.unwrap()
}

fn explain(statement: &str) -> String {
    format!("EXPLAIN (ANALYZE, TIMING off, SUMMARY off) {statement}")
}

fn lines(rows: &[PgRow]) -> Vec<String> {
    rows.iter().map(|row| row.get(0)).collect()
}

/// The most rows that a node of a plan gave, or threw away, over all its runs.
fn most_rows(plan: &[String]) -> u64 {
    let number = |line: &str, name: &str| -> Option<u64> {
        let rest = &line[line.find(name)? + name.len()..];
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    let rows = |line: &String| Some(number(line, "rows=")? * number(line, "loops=")?);
    let removed = |line: &String| number(line, "Filter: ");
    plan.iter().filter_map(|line| rows(line).or_else(|| removed(line))).max().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_batch_costs_no_more_than_its_rows_however_young_the_database() {
    let mut session = session("a_full_batch_costs_its_rows").await;
    let fill =
        format!("INSERT INTO rooms (name, kind) SELECT 'r' || n, 1 FROM generate_series(0, {}) n", ROOMS - 1);
    for (run, before) in [&*fill, "ANALYZE", "SELECT 1"].into_iter().enumerate() {
        sqlx::raw_sql(before).execute(&mut session).await.unwrap();
        for (half, statement) in [NEW, KNOWN].into_iter().enumerate() {
            let batch = batch(run * 2 + half);
            let sorted = Sorted::new(&batch, (0..batch.len()).collect());
            let remembered = vec![None; sorted.rooms.len()];
            let explain = explain(statement);
            let rows = with_parameters(&explain, &sorted, &remembered).fetch_all(&mut session).await.unwrap();
            let plan = lines(&rows);
            assert!(most_rows(&plan) <= ROWS_MAX, "{}", plan.join("\n"));
            assert!(!plan.iter().any(|line| line.contains("Seq Scan on rooms")), "{}", plan.join("\n"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_goes_through_a_list_again_and_again_would_be_noticed() {
    let mut session = session("a_trap_would_be_noticed").await;
    let rows = sqlx::query(&explain(TRAP)).fetch_all(&mut session).await.unwrap();
    let plan = lines(&rows);
    assert!(most_rows(&plan) > ROWS_MAX * 100, "{}", plan.join("\n"));
}

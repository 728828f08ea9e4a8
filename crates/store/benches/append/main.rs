//! How fast messages are appended, as a fraction of what the database can do at all.
//!
//! `cargo bench -p store` prints it; `cargo bench -p store -- sqlite` only that of one backend. The limit **R** is the plain multi-row insert: `INSERT … SELECT FROM unnest` of
//! 1000 rows a transaction on one connection, into a table with the same columns and indexes. Both are measured in
//! turns in one run, on tables that were just emptied, on a Postgres of our own with fsync on; what is printed are
//! medians. Two writers have rooms of their own, as routing gives them.

mod load;
mod postgres;
mod sqlite;

/// How often each figure is taken.
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked = |backend: &str| {
        let names: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
        names.is_empty() || names.iter().any(|name| name == backend)
    };
    if asked("postgres") {
        postgres::measure().await?;
    }
    if asked("sqlite") {
        sqlite::measure().await?;
    }
    Ok(())
}

/// The middle of some figures.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

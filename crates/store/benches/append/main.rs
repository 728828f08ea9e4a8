//! How fast messages are appended, as a part of what the database can do at all.
//!
//! `cargo bench -p store` prints it; with names behind `--` only that: `postgres`, `sqlite`, `five-million`; and
//! `--json FILE` keeps the figures. The limit **R** is the plain multi-row insert: `INSERT … SELECT FROM unnest` of
//! 1000 rows a transaction on one connection, into a table with the same columns and indexes. Both are measured in
//! turns in one run, on tables that were just emptied, on a Postgres of our own with fsync on; what is printed are
//! medians. Two writers have rooms of their own, as routing gives them. `five-million` takes two minutes and 4 GB of
//! disk.

mod five_million;
mod load;
mod postgres;
mod quantiles;
mod sqlite;
mod stage;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use serde::Serialize;

/// How often each figure is taken.
const ROUNDS: usize = 5;

/// What is measured.
#[derive(Debug, Parser)]
struct Args {
    /// Only these
    #[arg(value_enum, default_values_t = [What::Postgres, What::Sqlite])]
    what: Vec<What>,
    /// Where the figures go as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Postgres,
    Sqlite,
    FiveMillion,
}

/// What was asked for.
#[derive(Debug, Serialize)]
struct Report {
    schema: u8,
    postgres: Option<postgres::Figures>,
    sqlite: Option<Vec<sqlite::Figures>>,
    five_million: Option<five_million::Figures>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Args { what, json, .. } = Args::parse();
    let mut report = Report { schema: 1, postgres: None, sqlite: None, five_million: None };
    for what in what {
        match what {
            What::Postgres => report.postgres = Some(postgres::measure().await?),
            What::Sqlite => report.sqlite = Some(sqlite::measure().await?),
            What::FiveMillion => report.five_million = Some(five_million::measure().await?),
        }
    }
    if let Some(file) = json {
        std::fs::write(file, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(())
}

/// The middle of some figures.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

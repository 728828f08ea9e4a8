//! Where the programs are: on PATH, or where Debian keeps them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A program on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// A program on PATH that comes with a package which nearly every system has.
///
/// # Errors
/// If it is not there; the message names the package.
pub(crate) fn required(name: &str, package: &str) -> Result<PathBuf> {
    on_path(name).with_context(|| format!("{name} is not on PATH: install the package {package}"))
}

/// The folder in which `postgres`, `initdb`, `createdb` and `pg_basebackup` are.
///
/// # Errors
/// If there is none; the message says what to install.
pub(crate) fn postgres_folder() -> Result<PathBuf> {
    // PATH may hold links to some of the programs only: follow them to the folder that has all.
    let linked = on_path("postgres").and_then(|program| program.canonicalize().ok());
    linked
        .and_then(|program| program.parent().map(Path::to_owned))
        .into_iter()
        .chain(debian_postgres_folders())
        .find(|folder| {
            ["postgres", "initdb", "createdb", "pg_basebackup"].iter().all(|name| folder.join(name).is_file())
        })
        .context("PostgreSQL is not installed: install the package postgresql (15 or later)")
}

/// Debian installs each version beside the others and puts none on PATH. Newest first.
fn debian_postgres_folders() -> Vec<PathBuf> {
    let Ok(versions) = fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let mut versions: Vec<u32> =
        versions.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by_key(|version| std::cmp::Reverse(*version));
    versions.into_iter().map(|v| PathBuf::from(format!("/usr/lib/postgresql/{v}/bin"))).collect()
}

/// `nats-server`: what `PARLOR_TEST_NATS` names, else the one on PATH.
///
/// # Errors
/// If there is none; the message says what to install.
pub(crate) fn nats_server() -> Result<PathBuf> {
    match env::var_os("PARLOR_TEST_NATS") {
        Some(program) => Ok(PathBuf::from(program)),
        None => on_path("nats-server").context(
            "NATS is not installed: install the package nats-server, or name the program in PARLOR_TEST_NATS",
        ),
    }
}

//! The programs under test: built once a test run, found beside the tests.
//!
//! `PARLOR_BIN_FOLDER` names a folder with ready programs instead; nothing is built then.

use std::env;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};

/// The same command builds them in `./test`: then there is nothing left to do here.
const BUILD: [&str; 5] = ["build", "--quiet", "--workspace", "--no-default-features", "--bins"];

/// A program of this workspace, such as `parlor`.
///
/// # Errors
/// If the programs cannot be built: with what the compiler says.
pub fn program(name: &str) -> Result<PathBuf> {
    let program = folder()?.join(name);
    ensure!(program.is_file(), "{} is not there", program.display());
    Ok(program)
}

fn folder() -> Result<&'static Path> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = FOLDER.get_or_init(|| find_folder().map_err(|e| format!("{e:#}")));
    found.as_deref().map_err(|e| anyhow::anyhow!("{e}"))
}

fn find_folder() -> Result<PathBuf> {
    if let Some(ready) = env::var_os("PARLOR_BIN_FOLDER") {
        return Ok(PathBuf::from(ready));
    }
    // Tests are in target/<profile>/deps.
    let test = env::current_exe()?;
    let folder = test.ancestors().nth(2).context("this test is not in a target folder")?.to_owned();
    build_once(&folder)?;
    Ok(folder)
}

/// Builds, unless another process of the same test run has. Runners that start a process a test tell their run.
fn build_once(folder: &Path) -> Result<()> {
    let path = folder.join(".town-build");
    let mut note = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    note.lock()?;
    let run = env::var("NEXTEST_RUN_ID").unwrap_or_default();
    let mut built = String::new();
    note.read_to_string(&mut built)?;
    if !run.is_empty() && built == run {
        return Ok(());
    }
    build(folder)?;
    note.set_len(0)?;
    note.rewind()?;
    note.write_all(run.as_bytes())?;
    Ok(())
}

fn build(folder: &Path) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(BUILD).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    match folder.file_name().and_then(|profile| profile.to_str()) {
        Some("debug") | None => {}
        Some(profile) => drop(build.args(["--profile", profile])),
    }
    // What cargo tells a test about its package would make build scripts run again.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"].iter().any(|p| text.starts_with(p))
        {
            build.env_remove(&name);
        }
    }
    let output = build.output().context("cannot run cargo")?;
    ensure!(
        output.status.success(),
        "the programs cannot be built:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// The version control's root: where relative paths of the workspace begin.
#[must_use]
pub fn workspace() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::canonicalize(&root).unwrap_or(root)
}

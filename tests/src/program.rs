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

/// Where the programs of this version are.
pub(crate) fn folder() -> Result<&'static Path> {
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
    let mut build = cargo();
    build.args(BUILD).args(profile(folder)).current_dir(workspace());
    run(build).context("the programs cannot be built")
}

/// What makes cargo build for a folder such as `target/release`.
pub(crate) fn profile(folder: &Path) -> Vec<String> {
    match folder.file_name().and_then(|profile| profile.to_str()) {
        Some("debug") | None => Vec::new(),
        Some(profile) => vec!["--profile".to_owned(), profile.to_owned()],
    }
}

/// cargo, without what it tells a test about its package: that would make build scripts run again.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"].iter().any(|p| text.starts_with(p))
        {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Runs a command to its end.
///
/// # Errors
/// If it does not end well: with what it says.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let name = command.get_program().to_owned();
    let output = command.output().with_context(|| format!("cannot run {}", name.display()))?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// The version control's root: where relative paths of the workspace begin.
#[must_use]
pub fn workspace() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::canonicalize(&root).unwrap_or(root)
}

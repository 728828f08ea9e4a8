//! The program of an older version, for roll-outs from one to the other.
//!
//! `tests/older-version` names its commit. It is built once a commit and kept in `target/older`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::program::{cargo, folder, profile, run, workspace};

/// Where the commit is named, from the root of the workspace.
const NAMED_IN: &str = "tests/older-version";

/// What there is of an older version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Older {
    /// Its program.
    Program(PathBuf),
    /// Its commit is not in this clone: a shallow one, or none at all. This says which.
    NotHere(String),
}

/// The older version's `parlor`, built like the programs of this run. Blocks, for as long as that takes.
///
/// # Errors
/// If it can be built but is not: with what the compiler says.
pub fn older() -> Result<Older> {
    let root = workspace();
    let commit = fs::read_to_string(root.join(NAMED_IN)).context(NAMED_IN)?.trim().to_owned();
    if !is_here(&root, &commit) {
        return Ok(Older::NotHere(format!("the older version {commit} is not in this clone")));
    }
    let here = folder()?;
    let kind = here.file_name().unwrap_or_default();
    let place = root.join("target/older").join(&commit);
    let program = place.join(kind).join("parlor");
    fs::create_dir_all(&place)?;
    // One test builds; the others wait, and find it built.
    let lock = File::create(place.join("lock"))?;
    lock.lock()?;
    if !program.is_file() {
        build(&root, &commit, &place, &program, here).with_context(|| format!("building {commit}"))?;
    }
    Ok(Older::Program(program))
}

fn is_here(root: &Path, commit: &str) -> bool {
    let mut git = Command::new("git");
    git.args(["cat-file", "-e", &format!("{commit}^{{commit}}")]).current_dir(root);
    run(git).is_ok()
}

/// The program is copied last, in one step: what was interrupted is built again.
fn build(root: &Path, commit: &str, place: &Path, program: &Path, like: &Path) -> Result<()> {
    let (archive, source) = (place.join("source.tar"), place.join("source"));
    let target = root.join("target/older/target");
    let mut git = Command::new("git");
    git.args(["archive", "--output"]).arg(&archive).arg(commit).current_dir(root);
    run(git)?;
    fs::create_dir_all(&source)?;
    let mut tar = Command::new("tar");
    tar.arg("--extract").arg("--file").arg(&archive).current_dir(&source);
    run(tar)?;
    let mut build = cargo();
    build.args(["build", "--quiet", "--no-default-features", "--bin", "parlor"]).args(profile(like));
    build.env("CARGO_TARGET_DIR", &target).current_dir(&source);
    run(build)?;
    let kind = like.file_name().unwrap_or_default();
    let fresh = place.join("fresh");
    fs::copy(target.join(kind).join("parlor"), &fresh)?;
    fs::create_dir_all(program.parent().unwrap_or(place))?;
    fs::rename(fresh, program)?;
    fs::remove_dir_all(source)?;
    fs::remove_file(archive)?;
    Ok(())
}

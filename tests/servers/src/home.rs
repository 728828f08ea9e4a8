//! The folder of this test process: each server has one inside it.
//!
//! Owned by the process as a whole. A server removes its own folder when it is dropped; what is left (a server in
//! a `static`, a process that was killed) is removed by a guardian, a shell outside this process and its group
//! that waits for the end of a pipe which only this process holds.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, ensure};

/// What runs in our folder is killed: a frozen child of a Postgres that is gone would not notice by itself.
/// A killed Postgres leaves a shared memory segment behind, named in the seventh line of its `postmaster.pid`:
/// the system allows 4096 of them, so they are removed too. Processes that are just dying may still write.
const GUARDIAN: &str = r#"
cat >/dev/null
for process in /proc/[0-9]*; do
  case $(readlink "$process/cwd") in "$0"/*) kill -9 "${process#/proc/}" ;; esac
done 2>/dev/null
for file in "$0"/*/data/postmaster.pid; do
  segment=$(sed -n '7s/.* //p' "$file" 2>/dev/null) && [ -n "$segment" ] && ipcrm -m "$segment" 2>/dev/null
done
tries=0
until rm -rf -- "$0" 2>/dev/null || [ "$tries" -gt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
"#;

struct Root {
    folder: PathBuf,
    /// Never written to: it closes with the process, however that ends.
    _guardian: ChildStdin,
}

static ROOT: OnceLock<Root> = OnceLock::new();
static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// A folder for one server, removed when dropped.
#[derive(Debug)]
pub(crate) struct Home {
    folder: PathBuf,
}

impl Home {
    /// Makes a folder that belongs to `owner`, or to whoever runs the tests.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn new(name: &str, owner: Option<&str>) -> Result<Self> {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = root()?.join(format!("{name}-{number}"));
        let mut install = Command::new("install");
        install.args(["-d", "-m", "700"]);
        if let Some(owner) = owner {
            install.args(["-o", owner, "-g", owner]);
        }
        let status = install.arg(&folder).status().context("cannot run install (package coreutils)")?;
        ensure!(status.success(), "cannot make the folder {}", folder.display());
        Ok(Self { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What cannot be removed now, the guardian removes later.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn root() -> Result<&'static Path> {
    if let Some(root) = ROOT.get() {
        return Ok(&root.folder);
    }
    // Two threads may both get here: one root wins, and dropping the other's pipe makes its guardian remove it.
    let root = make_root()?;
    Ok(&ROOT.get_or_init(|| root).folder)
}

fn make_root() -> Result<Root> {
    // Without links: the guardian compares it with what processes call their folder.
    let folder = tempfile::Builder::new().prefix("parlor-test-").tempdir()?.keep().canonicalize()?;
    let mut guardian = Command::new("sh");
    guardian.args(["-c", GUARDIAN]).arg(&folder).current_dir("/").process_group(0);
    guardian.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut guardian = guardian.spawn().context("cannot start sh")?;
    // The user that Postgres runs as must get through to its own folder.
    fs::set_permissions(&folder, Permissions::from_mode(0o711))?;
    let stdin = guardian.stdin.take().context("the guardian has no pipe")?;
    Ok(Root { folder, _guardian: stdin })
}

//! One process a data file. The kernel holds the lock, so that a crash frees it; the file beside the data only
//! says whose it is.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// This process's claim on a data file, until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held for its drop")] File);

/// Why a data file cannot be claimed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another process has it.
    #[error("another parlor (pid {pid}) uses {}: stop it first, or use other data", data.display())]
    Held {
        /// What is used.
        data: PathBuf,
        /// Who uses it; `?` if it has not said so yet.
        pid: String,
    },
    /// The lock file cannot be used.
    #[error("{} cannot be locked: {error}", path.display())]
    File {
        /// The lock file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl Lock {
    /// Claims `data`, through a file of the same name with `.lock` behind it.
    ///
    /// # Errors
    /// [`LockError::Held`] if a living process has it.
    pub(crate) fn claim(data: &Path) -> Result<Self, LockError> {
        let mut name = data.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let broken = |error| LockError::File { path: path.clone(), error };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(broken)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { data: data.to_owned(), pid: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(broken(error)),
        }
        sign(&mut file).map_err(broken)?;
        Ok(Self(file))
    }
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_claim_learns_who_has_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("parlor.db");
        let first = Lock::claim(&data).unwrap();
        let refused = Lock::claim(&data).unwrap_err();
        assert!(matches!(&refused, LockError::Held { pid, .. } if *pid == std::process::id().to_string()));
        drop(first);
        Lock::claim(&data).unwrap();
    }

    #[test]
    fn what_a_dead_process_left_behind_does_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("parlor.db");
        std::fs::write(folder.path().join("parlor.db.lock"), "999999999999 and more\n").unwrap();
        drop(Lock::claim(&data).unwrap());
        let text = std::fs::read_to_string(folder.path().join("parlor.db.lock")).unwrap();
        assert_eq!(text, format!("{}\n", std::process::id()));
    }
}

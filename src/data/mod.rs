//! What one machine keeps for itself: the folder beside the SQLite file, the lock that keeps a second process
//! out of it, and the secret that solo makes up.

mod lock;
mod secret;

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use gateway::auth::Secret;

use crate::config::Config;
use crate::failure::Failure;

pub(crate) use lock::{Lock, LockError};

/// Where data goes that has no place of its own in the configuration.
pub(crate) const FOLDER: &str = "parlor-data";

/// The file of a SQLite URL: `sqlite:parlor-data/parlor.db`. `None` for other URLs and for a database in memory.
pub(crate) fn sqlite_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let path = path.split('?').next().unwrap_or(path);
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// The folder of a store's data: the one of its SQLite file, else [`FOLDER`].
pub(crate) fn folder(store_url: &str) -> PathBuf {
    match sqlite_file(store_url).as_deref().and_then(Path::parent) {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => PathBuf::from(FOLDER),
    }
}

/// Makes the folder, for this user only, with the folders above it. One that is there is left as it is.
///
/// # Errors
/// If it cannot be made.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Claims the store's data if it is a file of this machine, and makes its folder.
///
/// # Errors
/// [`Failure::Data`] if another process has it.
pub(crate) fn claim(store_url: &str) -> Result<Option<Lock>, Failure> {
    let Some(file) = sqlite_file(store_url) else { return Ok(None) };
    let folder = folder(store_url);
    make(&folder).map_err(|error| Failure::Folder { path: folder, error })?;
    Ok(Some(Lock::claim(&file)?))
}

/// The configuration with a key for tokens: where none is set, the one that is made up beside the data; and the file
/// that holds it, if it was made just now.
///
/// # Errors
/// [`Failure::Folder`].
pub(crate) fn with_key(mut config: Config) -> Result<(Config, Option<PathBuf>), Failure> {
    if !config.lacks_key() {
        return Ok((config, None));
    }
    let folder = folder(config.store.url());
    let file = folder.join(secret::FILE);
    let is_new = !file.exists();
    let secret = make(&folder).and_then(|()| secret::secret(&folder));
    let secret = secret.map_err(|error| Failure::Folder { path: folder, error })?;
    config.auth.secret = Some(Secret::new(secret));
    Ok((config, is_new.then_some(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_url_names_its_file_and_its_folder() {
        for (url, file, beside) in [
            ("sqlite:parlor-data/parlor.db", Some("parlor-data/parlor.db"), "parlor-data"),
            ("sqlite:///var/lib/parlor/p.db?mode=rwc", Some("/var/lib/parlor/p.db"), "/var/lib/parlor"),
            ("sqlite:p.db", Some("p.db"), "."),
            ("sqlite::memory:", None, FOLDER),
            ("postgres://db/chat", None, FOLDER),
        ] {
            assert_eq!(sqlite_file(url).as_deref(), file.map(Path::new), "{url}");
            assert_eq!(folder(url), Path::new(beside), "{url}");
        }
    }
}

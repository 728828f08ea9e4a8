//! The secret that solo makes up at its first start, so that nothing has to be configured.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use rand::distr::{Alphanumeric, SampleString};
use tempfile::NamedTempFile;

/// The file in the folder of the data.
pub(super) const FILE: &str = "secret";

/// Characters of the secret, of 62 kinds: 285 bits.
const LENGTH: usize = 48;

/// The secret in `folder`, made there if there is none. Several processes that ask at once get the same one;
/// a crash leaves either none or a whole one.
///
/// # Errors
/// If it can neither be read nor written.
pub(crate) fn secret(folder: &Path) -> io::Result<String> {
    let path = folder.join(FILE);
    match std::fs::read_to_string(&path) {
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        read => return read.map(|text| text.trim().to_owned()),
    }
    let made = Alphanumeric.sample_string(&mut rand::rng(), LENGTH);
    // A temporary file is for this user only (0600) from the beginning.
    let mut file = NamedTempFile::new_in(folder)?;
    writeln!(file, "{made}")?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(made),
        // Somebody was quicker.
        Err(e) if e.error.kind() == ErrorKind::AlreadyExists => {
            std::fs::read_to_string(&path).map(|text| text.trim().to_owned())
        }
        Err(e) => Err(e.error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_is_for_this_user_only() {
        let folder = tempfile::tempdir().unwrap();
        let first = secret(folder.path()).unwrap();
        assert!(first.len() >= 32);
        assert_eq!(secret(folder.path()).unwrap(), first);
        let mode = std::fs::metadata(folder.path().join("secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn many_who_ask_at_once_get_the_same_secret() {
        let folder = tempfile::tempdir().unwrap();
        let secrets: Vec<String> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..8).map(|_| scope.spawn(|| secret(folder.path()).unwrap())).collect();
            asking.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(secrets.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing but the secret is left");
    }
}

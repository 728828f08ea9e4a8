//! A wall clock that can be moved while programs look at it.
//!
//! libfaketime stands between a program and the wall clock. It reads how far to move it from a file of ours, each
//! time anew. The monotonic clock, by which timers go, is left as it is.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::here::NotHere;
use crate::home::Home;

/// For programs of one thread. It takes no locks, and Postgres looks at the clock in its signal handlers.
const PLAIN: &str = "libfaketime.so.1";
/// For programs of several threads.
const THREADED: &str = "libfaketimeMT.so.1";
/// What libfaketime leaves behind of a process that was killed, and would stumble over when the pid comes again.
const LEFT_BEHIND: [&str; 2] = ["faketime_shm_", "sem.faketime_sem_"];

/// A wall clock for programs that are started with it. It goes right until it is moved.
#[derive(Debug)]
pub struct WallClock {
    library_folder: PathBuf,
    home: Home,
}

impl WallClock {
    /// A clock that goes right.
    ///
    /// # Errors
    /// [`NotHere`] if libfaketime is not installed.
    pub fn new() -> Result<Self> {
        let library_folder = library_folder().ok_or_else(|| {
            NotHere("libfaketime, which moves clocks, is missing: install the package faketime".into())
        })?;
        tidy_up();
        let home = Home::new("clock", None)?;
        // Postgres runs as another user.
        fs::set_permissions(home.path(), Permissions::from_mode(0o755))?;
        let clock = Self { library_folder, home };
        clock.goes_right()?;
        Ok(clock)
    }

    /// Moves it so far before the true time. Programs that run with it see that at once.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn is_fast_by(&self, by: Duration) -> Result<()> {
        self.moves('+', by)
    }

    /// Moves it so far behind the true time. Programs that run with it see that at once.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn is_slow_by(&self, by: Duration) -> Result<()> {
        self.moves('-', by)
    }

    /// Puts it right.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn goes_right(&self) -> Result<()> {
        self.moves('+', Duration::ZERO)
    }

    /// The environment of a program that looks at this clock.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        self.environment_with(THREADED)
    }

    pub(crate) fn for_postgres(&self) -> Vec<(&'static str, OsString)> {
        self.environment_with(PLAIN)
    }

    fn environment_with(&self, library: &str) -> Vec<(&'static str, OsString)> {
        vec![
            ("LD_PRELOAD", self.library_folder.join(library).into()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().into()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }

    fn moves(&self, sign: char, by: Duration) -> Result<()> {
        // Renamed into place: nobody reads half of it.
        let new = self.home.join("new");
        fs::write(&new, format!("{sign}{}.{:03}\n", by.as_secs(), by.subsec_millis()))?;
        fs::rename(new, self.file())?;
        Ok(())
    }

    fn file(&self) -> PathBuf {
        self.home.join("offset")
    }
}

impl Drop for WallClock {
    fn drop(&mut self) {
        tidy_up();
    }
}

/// Debian has a folder for each architecture, others have one.
fn library_folder() -> Option<PathBuf> {
    let of_architecture = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let roots = ["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from);
    let mut folders = roots.into_iter().chain(of_architecture).map(|root| root.join("faketime"));
    folders.find(|folder| [PLAIN, THREADED].iter().all(|library| folder.join(library).is_file()))
}

/// Removes what processes have left behind that are gone.
fn tidy_up() {
    for entry in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = LEFT_BEHIND.iter().find_map(|prefix| name.to_str()?.strip_prefix(prefix));
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // Somebody else may have been quicker, or it is another user's.
            let _ = fs::remove_file(entry.path());
        }
    }
}

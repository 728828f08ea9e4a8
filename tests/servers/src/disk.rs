//! A small disk, which can become full.
//!
//! A tmpfs in a mount namespace of its own. The namespace lives as long as a process in it, which is ours: when
//! that is killed, at the latest with this process, and the server with it, the disk is gone.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use rustix::process::{getegid, geteuid};

use crate::here::NotHere;
use crate::home::Home;
use crate::process::Process;
use crate::{program, spawner};

/// Mounts a disk of $2 MB on the folder $1, for the user $3 if there is a third, and lives on to hold the namespace.
const HOLDER: &str = r#"
options="size=$2m,mode=700${3:+,uid=$(id -u "$3"),gid=$(id -g "$3")}"
mount -t tmpfs -o "$options" disk "$1" && exec sleep infinity
"#;
/// What makes a disk full. No server minds a file that it does not know.
const BALLAST: &str = "ballast";

/// Where a disk of nobody's is mounted in its home.
const DISK: &str = "disk";

/// A disk. Dropping it takes it away, with all that is on it.
pub struct Disk {
    holder: Process,
    folder: PathBuf,
    _home: Option<Home>,
}

impl Disk {
    /// A disk of so many megabytes, for this process and its children.
    ///
    /// # Errors
    /// [`NotHere`] if this process may not mount one.
    pub async fn of(megabytes: u32) -> Result<Self> {
        let home = Home::new(DISK, None)?;
        let disk = Self::mount(&home, DISK, megabytes, None).await?;
        Ok(Self { _home: Some(home), ..disk })
    }

    /// Mounts a disk on a folder in a server's home.
    ///
    /// # Errors
    /// [`NotHere`] if this process may not.
    pub(crate) async fn mount(home: &Home, name: &str, megabytes: u32, owner: Option<&str>) -> Result<Self> {
        let folder = home.join(name);
        fs::create_dir(&folder)?;
        let folder = folder.canonicalize()?;
        let mut command = spawner::guarded(None)?;
        command.arg(program::required("unshare", "util-linux")?);
        if !geteuid().is_root() {
            // Who may not mount is root in a namespace of users of his own.
            command.args(["--user", "--map-root-user"]);
        }
        // Memory that is shared by System V has a namespace of its own as well: nobody outside could release it.
        command.args(["--mount", "--ipc", "sh", "-c", HOLDER, "sh"]).arg(&folder).arg(megabytes.to_string());
        command.args(owner).current_dir(home.path());
        let mut holder = Process::start(command, &home.join("disk.log"))?;
        let mounts = format!("/proc/{}/mountinfo", holder.pid());
        let point = format!(" {} ", folder.display());
        let mounted =
            holder.until(|| fs::read_to_string(&mounts).is_ok_and(|mounts| mounts.contains(&point)));
        mounted.await.map_err(|error| refusal(&error).map_or(error, Into::into))?;
        Ok(Self { holder, folder, _home: None })
    }

    /// The disk as this process sees it.
    pub(crate) fn path(&self) -> PathBuf {
        let mut path = OsString::from(format!("/proc/{}/root", self.holder.pid()));
        path.push(&self.folder);
        path.into()
    }

    /// The same command for a process that sees the disk where it is mounted.
    pub(crate) fn enter(&self, command: &Command) -> Result<Command> {
        let namespaces = format!("/proc/{}/ns", self.holder.pid());
        let mut inside = Command::new(program::required("nsenter", "util-linux")?);
        inside.arg(format!("--mount={namespaces}/mnt")).arg(format!("--ipc={namespaces}/ipc"));
        let (user, group) = (geteuid(), getegid());
        if !user.is_root() {
            // And himself again in one inside it, because Postgres refuses to run as root.
            inside.arg(format!("--user={namespaces}/user")).args([
                "--preserve-credentials",
                "unshare",
                "--user",
            ]);
            inside.arg(format!("--map-user={user}")).arg(format!("--map-group={group}"));
        }
        inside.arg(command.get_program()).args(command.get_args());
        Ok(inside)
    }

    /// Where it is, for a program that was started by [`Disk::script`].
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A script that becomes this program, which then sees the disk in its folder. (Not every program comes to it from
    /// outside, through `/proc`: SQLite resolves all links first.)
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn script(&self, program: &Path) -> Result<PathBuf> {
        let script = self.folder.with_extension("sh");
        let command = self.enter(&Command::new(program))?;
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let quoted: Vec<String> = words.map(|word| format!("'{}'", word.display())).collect();
        fs::write(&script, format!("#!/bin/sh\nexec {} \"$@\"\n", quoted.join(" ")))?;
        fs::set_permissions(&script, Permissions::from_mode(0o755))?;
        Ok(script)
    }

    /// Fills it to the last byte; gives the size of the ballast.
    ///
    /// # Errors
    /// If it cannot be written to.
    pub fn fill(&self) -> Result<u64> {
        let mut ballast = File::options().create(true).append(true).open(self.path().join(BALLAST))?;
        // Smaller and smaller, until not even one more page fits.
        let mut chunk = vec![0; 1024 * 1024];
        while !chunk.is_empty() {
            match ballast.write(&chunk) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => chunk.truncate(chunk.len() / 2),
                Err(error) => return Err(error).context("cannot fill the disk"),
            }
        }
        Ok(ballast.metadata()?.len())
    }

    /// Takes the ballast off it.
    ///
    /// # Errors
    /// If it was not filled.
    pub fn free(&self) -> Result<()> {
        fs::remove_file(self.path().join(BALLAST)).context("the disk was not filled")
    }
}

/// What the system says if it is only that one may not.
fn refusal(error: &anyhow::Error) -> Option<NotHere> {
    let said = error.to_string();
    let is_refused = ["Operation not permitted", "ermission denied"].iter().any(|words| said.contains(words));
    is_refused.then(|| NotHere(format!("a disk cannot be mounted: {said}")))
}

//! A small disk of a server's own, which can become full.
//!
//! A tmpfs in a mount namespace of its own. The namespace lives as long as a process in it, which is ours: when
//! that is killed, at the latest with this process, and the server with it, the disk is gone.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use rustix::process::{getegid, geteuid};

use super::{DATA, Postgres};
use crate::here::NotHere;
use crate::home::Home;
use crate::process::Process;
use crate::{program, spawner};

/// Mounts a disk of $2 MB on the folder $1, for the user $3 if there is a third, and lives on to hold the namespace.
const HOLDER: &str = r#"
options="size=$2m,mode=700${3:+,uid=$(id -u "$3"),gid=$(id -g "$3")}"
mount -t tmpfs -o "$options" disk "$1" && exec sleep infinity
"#;
/// What makes a disk full. Postgres does not mind a file that it does not know.
const BALLAST: &str = "ballast";

pub(super) struct Disk {
    holder: Process,
    folder: PathBuf,
}

impl Disk {
    /// Mounts a disk on the data folder in a server's home.
    ///
    /// # Errors
    /// [`NotHere`] if this process may not.
    pub(super) async fn mount(home: &Home, megabytes: u32, owner: Option<&str>) -> Result<Self> {
        let folder = home.join(DATA);
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
        Ok(Self { holder, folder })
    }

    /// The disk as this process sees it.
    pub(super) fn path(&self) -> PathBuf {
        let mut path = OsString::from(format!("/proc/{}/root", self.holder.pid()));
        path.push(&self.folder);
        path.into()
    }

    /// The same command for a process that sees the disk where it is mounted.
    pub(super) fn enter(&self, command: &Command) -> Result<Command> {
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

    fn fill(&self) -> Result<u64> {
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

    fn give_back(&self) -> Result<()> {
        fs::remove_file(self.path().join(BALLAST)).context("the disk was not filled")
    }
}

/// What the system says if it is only that one may not.
fn refusal(error: &anyhow::Error) -> Option<NotHere> {
    let said = error.to_string();
    let is_refused = ["Operation not permitted", "ermission denied"].iter().any(|words| said.contains(words));
    is_refused.then(|| NotHere(format!("a disk cannot be mounted: {said}")))
}

impl Postgres {
    /// Fills its disk to the last byte; gives the size of the ballast. From now on a transaction that needs a new
    /// page fails (`53100`), while what fits into pages that there are goes on. When it needs a new segment of the
    /// write-ahead log, the server gives up; after [`Self::free_disk`] it needs a restart then.
    ///
    /// # Errors
    /// If it has no disk of its own.
    pub fn fill_disk(&mut self) -> Result<u64> {
        self.own_disk()?.fill()
    }

    /// Takes the ballast off its disk.
    ///
    /// # Errors
    /// If its disk was not filled.
    pub fn free_disk(&mut self) -> Result<()> {
        self.own_disk()?.give_back()
    }

    fn own_disk(&self) -> Result<&Disk> {
        self.disk.as_ref().context("this server has no disk of its own: plan it with disk_of()")
    }
}

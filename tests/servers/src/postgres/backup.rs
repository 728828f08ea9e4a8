//! Backups of a server, and what a server is that was restored from one.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use super::{DATA, Postgres, run_as};
use crate::home::Home;
use crate::spawner;

/// All data of a server as they once were. Dropping it removes them.
pub struct Backup {
    home: Home,
}

impl Postgres {
    /// Takes a backup (`pg_basebackup`) while the server runs: what is committed before this call is in it.
    ///
    /// # Errors
    /// If the server does not run.
    pub async fn backup(&self) -> Result<Backup> {
        let home = Home::new("backup", run_as())?;
        let mut command = spawner::guarded(run_as())?;
        command
            .arg(self.folder.join("pg_basebackup"))
            .arg("-D")
            .arg(home.join(DATA))
            .current_dir(home.path());
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres"]);
        command.args(["--checkpoint=fast", "--wal-method=stream", "--no-sync", "--no-password"]);
        succeed(command).await?;
        Ok(Backup { home })
    }

    /// Kills the server, restores the backup in its place and starts it, as one does after a disaster: by recovery
    /// to the end of the backup, which begins a new timeline. What was committed after the backup is gone.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn restore(&mut self, backup: &Backup) -> Result<()> {
        self.put_back(backup).await?;
        let mut mark = self.beside("touch")?;
        mark.arg(self.home.join(DATA).join("recovery.signal"));
        succeed(mark).await?;
        self.restart().await
    }

    /// The same without recovery, as if somebody had copied files: nothing in the server tells it from the one
    /// that it was, not even the timeline.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn restore_files(&mut self, backup: &Backup) -> Result<()> {
        self.put_back(backup).await?;
        self.restart().await
    }

    async fn put_back(&mut self, backup: &Backup) -> Result<()> {
        self.kill9();
        self.release_shared_memory();
        let data = self.data();
        for entry in fs::read_dir(&data)? {
            let path = entry?.path();
            // A link, such as one to a tablespace, is a file here.
            let is_folder = fs::symlink_metadata(&path)?.is_dir();
            if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }
                .with_context(|| format!("cannot remove {}", path.display()))?;
        }
        let mut copy = self.beside("cp")?;
        copy.arg("-a").arg(backup.home.join(DATA).join(".")).arg(self.home.join(DATA));
        succeed(copy).await
    }
}

async fn succeed(command: std::process::Command) -> Result<()> {
    let name = format!("{command:?}");
    let output = tokio::process::Command::from(command).output().await?;
    ensure!(output.status.success(), "{name} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

//! A Postgres server of one's own.

mod backup;
mod disk;
mod plan;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Signal, geteuid};
use tokio::sync::OnceCell;

use crate::disk::Disk;
use crate::home::Home;
use crate::process::{PATIENCE, Process};
use crate::{port, program, spawner};

pub use backup::Backup;
pub use plan::PostgresPlan;

/// Durability is what the tests are about and what the benchmarks measure: `fsync` stays on.
const SETTINGS: [(&str, &str); 8] = [
    ("listen_addresses", "127.0.0.1"),
    ("unix_socket_directories", ""),
    ("max_connections", "200"),
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    // Memory in files of the data folder, so that a killed server leaves none behind in /dev/shm.
    ("dynamic_shared_memory_type", "mmap"),
    // A restored server asks for what was archived: nothing.
    ("restore_command", "false"),
    // Nobody gets in before it has recovered: a server is ready when it can be written to.
    ("hot_standby", "off"),
];
/// The data folder inside the server's own: the guardian knows the name, too.
const DATA: &str = "data";
const PORT_TAKEN: &str = "Address already in use";

/// A Postgres server on a free port with a new data folder. Dropping it kills it and removes the folder.
///
/// What disturbs it takes `&mut self`: a [`Postgres::shared`] server cannot be disturbed.
pub struct Postgres {
    process: Option<Process>,
    folder: PathBuf,
    port: u16,
    settings: Vec<(String, String)>,
    environment: Vec<(&'static str, OsString)>,
    disk: Option<Disk>,
    home: Home,
}

impl Postgres {
    /// Starts a server. Takes about half a second.
    ///
    /// # Errors
    /// If Postgres is not installed, or does not start: with the end of its log.
    pub async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// Starts a server with settings beside ours, such as `("shared_buffers", "2GB")`.
    ///
    /// # Errors
    /// If Postgres is not installed, or does not start: with the end of its log.
    pub async fn start_with(settings: &[(&str, &str)]) -> Result<Self> {
        settings.iter().fold(Self::plan(), |plan, (name, value)| plan.set(name, value)).start().await
    }

    /// A plan for a server that is not as all others.
    pub fn plan() -> PostgresPlan {
        PostgresPlan::default()
    }

    async fn build(plan: PostgresPlan) -> Result<Self> {
        let settings = SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut server = Self {
            process: None,
            folder: program::postgres_folder()?,
            port: 0,
            settings: settings.chain(plan.settings).collect(),
            environment: plan.environment,
            disk: None,
            home: Home::new("postgres", run_as())?,
        };
        if let Some(megabytes) = plan.disk_megabytes {
            server.disk = Some(Disk::mount(&server.home, DATA, megabytes, run_as()).await?);
        }
        server.init().await?;
        for _ in 1..port::ATTEMPTS {
            server.port = port::free()?;
            match server.run().await {
                Err(error) if error.to_string().contains(PORT_TAKEN) => {}
                done => return done.map(|()| server),
            }
        }
        server.port = port::free()?;
        server.run().await?;
        Ok(server)
    }

    /// The server that all tests of this process share, each with a database of its own. It ends with the process.
    ///
    /// # Errors
    /// If it does not start; the next call tries again.
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<Postgres> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::start).await
    }

    /// The URL of a database, which need not exist yet. `postgres` always does.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The pid of the server's first process.
    ///
    /// # Errors
    /// If it does not run.
    pub fn pid(&self) -> Result<u32> {
        self.process.as_ref().map(Process::pid).context("Postgres does not run")
    }

    /// All that it has written since its latest start.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.join("log")).unwrap_or_default()
    }

    /// Makes an empty database and gives its URL.
    ///
    /// # Errors
    /// If the server does not run or has a database of that name.
    pub async fn create_database(&self, name: &str) -> Result<String> {
        let port = self.port.to_string();
        let mut create = tokio::process::Command::new(self.folder.join("createdb"));
        create.args([
            "--host",
            "127.0.0.1",
            "--port",
            &port,
            "--username",
            "postgres",
            "--no-password",
            name,
        ]);
        let output = create.output().await?;
        ensure!(output.status.success(), "cannot create {name}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(self.url(name))
    }

    /// Kills all of its processes (`kill -9`). Returns when they are gone.
    pub fn kill9(&mut self) {
        self.process = None;
    }

    /// Stops it in order, without waiting for clients (SIGINT, a "fast" shutdown).
    ///
    /// # Errors
    /// If it has not stopped after 30 s: it is then killed.
    pub async fn stop(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.stop(Signal::INT).await?;
        }
        Ok(())
    }

    /// Stops it without a checkpoint (SIGQUIT, an "immediate" shutdown): clients are told so, and the next start
    /// recovers as after a crash.
    ///
    /// # Errors
    /// If it has not stopped after 30 s: it is then killed.
    pub async fn shutdown_immediate(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.stop(Signal::QUIT).await?;
        }
        Ok(())
    }

    /// Starts it again on the same port and data, after stopping it if it runs. Returns when it takes connections:
    /// after a kill that is when it has recovered.
    ///
    /// # Errors
    /// If it does not start, or somebody else has taken the port and keeps it for 30 s.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        let start = Instant::now();
        loop {
            match self.run().await {
                Err(error) if error.to_string().contains(PORT_TAKEN) && start.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                done => return done,
            }
        }
    }

    /// Freezes all of its processes: connections stay open and nothing answers.
    pub fn pause(&mut self) {
        if let Some(process) = &self.process {
            process.pause();
        }
    }

    /// Lets them go on.
    pub fn resume(&mut self) {
        if let Some(process) = &self.process {
            process.resume();
        }
    }

    async fn init(&self) -> Result<()> {
        let mut initdb = self.command("initdb")?;
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        if self.disk.is_some() {
            // In MB. Sixteen, as usual, would take much of a small disk.
            initdb.arg("--wal-segsize=1");
        }
        let output = tokio::process::Command::from(initdb).output().await?;
        if !output.status.success() {
            bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    async fn run(&mut self) -> Result<()> {
        let mut command = self.command("postgres")?;
        command.args(["-p", &self.port.to_string()]);
        for (name, value) in &self.settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        // A log of its own for each start: what an earlier one said must not be taken for this one's word.
        let log = self.home.join("log");
        let _ = fs::remove_file(&log);
        let mut process = Process::start(command, &log)?;
        let (pid, lock) = (process.pid(), self.lock_file());
        process.until(|| is_ready(&lock, pid)).await?;
        self.process = Some(process);
        Ok(())
    }

    /// A program of Postgres on our data folder.
    fn command(&self, name: &str) -> Result<Command> {
        let mut command = self.beside(self.folder.join(name))?;
        command.arg("-D").arg(self.home.join(DATA));
        Ok(command)
    }

    /// A program that sees our data folder, as a user that Postgres does not refuse.
    fn beside(&self, program: impl AsRef<OsStr>) -> Result<Command> {
        let mut command = spawner::guarded(run_as())?;
        if !self.environment.is_empty() {
            // Only for the program itself: what libfaketime makes must belong to the user that it runs as.
            command.arg("env");
            command.args(self.environment.iter().map(|(name, value)| {
                let mut pair = OsString::from(format!("{name}="));
                pair.push(value);
                pair
            }));
        }
        command.arg(program);
        if let Some(disk) = &self.disk {
            command = disk.enter(&command)?;
        }
        command.current_dir(self.home.path());
        Ok(command)
    }

    /// The data folder as this process sees it.
    fn data(&self) -> PathBuf {
        let data = self.home.join(DATA);
        self.disk.as_ref().map_or(data, Disk::path)
    }

    fn lock_file(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }

    /// A killed Postgres leaves a small shared memory segment behind, and the system allows 4096 of them. Its next
    /// start would remove it; without one we do.
    fn release_shared_memory(&self) {
        if self.disk.is_some() {
            return; // Its memory has a namespace of its own, in which that number is another one's.
        }
        let lock = fs::read_to_string(self.lock_file()).unwrap_or_default();
        if let Some(segment) = lock.lines().nth(6).and_then(|line| line.split_whitespace().nth(1)) {
            let _ = Command::new("ipcrm").args(["-m", segment]).output();
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill9();
        self.release_shared_memory();
    }
}

/// Postgres refuses to run as root.
fn run_as() -> Option<&'static str> {
    geteuid().is_root().then_some("postgres")
}

/// The lock file says in its first line whose it is and in its eighth how far that one has come. A server that was
/// killed leaves its own behind, saying `ready`.
fn is_ready(lock: &std::path::Path, pid: u32) -> bool {
    let lock = fs::read_to_string(lock).unwrap_or_default();
    let mut lines = lock.lines();
    lines.next() == Some(&pid.to_string()) && lines.nth(6).is_some_and(|state| state.trim() == "ready")
}

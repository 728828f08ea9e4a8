//! Calls the binary: in a folder of its own, with nothing in its environment but what a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// No step of these tests takes this long unless something hangs.
const HANGS: Duration = Duration::from_secs(30);

/// How the lines begin that say where clients connect, and where the admin port is.
pub(crate) const OPEN: &str = "Parlor is open: ";
pub(crate) const ADMIN: &str = "admin: ";

/// A call of `parlor` in `folder`.
pub(crate) fn parlor(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.current_dir(folder).env_clear().args(args);
    command
}

/// Runs a call that ends by itself, and prints no more than a pipe holds.
pub(crate) fn output(mut command: Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    if status(&mut child).is_none() {
        child.kill().unwrap();
        panic!("it does not end: {:?}", child.wait_with_output().unwrap());
    }
    child.wait_with_output().unwrap()
}

/// How it ends; `None` if it does not.
fn status(child: &mut Child) -> Option<ExitStatus> {
    let begun = Instant::now();
    while begun.elapsed() < HANGS {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    None
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A `parlor` that serves, killed when this is dropped.
pub(crate) struct Serving {
    child: Child,
    lines: Receiver<String>,
}

impl Serving {
    /// Starts solo on free ports.
    pub(crate) fn solo(folder: &Path) -> Self {
        Self::start(parlor(folder, &["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]))
    }

    /// Starts what `command` says.
    pub(crate) fn start(command: Command) -> Self {
        Self::start_with(command, Stdio::null())
    }

    /// The same, and what it writes on standard error waits for somebody who never reads it.
    pub(crate) fn unread(command: Command) -> Self {
        Self::start_with(command, Stdio::piped())
    }

    fn start_with(mut command: Command, stderr: Stdio) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = command.spawn().unwrap();
        let printed = BufReader::new(child.stdout.take().unwrap());
        let (say, lines) = sync_channel(64);
        std::thread::spawn(move || printed.lines().map_while(Result::ok).try_for_each(|line| say.send(line)));
        Self { child, lines }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The address in the next line that begins like this.
    pub(crate) fn address(&self, beginning: &str) -> SocketAddr {
        loop {
            let line = self.lines.recv_timeout(HANGS).unwrap();
            if let Some(url) = line.strip_prefix(beginning) {
                return url.trim().trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
            }
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// How it ends.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        status(&mut self.child).unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended before.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The status and the body of `GET path`.
pub(crate) fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(HANGS)).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Waits until `GET path` answers with this status.
pub(crate) fn wait_for(address: SocketAddr, path: &str, status: u16) {
    wait_until(address, path, |now, _| now == status);
}

/// Waits until `GET path` answers with such a status and body.
pub(crate) fn wait_until(address: SocketAddr, path: &str, is_it: impl Fn(u16, &str) -> bool) {
    let begun = Instant::now();
    loop {
        let (status, body) = get(address, path);
        if is_it(status, &body) {
            return;
        }
        assert!(begun.elapsed() < HANGS, "{path} still answers {status} {body}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

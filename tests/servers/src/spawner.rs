//! Starts processes that the kernel kills when this one dies.
//!
//! A parent-death signal belongs to the *thread* that started the child, and a test's thread ends long before a
//! shared server should. So one thread starts them all; it lives as long as the process does.

use std::io;
use std::process::{Child, Command};
use std::sync::LazyLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use anyhow::{Context as _, Result};

use crate::program;

struct Order {
    command: Command,
    answer: SyncSender<io::Result<Child>>,
}

static ORDERS: LazyLock<SyncSender<Order>> = LazyLock::new(|| {
    let (orders, inbox) = sync_channel::<Order>(1);
    thread::spawn(move || {
        for mut order in inbox {
            // Whoever asked may be gone: a child that nobody takes is killed, not left alone.
            if let Err(unwanted) = order.answer.send(order.command.spawn())
                && let Ok(mut child) = unwanted.0
            {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    });
    orders
});

/// A command that runs `program` under this process's eye: killed with it. As root it runs as the user
/// `run_as`, for programs that refuse root. It execs, so the child's pid is the program's own.
///
/// # Errors
/// If `setpriv` is not installed.
pub(crate) fn guarded(run_as: Option<&str>) -> Result<Command> {
    let mut command = Command::new(program::required("setpriv", "util-linux")?);
    command.args(["--pdeathsig", "KILL"]);
    if let Some(user) = run_as {
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
    }
    Ok(command)
}

/// Starts a command from the thread that lives as long as the process.
///
/// # Errors
/// If the program cannot be started.
pub(crate) fn spawn(command: Command) -> Result<Child> {
    let name = format!("{command:?}");
    let (answer, child) = sync_channel(1);
    ORDERS.send(Order { command, answer }).context("the thread that starts processes has ended")?;
    child.recv()?.with_context(|| format!("cannot start {name}"))
}

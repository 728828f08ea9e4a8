//! The two ways to end: the first SIGTERM or SIGINT asks for an orderly stop, the second one ends it now.

use std::io;
use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Hears the signals of this process.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    name: &'static str,
    number: u8,
}

const TERMINATE: Heard = Heard { name: "SIGTERM", number: 15 };
const INTERRUPT: Heard = Heard { name: "SIGINT", number: 2 };

impl Signals {
    /// Takes the signals over: from now on they do not kill the process by themselves.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn take() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Cancels `stop` with the first signal and comes back with the second one: the exit code that shells know
    /// for a process which that signal killed.
    ///
    /// Cancel safe.
    pub(crate) async fn pass_to(mut self, stop: CancellationToken) -> ExitCode {
        let first = self.next().await;
        tracing::info!(signal = first.name, "stopping; a second signal ends it now");
        stop.cancel();
        let second = self.next().await;
        tracing::warn!(signal = second.name, "ended by a second signal");
        ExitCode::from(128 + second.number)
    }

    async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.terminate.recv() => TERMINATE,
            _ = self.interrupt.recv() => INTERRUPT,
        }
    }
}

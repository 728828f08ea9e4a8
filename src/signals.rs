//! The two ways to end: the first SIGTERM or SIGINT asks for an orderly stop, the second one ends it now.
//!
//! One wish may be told twice: `timeout` signals its child and then the whole process group, a supervisor in a
//! terminal hears Ctrl-C with its children and then tells each of them to stop. What comes within [`ECHO`] of the
//! first signal belongs to it.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Shorter than anybody can want an orderly stop and then no longer want it.
const ECHO: Duration = Duration::from_millis(100);

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
        let second = obey(async || self.next().await, stop).await;
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

/// Cancels `stop` with the first signal and comes back with the second one that is not its echo.
async fn obey(mut next: impl AsyncFnMut() -> Heard, stop: CancellationToken) -> Heard {
    let first = next().await;
    tracing::info!(signal = first.name, "stopping; a second signal ends it now");
    stop.cancel();
    let settled = Instant::now() + ECHO;
    loop {
        tokio::select! {
            _echo = next() => {}
            () = sleep_until(settled) => break,
        }
    }
    next().await
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio::time::{sleep, timeout};

    use super::*;

    /// What is obeyed of signals that come after these pauses: when the stop is asked for, and when all ends.
    async fn obeyed(pauses_ms: &[u64]) -> (Duration, Option<Duration>) {
        let (say, mut hear) = mpsc::channel(pauses_ms.len());
        let (begin, stop) = (Instant::now(), CancellationToken::new());
        let asked = async {
            stop.cancelled().await;
            begin.elapsed()
        };
        let ended = async {
            let next = async || match hear.recv().await {
                Some(heard) => heard,
                None => std::future::pending().await,
            };
            let ended = timeout(Duration::from_mins(1), obey(next, stop.clone())).await;
            ended.ok().map(|_second| begin.elapsed())
        };
        let told = async {
            for pause in pauses_ms {
                sleep(Duration::from_millis(*pause)).await;
                say.send(TERMINATE).await.unwrap();
            }
        };
        let (asked, ended, ()) = tokio::join!(asked, ended, told);
        (asked, ended)
    }

    #[tokio::test(start_paused = true)]
    async fn a_wish_that_is_told_twice_at_once_is_one_wish() {
        let ms = Duration::from_millis;
        assert_eq!(obeyed(&[5]).await, (ms(5), None));
        assert_eq!(obeyed(&[5, 0]).await, (ms(5), None));
        assert_eq!(obeyed(&[5, 0, 50]).await, (ms(5), None));
        assert_eq!(obeyed(&[5, 0, 200]).await, (ms(5), Some(ms(205))));
        assert_eq!(obeyed(&[5, 1000]).await, (ms(5), Some(ms(1005))));
    }
}

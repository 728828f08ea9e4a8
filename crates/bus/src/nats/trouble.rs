//! What is wrong with the connection, told to the log: once at each change and with its cause, however often the client
//! tries.

use std::time::Duration;

use async_nats::Server;
use tokio::time::Instant;

/// At most one line of a kind in this time.
const GAP: Duration = Duration::from_secs(1);
/// What does not change is told again after this time.
const REMINDER: Duration = Duration::from_secs(60);

/// Lines of one kind. Keeps the last one.
#[derive(Debug, Default)]
pub(super) struct Lines {
    last: Option<(String, Instant)>,
}

impl Lines {
    /// Whether the log is to hear this.
    pub(super) fn is_news(&mut self, line: &str, now: Instant) -> bool {
        let news = match &self.last {
            None => true,
            Some((last, at)) => {
                let since = now.saturating_duration_since(*at);
                since >= if last == line { REMINDER } else { GAP }
            }
        };
        if news {
            self.last = Some((line.to_owned(), now));
        }
        news
    }
}

/// Attempts to connect, since there was a connection.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    begun: u64,
    lines: Lines,
}

impl Attempts {
    /// Another one begins. What the log is to hear of those before: each server with what has gone wrong there.
    pub(super) fn begin(&mut self, servers: &[Server], now: Instant) -> Option<String> {
        self.begun += 1;
        let failed = servers.iter().map(failure).collect::<Vec<_>>().join("; ");
        (self.begun > 1 && self.lines.is_news(&failed, now)).then_some(failed)
    }

    /// There is a connection.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }
}

/// The client notes no cause for a name that it cannot resolve.
fn failure(server: &Server) -> String {
    let cause = server.last_error.as_deref().unwrap_or("its name cannot be resolved, or it was not tried");
    format!("{}:{}: {cause}", server.addr.host(), server.addr.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_hears_each_change_once_and_never_more_than_a_line_a_second() {
        let (mut lines, start) = (Lines::default(), Instant::now());
        let mut told = |line, ms| lines.is_news(line, start + Duration::from_millis(ms));
        assert!(told("refused", 0));
        assert!((1..50).all(|attempt| !told("refused", attempt * 1000)), "nothing has changed");
        assert!(told("timed out", 50_000));
        assert!(!told("refused", 50_999), "too soon");
        assert!(told("refused", 51_000));
        assert!(!told("refused", 110_999));
        assert!(told("refused", 111_000), "a reminder");
    }

    #[test]
    fn attempts_are_told_with_address_and_cause_once_one_has_failed() {
        let server = |port, last_error: Option<&str>| Server {
            addr: format!("nats://127.0.0.1:{port}").parse().unwrap(),
            failed_attempts: 1,
            did_connect: false,
            is_discovered: false,
            last_error: last_error.map(str::to_owned),
        };
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        let servers = [server(4222, Some("refused")), server(4223, None)];
        assert_eq!(attempts.begin(&servers, now), None, "none has failed yet");
        let told = attempts.begin(&servers, now).unwrap();
        assert!(told.starts_with("127.0.0.1:4222: refused; 127.0.0.1:4223: its name"), "{told}");
        assert_eq!(attempts.begin(&servers, now), None, "nothing has changed");
        attempts.end();
        assert_eq!(attempts.begin(&servers, now), None, "what is known is of another time");
        assert!(attempts.begin(&servers, now).is_some());
    }
}
